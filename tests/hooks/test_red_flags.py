"""When fasciculation-red-flags speaks, and when it must not be silent."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from service.errors import RecordNotAvailable, UnknownService
from service.hooks import SERVICES, find
from service.hooks.hook import CallContext
from service.hooks.red_flags import respond
from service.hooks.request import HookRequest

Call = Callable[..., HookRequest]
Found = Callable[..., dict[str, Any]]
SNOMED = {"system": "http://snomed.info/sct"}
NEXT = [{"relation": "next", "url": "https://ehr/2"}]


def test_a_twitch_of_eleven_weeks_gives_a_card(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    reply = respond(call(conditions=found(twitch)), given)

    assert reply.assessment
    assert str(reply.assessment.disposition) == "routine-referral"
    assert reply.cards[0].indicator == "warning"


def test_a_patient_without_a_twitch_gives_none(call: Call, found: Found, given: CallContext) -> None:
    asthma = {"resourceType": "Condition", "code": {"coding": [{"code": "195967001"}]}}

    assert respond(call(conditions=found(asthma)), given).cards == ()


@pytest.mark.conformance("patient-view")
@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/r1", "https://ehr/fhir/Patient/p1"])
def test_patients_and_relatives_get_no_card_for_clinicians(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext, user: str
) -> None:
    assert respond(call(user, conditions=found(twitch)), given).cards == ()


@pytest.mark.parametrize("user", ["Practitioner/d1", "PractitionerRole/r1", "d1"])
def test_everybody_else_is_taken_for_a_clinician(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext, user: str
) -> None:
    assert respond(call(user, conditions=found(twitch)), given).cards


@pytest.mark.conformance("42")
def test_an_incomplete_required_page_without_a_twitch_is_not_silence(
    call: Call, found: Found, given: CallContext
) -> None:
    with pytest.raises(RecordNotAvailable, match="conditions"):
        respond(call(conditions=found(link=NEXT)), given)


def test_an_incomplete_required_page_with_another_patients_twitch_is_not_silence(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    other = {**twitch, "subject": {"reference": "Patient/p2"}}

    with pytest.raises(RecordNotAvailable, match="conditions"):
        respond(call(conditions=found(other, link=NEXT)), given)


def test_a_record_that_is_about_somebody_else_is_not_silence(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    other = {**twitch, "subject": {"reference": "Patient/p2"}}

    with pytest.raises(RecordNotAvailable, match=r"conditions .*others"):
        respond(call(conditions=found(other)), given)


def test_somebody_else_beside_the_patient_is_passed_over(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    other = {**twitch, "subject": {"reference": "Patient/p2"}}
    weakness = {
        **twitch,
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "26544005"}]},
    }

    assert respond(call(conditions=found(other, weakness)), given).cards == ()


def test_an_incomplete_page_with_a_twitch_is_assessed_and_the_key_is_named(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    reply = respond(call(conditions=found(twitch, link=NEXT)), given)

    assert reply.assessment
    assert "conditions" in reply.assessment.incomplete


def test_an_optional_key_that_did_not_come_is_named_on_the_card(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    reply = respond(call(conditions=found(twitch)), given)

    assert "familyHistory" in reply.cards[0].detail


def test_a_code_behind_a_json_escape_is_found(call: Call, given: CallContext) -> None:
    hidden = rb"\u0038\u0032470000"
    condition = (
        b'{"resourceType":"Condition","subject":{"reference":"Patient/p1"},"onsetDateTime":"2026-09-01",'
        b'"clinicalStatus":{"coding":[{"code":"active"}]},'
        b'"code":{"coding":[{"system":"http://snomed.info/sct","code":"' + hidden + b'"}]}}'
    )

    reply = respond(
        call(conditions=b'{"resourceType":"Bundle","entry":[{"resource":' + condition + b"}]}"), given
    )

    assert reply.cards


@pytest.fixture
def entered(call: Call, found: Found) -> Call:
    """Problems just entered for p1, of whom nothing else is on record."""

    def request(new: Any, **prefetch: Any) -> HookRequest:
        context = {"conditions": new}
        return replace(call(**prefetch), hook="problem-list-item-create", context=context)

    return request


@pytest.mark.conformance("problem-list-item-create")
def test_a_problem_that_was_just_entered_is_evaluated_with_the_record(
    entered: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    weakness = {**twitch, "id": "weak", "code": {"coding": [{**SNOMED, "code": "26544005"}]}}

    alone = respond(entered(found(twitch)), given).assessment
    together = respond(entered(found(twitch), conditions=found(weakness)), given).assessment

    assert alone and str(alone.disposition) == "routine-referral"
    assert together and str(together.disposition) == "urgent-referral"


@pytest.mark.conformance("problem-list-item-create")
@pytest.mark.parametrize("wrap", [lambda c: [c], lambda c: c, lambda c: {"entry": [{"resource": c}]}])
def test_a_new_problem_may_be_as_bare_as_the_standards_example(
    entered: Call, twitch: dict[str, Any], given: CallContext, wrap: Any
) -> None:
    bare = {**twitch, "category": ["problem-list-item"]}
    del bare["id"], bare["subject"]

    assert respond(entered(wrap(bare)), given).cards


def test_a_new_problem_takes_the_place_of_what_the_record_holds_by_that_id(
    entered: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    corrected = {**twitch, "onsetDateTime": "2026-11-20"}

    reply = respond(entered(found(corrected), conditions=found(twitch)), given)

    assert reply.assessment
    assert str(reply.assessment.disposition) == "lifestyle"


@pytest.mark.parametrize(
    "conditions", [{}, [], [None, 7, "x"], {"entry": "x"}, {"resourceType": 7}], ids=repr
)
def test_new_problems_of_any_shape_are_no_failure(entered: Call, given: CallContext, conditions: Any) -> None:
    assert respond(entered(conditions), given).cards == ()


def test_another_hook_has_no_new_problems(
    entered: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    assert respond(replace(entered(found(twitch)), hook="encounter-start"), given).cards == ()


def test_a_draft_order_on_record_is_not_suggested_again(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    draft = {
        "resourceType": "ServiceRequest",
        "id": "d",
        "status": "draft",
        "intent": "order",
        "code": {"coding": [{**SNOMED, "code": "42803009"}]},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-11-23",
    }

    reply = respond(call(conditions=found(twitch), serviceRequests=found(draft)), given)

    kinds = {suggestion.kind for suggestion in reply.cards[0].suggestions}
    assert "emg" not in kinds
    assert "ncs" in kinds


@pytest.mark.conformance("49")
def test_each_call_has_cards_of_its_own_and_the_same_call_the_same(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    request = call(conditions=found(twitch))
    first, again = (respond(request, given).cards[0].uuid for _ in range(2))
    other = respond(replace(request, hook_instance="h2"), given).cards[0].uuid

    assert first == again != other


@pytest.mark.conformance("encounter-start")
def test_orders_belong_to_the_encounter_of_the_call(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    reply = respond(replace(call(conditions=found(twitch)), encounter="e1"), given)

    order = reply.cards[0].suggestions[0].actions[0].resource
    assert order["encounter"] == {"reference": "Encounter/e1"}


def test_an_unknown_service_is_refused_with_the_ids_that_there_are() -> None:
    with pytest.raises(UnknownService) as caught:
        find("twitch")

    assert caught.value.known == tuple(service.id for service in SERVICES)
