"""Every answer about every golden patient: what CDS Hooks allows, and nothing else.

A dialect leaves out, splits and renames members of an answer and decides nothing. So 2.0 is asked about every
patient at every hook, and the others about one patient for each shape that those answers have.
"""

import json
from collections.abc import Hashable, Iterator
from itertools import product
from time import thread_time
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest
from markdown_it import MarkdownIt

from service.hooks.dialects import DIALECTS
from tests.conformance import schemas
from tests.conformance.conftest import Ask
from tests.conformance.ehr import CARRIES, about, cards, is_uuid, request, suggestions
from tests.patients.stories import Story, stories

STORIES = stories()
SPOKEN = {"1.0": "1.0", "cerner": "1.0"}
SPEAKING = [story for story in STORIES if story.dispositions["early-referral"] != "no-action"]
each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
each_speaking = pytest.mark.parametrize("story", SPEAKING, ids=lambda story: story.name)
each_dialect = pytest.mark.parametrize("profile", DIALECTS)
each_hook = pytest.mark.parametrize("hook", CARRIES)


def shape(value: Any) -> Hashable:
    """What a dialect could look at: the members there are, and whether one or more are listed."""
    if isinstance(value, list):
        return min(len(value), 2), frozenset(map(shape, value))
    if isinstance(value, dict):
        return frozenset((name, name == "resource" or shape(member)) for name, member in value.items())
    return type(value)


def asked(ask: Ask, profile: str, of: list[Story] = STORIES) -> Iterator[tuple[str, Story, str, Any]]:
    """What a client of that dialect asks and is told: name of the case, patient, hook, answer."""
    told = set()
    for story, hook in product(of, CARRIES):
        plain = shape(ask(story, "2.0", hook).json)
        if profile == "2.0" or plain not in told:
            told.add(plain)
            yield f"{story.name} at {hook}", story, hook, ask(story, profile, hook)


def test_every_dialect_is_asked_about_each_shape_of_an_answer(ask: Ask) -> None:
    named = {profile: {case for case, *_ in asked(ask, profile)} for profile in DIALECTS}

    assert len(named.pop("2.0")) == len(STORIES) * len(CARRIES)
    for cases in named.values():
        assert {case.rpartition(" ")[2] for case in cases} >= {"patient-view", "order-sign"}
        assert 5 < len(cases) < 40


@pytest.mark.conformance("5", "6", "40", "44", "45", "46", "48", "49", "50", "51", "52", "74", "status-200")
@each_dialect
def test_an_answer_is_what_its_version_of_the_standard_defines(ask: Ask, profile: str) -> None:
    schema = schemas.response(SPOKEN.get(profile, "2.0"))
    for case, _, _, answer in asked(ask, profile):
        assert (answer.status_code, answer.mimetype) == (200, "application/json"), case
        assert schemas.faults(schema, answer.json) == [], case


@pytest.mark.conformance(
    "cds-resp-1", "cds-resp-2", "cds-resp-3", "cds-resp-4", "cds-resp-5", "cds-resp-6", "cds-resp-7"
)
@each_dialect
def test_an_answer_breaks_no_invariant_of_the_logical_model(ask: Ask, profile: str) -> None:
    broken = {case: schemas.broken_invariants(answer.json) for case, *_, answer in asked(ask, profile)}

    assert {case: names for case, names in broken.items() if names} == {}


@pytest.mark.conformance("4", "5", "6")
@each_dialect
def test_an_answer_has_no_null_and_no_empty_member_anywhere(ask: Ask, profile: str) -> None:
    empty = {case: set(schemas.empty_members(answer.json)) for case, *_, answer in asked(ask, profile)}

    assert {case: paths for case, paths in empty.items() if not paths <= {"/cards"}} == {}


