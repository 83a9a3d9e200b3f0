"""What is fetched when, and what becomes of what could not be had."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
import orjson
import pytest

from service.ehr.access import Access
from service.ehr.client import Fetched, Why
from service.errors import Missing, RecordNotAvailable
from service.hooks.hook import CallContext
from service.hooks.prefetch import gather
from service.hooks.red_flags import respond
from service.hooks.request import HookRequest
from service.hooks.templates import TEMPLATES, templates
from service.knowledge import Knowledge

Call = Callable[..., HookRequest]
Found = Callable[..., dict[str, Any]]
NEXT = [{"relation": "next", "url": "https://elsewhere.example/2"}]
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
REQUIRED = {"conditions", "observations"}


class Ehr:
    """A fetcher that has some keys and none of the others, and keeps what it was asked."""

    def __init__(self) -> None:
        self.has: dict[str, Any] = {}
        self.why = Why.TIMEOUT
        self.asked: list[Mapping[str, str]] = []
        self.how: dict[str, Any] = {}

    def fetch(self, templates: Mapping[str, str], **how: Any) -> dict[str, Fetched]:
        self.asked.append(templates)
        self.how = how
        return {key: self._of(key) for key in templates}

    def _of(self, key: str) -> Fetched:
        return Fetched(msgspec.Raw(orjson.dumps(self.has[key]))) if key in self.has else Fetched(why=self.why)


@pytest.fixture
def ehr() -> Ehr:
    return Ehr()


@pytest.fixture
def access(ehr: Ehr, knowledge: Knowledge) -> Access:
    return Access(
        ehr,  # type: ignore[arg-type]
        partial(templates, TEMPLATES, knowledge),
        {"patientId": "p1"},
        base_url="https://ehr.example/fhir",
        token="t",
        allowed=("https://ehr.example/fhir",),
        private_network=False,
        deadline_s=3.0,
    )


@pytest.fixture
def given(given: CallContext, access: Access) -> CallContext:
    return replace(given, access=access)


def lacking(call: HookRequest, *keys: str) -> HookRequest:
    return replace(call, prefetch={key: raw for key, raw in call.prefetch.items() if key not in keys})


def test_nothing_is_fetched_for_a_patient_without_a_twitch_whose_required_keys_came(
    call: Call, given: CallContext, ehr: Ehr
) -> None:
    assert respond(call(), given).cards == ()

    assert ehr.asked == []


def test_required_keys_that_were_not_sent_are_fetched_and_nothing_else_without_a_twitch(
    call: Call, found: Found, given: CallContext, ehr: Ehr
) -> None:
    ehr.has = {"conditions": found(), "observations": found()}

    assert respond(lacking(call(), *REQUIRED), given).cards == ()

    (asked,) = ehr.asked
    assert asked.keys() == REQUIRED
    assert asked["conditions"] == "Condition?patient=p1"


def test_with_a_twitch_the_optional_keys_are_fetched_too(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext, ehr: Ehr
) -> None:
    ehr.has = {source.key: found() for source in TEMPLATES} | {
        "patient": {"resourceType": "Patient", "id": "p1"}
    }

    reply = respond(call(conditions=found(twitch)), given)

    (asked,) = ehr.asked
    assert asked.keys() == {source.key for source in TEMPLATES} - REQUIRED
    assert asked["patient"] == "Patient/p1"
    assert reply.assessment
    assert reply.assessment.incomplete == ()


def test_a_twitch_that_was_fetched_is_assessed(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext, ehr: Ehr
) -> None:
    ehr.has = {"conditions": found(twitch)}

    reply = respond(lacking(call(), "conditions"), given)

    assert reply.cards[0].indicator == "warning"
    assert ehr.asked[0].keys() == {"conditions"}


def test_optional_keys_that_cannot_be_had_are_named_on_the_card(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext, ehr: Ehr
) -> None:
    reply = respond(call(conditions=found(twitch)), given)

    assert "familyHistory" in reply.cards[0].detail
    assert reply.not_fetched["familyHistory"] is Why.TIMEOUT


@pytest.mark.parametrize("why", list(Why))
def test_required_keys_that_cannot_be_had_are_named_with_the_reason(
    call: Call, given: CallContext, ehr: Ehr, why: Why
) -> None:
    ehr.why = why

    with pytest.raises(RecordNotAvailable) as caught:
        respond(lacking(call(), *REQUIRED), given)

    assert caught.value.missing == tuple(Missing(key, "absent", why.value) for key in sorted(REQUIRED))


@pytest.mark.conformance("prefetch-null", "prefetch-empty")
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="null"),
        pytest.param({"resourceType": "Bundle", "type": "searchset", "total": 0}, id="an empty Bundle"),
    ],
)
def test_what_is_known_to_be_empty_is_not_asked_for_again(
    call: Call, given: CallContext, ehr: Ehr, value: Any
) -> None:
    respond(call(conditions=value), given)

    assert ehr.asked == []


@pytest.mark.conformance("prefetch-outcome")
def test_what_the_client_failed_to_read_is_not_asked_for_again(
    call: Call, given: CallContext, ehr: Ehr
) -> None:
    with pytest.raises(RecordNotAvailable, match="failed"):
        respond(call(conditions=ERROR), given)

    assert ehr.asked == []


def test_an_error_among_the_results_is_not_asked_for_again(
    call: Call, found: Found, given: CallContext, ehr: Ehr
) -> None:
    with pytest.raises(RecordNotAvailable, match="partial"):
        respond(call(conditions=found({"resourceType": "Condition", "id": "c"}, ERROR)), given)

    assert ehr.asked == []


@pytest.mark.parametrize("value", ["<html>", [], 7, {}], ids=repr)
def test_what_is_no_fhir_is_asked_for_as_if_it_had_not_been_sent(
    call: Call, found: Found, given: CallContext, ehr: Ehr, value: Any
) -> None:
    ehr.has = {"conditions": found()}

    assert respond(call(conditions=value), given).cards == ()

    assert [set(asked) for asked in ehr.asked] == [{"conditions"}]


@pytest.mark.conformance("38", "prefetch-next")
def test_first_pages_are_completed_and_never_from_where_the_clients_link_says(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext, ehr: Ehr
) -> None:
    ehr.has = {"conditions": found(twitch)}

    reply = respond(call(conditions=found(link=NEXT)), given)

    assert reply.cards
    assert ehr.asked[0] == {"conditions": "Condition?patient=p1"}
    assert reply.assessment
    assert "conditions" not in reply.assessment.incomplete


def test_first_pages_that_cannot_be_completed_are_used_and_named(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext, ehr: Ehr
) -> None:
    reply = respond(call(conditions=found(twitch, link=NEXT)), given)

    assert reply.assessment
    assert "conditions" in reply.assessment.incomplete


def test_first_pages_without_a_twitch_that_cannot_be_completed_are_not_silence(
    call: Call, found: Found, given: CallContext, ehr: Ehr
) -> None:
    with pytest.raises(RecordNotAvailable) as caught:
        respond(call(conditions=found(link=NEXT)), given)

    assert caught.value.missing == (Missing("conditions", "first-pages", "timeout"),)
    assert caught.value.not_fetched == {"conditions": "TIMEOUT"}


def test_a_fetched_part_is_a_part(call: Call, found: Found, given: CallContext, ehr: Ehr) -> None:
    ehr.has = {"conditions": found(link=NEXT)}

    with pytest.raises(RecordNotAvailable, match="first-pages"):
        respond(lacking(call(), "conditions"), given)


def test_a_fetched_outcome_is_a_failure(call: Call, found: Found, given: CallContext, ehr: Ehr) -> None:
    ehr.has = {"conditions": found(ERROR)}

    with pytest.raises(RecordNotAvailable, match="conditions"):
        respond(lacking(call(), "conditions"), given)


@pytest.mark.conformance("30")
def test_all_rounds_share_one_deadline(
    call: Call, found: Found, twitch: dict[str, Any], given: CallContext, ehr: Ehr
) -> None:
    ehr.has = {"conditions": found(twitch)}

    respond(lacking(call(), "conditions"), given)

    assert len(ehr.asked) == 2
    assert ehr.how["deadline_s"] < 3.0


def test_an_id_cannot_change_the_query(ehr: Ehr, knowledge: Knowledge) -> None:
    access = Access(
        ehr,  # type: ignore[arg-type]
        partial(templates, TEMPLATES, knowledge),
        {"patientId": "p1&_include=*%2e"},
        base_url="https://ehr.example",
        token="t",
        allowed=(),
        private_network=False,
        deadline_s=1,
    )

    with pytest.raises(RecordNotAvailable):
        gather({}, TEMPLATES, access)

    assert ehr.asked[0]["conditions"] == "Condition?patient=p1%26_include%3D%2A%252e"
