"""When fasciculation-red-flags speaks, and when it must not be silent."""

from collections.abc import Callable
from typing import Any

import pytest

from service.errors import RecordNotAvailable, UnknownService
from service.hooks import find
from service.hooks.cds_service import Circumstances
from service.hooks.red_flags import respond
from service.hooks.request import HookRequest

Call = Callable[..., HookRequest]
Found = Callable[..., dict[str, Any]]
NEXT = [{"relation": "next", "url": "https://ehr/2"}]


def test_a_twitch_of_eleven_weeks_gives_a_card(
    call: Call, found: Found, twitch: dict[str, Any], given: Circumstances
) -> None:
    reply = respond(call(conditions=found(twitch)), given)

    assert reply.assessment
    assert str(reply.assessment.disposition) == "routine-referral"
    assert reply.cards[0].indicator == "warning"


def test_a_patient_without_a_twitch_gives_none(call: Call, found: Found, given: Circumstances) -> None:
    asthma = {"resourceType": "Condition", "code": {"coding": [{"code": "195967001"}]}}

    assert respond(call(conditions=found(asthma)), given).cards == ()


@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/r1", "https://ehr/fhir/Patient/p1"])
def test_patients_and_relatives_get_no_card_for_clinicians(
    call: Call, found: Found, twitch: dict[str, Any], given: Circumstances, user: str
) -> None:
    assert respond(call(user, conditions=found(twitch)), given).cards == ()


@pytest.mark.parametrize("user", ["Practitioner/d1", "PractitionerRole/r1", "d1"])
def test_everybody_else_is_taken_for_a_clinician(
    call: Call, found: Found, twitch: dict[str, Any], given: Circumstances, user: str
) -> None:
    assert respond(call(user, conditions=found(twitch)), given).cards


def test_an_incomplete_required_page_without_a_twitch_is_not_silence(
    call: Call, found: Found, given: Circumstances
) -> None:
    with pytest.raises(RecordNotAvailable, match="conditions"):
        respond(call(conditions=found(link=NEXT)), given)


def test_an_incomplete_required_page_with_another_patients_twitch_is_not_silence(
    call: Call, found: Found, twitch: dict[str, Any], given: Circumstances
) -> None:
    other = {**twitch, "subject": {"reference": "Patient/p2"}}

    with pytest.raises(RecordNotAvailable, match="conditions"):
        respond(call(conditions=found(other, link=NEXT)), given)


def test_an_incomplete_page_with_a_twitch_is_assessed_and_the_key_is_named(
    call: Call, found: Found, twitch: dict[str, Any], given: Circumstances
) -> None:
    reply = respond(call(conditions=found(twitch, link=NEXT)), given)

    assert reply.assessment
    assert "conditions" in reply.assessment.incomplete


def test_an_optional_key_that_did_not_come_is_named_on_the_card(
    call: Call, found: Found, twitch: dict[str, Any], given: Circumstances
) -> None:
    reply = respond(call(conditions=found(twitch)), given)

    assert "familyHistory" in reply.cards[0].detail


def test_a_code_behind_a_json_escape_is_found(call: Call, given: Circumstances) -> None:
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


def test_an_unknown_service_is_refused_with_the_ids_that_there_are() -> None:
    with pytest.raises(UnknownService, match="fasciculation-red-flags"):
        find("twitch")