@pytest.mark.conformance("3")
@each_story
def test_an_answer_is_plain_json(ask: Ask, story: Story) -> None:
    text = ask(story).text

    def never(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    assert json.loads(text, parse_constant=never) == orjson.loads(text)


@pytest.mark.conformance("2", "51")
@each_dialect
def test_every_resource_of_an_action_is_valid_fhir_and_new(ask: Ask, profile: str) -> None:
    for case, story, hook, answer in asked(ask, profile, SPEAKING):
        patient = about(story, hook)["context"]["patientId"]
        for action in (a for s in suggestions(cards(answer)) for a in s["actions"] if a["type"] == "create"):
            order = ServiceRequest.model_validate(action["resource"])

            assert order.id is None, case
            assert (order.status, order.intent) == ("draft", "proposal"), case
            assert order.subject.reference == f"Patient/{patient}", case


@pytest.mark.conformance("51")
def test_an_update_brings_the_whole_order_and_changes_what_it_says(ask: Ask) -> None:
    story = next(story for story in STORIES if story.name == "teacher-3-slurring")
    sent = about(story, "order-sign")["context"]["draftOrders"]["entry"][0]["resource"]

    (update,) = [
        action
        for suggestion in suggestions(cards(ask(story, "2.0", "order-sign")))
        for action in suggestion["actions"]
        if action["type"] == "update"
    ]

    assert update["resource"] == {**sent, "priority": "urgent"}


@pytest.mark.conformance("44")
@each_speaking
def test_a_summary_is_one_sentence_that_says_something(ask: Ask, story: Story) -> None:
    for card in cards(ask(story)):
        assert 10 < len(card["summary"]) < 140
        assert "\n" not in card["summary"]


@pytest.mark.conformance("44")
@each_speaking
def test_a_detail_is_markdown_without_html(ask: Ask, story: Story) -> None:
    for card in cards(ask(story)):
        kinds = {
            token.type for token in MarkdownIt("gfm-like", {"linkify": False}).parse(card.get("detail", ""))
        }

        assert not kinds & {"html_block", "html_inline"}


@pytest.mark.conformance("48", "55", "75")
@each_dialect
def test_the_source_is_the_same_service_for_every_card(ask: Ask, profile: str) -> None:
    for case, _, _, answer in asked(ask, profile, SPEAKING):
        sources = [card["source"] for card in cards(answer)]

        assert {source["label"] for source in sources} <= {"twitch-cds"}, case
        assert len({source["url"] for source in sources}) <= 1, case
        if profile not in SPOKEN:
            assert all(source["topic"]["code"].isalnum() for source in sources), case


@pytest.mark.conformance("49", "75")
@each_dialect
def test_every_suggestion_has_a_uuid_of_its_own(ask: Ask, profile: str) -> None:
    for case, _, _, answer in asked(ask, profile, SPEAKING):
        uuids = [suggestion["uuid"] for suggestion in suggestions(cards(answer))]

        assert all(map(is_uuid, uuids)), case
        assert len(uuids) == len(set(uuids)), case


@pytest.mark.conformance("49")
@each_dialect
def test_every_suggestion_says_whether_it_is_recommended(ask: Ask, profile: str) -> None:
    """It is optional where the version has it, but there are typed clients that refuse a card without it."""
    for case, _, _, answer in asked(ask, profile, SPEAKING):
        for suggestion in suggestions(cards(answer)):
            assert ("isRecommended" in suggestion) == (profile not in SPOKEN), case


@pytest.mark.conformance("50", "53")
@each_dialect
def test_nothing_is_done_past_the_clinician(ask: Ask, profile: str) -> None:
    for case, _, _, answer in asked(ask, profile):
        words = ("systemActions", "actionSelectionBehavior", "autolaunchable")

        assert not any(word in answer.text for word in words), case


@pytest.mark.conformance("45", "49")
@pytest.mark.parametrize("profile", ["1.0", "cerner"])
def test_a_client_of_1_0_may_accept_every_suggestion_by_itself(ask: Ask, profile: str) -> None:
    for case, story, hook, answer in asked(ask, profile, SPEAKING):
        shown = cards(answer)

        assert all(len(card.get("suggestions", ())) <= 1 for card in shown), case
        labels = {suggestion["label"] for suggestion in suggestions(shown)}
        assert labels == {s["label"] for s in suggestions(cards(ask(story, "2.0", hook)))}, case


@pytest.mark.conformance("45", "51")
def test_epic_gets_one_new_order_a_suggestion_and_the_behaviour_that_it_knows(ask: Ask) -> None:
    for case, _, _, answer in asked(ask, "epic", SPEAKING):
        shown = cards(answer)

        assert {card.get("selectionBehavior", "any") for card in shown} <= {"any"}, case
        assert all([a["type"] for a in s["actions"]] == ["create"] for s in suggestions(shown)), case


@pytest.mark.conformance("30")
@each_story
def test_an_answer_is_less_than_half_a_second_of_work(ask: Ask, story: Story) -> None:
    began = thread_time()

    ask(story, again=True)

    assert thread_time() - began < 0.5


# --- The schemas and invariants themselves: each refuses what it is there to refuse --------------------

CARD: dict[str, Any] = {"summary": "s", "indicator": "info", "source": {"label": "l"}}
ACTION: dict[str, Any] = {"type": "create", "description": "d", "resource": {"resourceType": "Task"}}
SUGGESTED = {**CARD, "selectionBehavior": "any", "suggestions": [{"label": "l", "actions": [ACTION]}]}
WRONG = {
    "no cards": {},
    "cards that are no list": {"cards": {}},
    "an invented member": {"cards": [], "assessment": {}},
    "an empty list of system actions": {"cards": [], "systemActions": []},
    "a summary of 140 characters": {"cards": [{**CARD, "summary": "s" * 140}]},
    "an empty summary": {"cards": [{**CARD, "summary": ""}]},
    "no source": {"cards": [{"summary": "s", "indicator": "info"}]},
    "another indicator": {"cards": [{**CARD, "indicator": "hard-stop"}]},
    "an empty detail": {"cards": [{**CARD, "detail": ""}]},
    "a null": {"cards": [{**CARD, "detail": None}]},
    "no suggestions": {"cards": [{**CARD, "suggestions": []}]},
    "a relative link": {"cards": [{**CARD, "links": [{"label": "l", "url": "/x", "type": "absolute"}]}]},
    "a source with a relative address": {"cards": [{**CARD, "source": {"label": "l", "url": "x"}}]},
    "an action in capitals": {
        "cards": [{**SUGGESTED, "suggestions": [{"label": "l", "actions": [{**ACTION, "type": "CREATE"}]}]}]
    },
    "a resource that is a text": {
        "cards": [{**SUGGESTED, "suggestions": [{"label": "l", "actions": [{**ACTION, "resource": "id"}]}]}]
    },
    "a reason without display": {"cards": [{**CARD, "overrideReasons": [{"code": "c", "system": "s"}]}]},
    "a reason without system": {"cards": [{**CARD, "overrideReasons": [{"code": "c", "display": "d"}]}]},
}
BROKEN = {
    "cds-resp-1": {
        **CARD,
        "selectionBehavior": "at-most-one",
        "suggestions": [{"label": "l", "isRecommended": True}] * 2,
    },
    "cds-resp-2": {
        **SUGGESTED,
        "suggestions": [{"label": "l", "actions": [{**ACTION, "type": "delete", "resource": "id"}]}],
    },
    "cds-resp-3": {**CARD, "links": [{"label": "l", "url": "u", "type": "absolute", "appContext": "x"}]},
    "cds-resp-4": {**CARD, "overrideReasons": [{"code": "c", "system": "s"}]},
    "cds-resp-5": {**SUGGESTED, "suggestions": [{"label": "l", "actions": [{"type": "create"}]}]},
    "cds-resp-6": {**CARD, "suggestions": [{"label": "l"}]},
    "cds-resp-7": {**SUGGESTED, "suggestions": [{"label": "l", "actionSelectionBehavior": "some"}]},
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_the_schema_refuses(answer: dict[str, Any]) -> None:
    assert schemas.faults(schemas.response("2.0"), answer)


@pytest.mark.parametrize(
    "later", [{"uuid": "0" * 36}, {"overrideReasons": [{}]}, {"selectionBehavior": "any"}]
)
def test_the_schema_of_1_0_refuses_what_came_later(later: dict[str, Any]) -> None:
    assert schemas.faults(schemas.response("1.0"), {"cards": [CARD]}) == []
    assert schemas.faults(schemas.response("1.0"), {"cards": [{**CARD, **later}]})


@pytest.mark.parametrize("name", BROKEN)
def test_the_invariant_is_seen_to_be_broken(name: str) -> None:
    assert schemas.broken_invariants({"cards": [SUGGESTED]}) == []
    assert schemas.broken_invariants({"cards": [BROKEN[name]]}) == [name]


@each_hook
def test_a_call_of_these_tests_is_one_of_the_standard(hook: str) -> None:
    call = request(hook)

    assert {"hook", "hookInstance", "context", "prefetch"} == call.keys()
    assert is_uuid(call["hookInstance"])
