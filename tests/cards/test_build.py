"""Which cards an assessment gives, how loud they are, and what they suggest."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.assessment import (
    Assessment,
    Disposition,
    Done,
    OpenQuestion,
    Referral,
    RuleKind,
    SuggestedTest,
    Unreadable,
    Waiting,
)
from service.cards import Card, Kind, build
from service.cards.card import OVERRIDE_REASONS, TOPICS
from service.facts import Patient
from service.facts.reasons import NOT_RECORDED, Reason, reason
from service.facts.truth import Truth
from service.facts.twitch import Twitch
from service.knowledge import Knowledge, load

Assessed = Callable[..., Assessment]
KNOWLEDGE = load()
RULES = [rule for rule, words in KNOWLEDGE.rules.items() if words.kind is not RuleKind.CONTRIBUTOR]
EMG, NCS = SuggestedTest("emg", ("muscle-weakness",)), SuggestedTest("ncs", ("muscle-weakness",))
BRAIN, NECK = (
    SuggestedTest("mri-brain", ("speech-difficulty",)),
    SuggestedTest("mri-cervical-spine", ("neck-pain",)),
)
BREATH = SuggestedTest("respiratory-function", ("breathing-difficulty",))
PANEL = SuggestedTest(
    "blood-panel", ("muscle-weakness",), None, ("magnesium", "tsh"), {"b12": Done("2026-10-02")}
)
WEAKNESS = OpenQuestion(
    "muscle-weakness", NOT_RECORDED, "Has an arm become weak?", Disposition.URGENT_REFERRAL
)


@pytest.mark.parametrize(
    ("disposition", "rule", "indicators", "topics"),
    [
        (Disposition.LIFESTYLE, None, ["info"], ["TwitchLifestyle"]),
        (
            Disposition.PRIMARY_CARE_REVIEW,
            "sensory-change",
            ["info", "info"],
            ["TwitchPrimaryCareReview", "TwitchLifestyle"],
        ),
        (
            Disposition.ROUTINE_REFERRAL,
            "twitch-over-two-weeks",
            ["warning", "info"],
            ["TwitchReferralRoutine", "TwitchLifestyle"],
        ),
        (Disposition.URGENT_REFERRAL, "muscle-weakness", ["warning"], ["TwitchReferralUrgent"]),
        (Disposition.SAME_DAY, "saddle-numbness", ["critical"], ["TwitchSameDay"]),
    ],
)
def test_each_disposition_has_its_cards(
    assessed: Assessed,
    knowledge: Knowledge,
    disposition: Disposition,
    rule: str | None,
    indicators: list[str],
    topics: list[str],
) -> None:
    cards = build(assessed(disposition, *filter(None, [rule])), knowledge)

    assert [card.indicator for card in cards] == indicators
    assert [card.source.topic.code for card in cards] == topics


def test_no_action_gives_no_card(assessed: Assessed, knowledge: Knowledge) -> None:
    assert build(assessed(Disposition.NO_ACTION), knowledge) == ()


@pytest.mark.parametrize("resource", ["Condition/c1", "Observation (entry 3)", "QuestionnaireResponse/q1"])
def test_a_twitch_that_may_stand_in_what_could_not_be_read_is_not_passed_over_in_silence(
    assessed: Assessed, knowledge: Knowledge, resource: str
) -> None:
    lost = (Unreadable(resource, reason("not-a-date", path="recordedDate")),)

    (card,) = build(assessed(Disposition.NO_ACTION, twitch=_nothing_said(), unreadable=lost), knowledge)

    assert (card.indicator, card.source.topic.code) == ("info", "TwitchNotEvaluated")
    assert (
        resource.split("/")[0].split(" ")[0] in card.detail
        and "recordedDate is no FHIR date or time" in card.detail
    )
    assert card.suggestions == ()


def test_an_unreadable_order_hides_no_twitch(assessed: Assessed, knowledge: Knowledge) -> None:
    lost = (Unreadable("ServiceRequest/s1", reason("missing", path="status")),)

    assert build(assessed(Disposition.NO_ACTION, twitch=_nothing_said(), unreadable=lost), knowledge) == ()


def test_the_dead_need_no_card(assessed: Assessed, knowledge: Knowledge) -> None:
    lost, dead = (Unreadable("Condition/c1", Reason("no-code")),), Patient("Patient/p1", None, Truth.YES)
    assessment = assessed(Disposition.NO_ACTION, twitch=_nothing_said(), unreadable=lost, patient=dead)

    assert build(assessment, knowledge) == ()


def test_a_referral_in_place_is_told_and_not_repeated(assessed: Assessed, knowledge: Knowledge) -> None:
    held = (SuggestedTest("emg", ("muscle-weakness",), Waiting("2026-10-01")), PANEL)
    referral = Referral(in_place_since="2026-10-01")

    card, *_ = build(
        assessed(Disposition.URGENT_REFERRAL, "muscle-weakness", referral=referral, tests=held), knowledge
    )

    assert (card.indicator, card.source.topic.code) == ("info", "TwitchReferralInPlace")
    assert card.summary == "Twitching with muscle weakness: neurology referral in place since 1 Oct"
    assert [s.label for s in card.suggestions] == ["Order blood tests: magnesium, TSH"]


def test_a_graver_sign_than_those_referred_asks_to_expedite(assessed: Assessed, knowledge: Knowledge) -> None:
    referral = Referral(in_place_since="2026-10-01", expedite=True)

    (card,) = build(assessed(Disposition.URGENT_REFERRAL, "muscle-weakness", referral=referral), knowledge)

    assert (card.indicator, card.source.topic.code) == ("warning", "TwitchReferralExpedite")
    assert card.summary == (
        "Twitching with muscle weakness, new since the neurology referral of 1 Oct: ask to expedite it"
    )
    assert card.suggestions == ()


def test_a_referral_in_place_does_not_quieten_an_emergency(assessed: Assessed, knowledge: Knowledge) -> None:
    referral = Referral(suggest=True, priority="stat", in_place_since="2026-10-01")

    (card,) = build(assessed(Disposition.SAME_DAY, "rapid-weakness", referral=referral), knowledge)

    assert card.indicator == "critical"
    assert card.suggestions[0].actions[0].resource["priority"] == "stat"


def test_suggestions_stand_in_the_order_in_which_one_would_act(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    tests = (PANEL, BREATH, NECK, BRAIN, NCS, EMG)

    (card,) = build(assessed(Disposition.URGENT_REFERRAL, "muscle-weakness", tests=tests), knowledge)

    codes = [s.actions[0].resource["code"]["text"] for s in card.suggestions]
    assert codes == [
        "Referral to neurology",
        "Respiratory function: forced vital capacity (FVC), sitting and lying",
        "Magnesium",
        "MRI of the brain",
        "MRI of the cervical spine",
        "Electromyography (EMG)",
        "Nerve conduction studies",
    ]


def test_what_was_done_is_not_suggested_again(assessed: Assessed, knowledge: Knowledge) -> None:
    done = SuggestedTest("emg", ("muscle-weakness",), Done("2026-09-01"))
    nothing_left = SuggestedTest("blood-panel", ("x",), Done("2026-10-02"), (), {"tsh": Done("2026-10-02")})

    (card,) = build(
        assessed(Disposition.URGENT_REFERRAL, "muscle-weakness", tests=(done, NCS, nothing_left)), knowledge
    )

    labels = [s.label for s in card.suggestions]
    assert labels == ["Refer to neurology (urgent)", "Order nerve conduction studies"]
    assert "EMG (done 1 Sep)" in card.detail
    assert "TSH (done 2 Oct)" in card.detail


def test_what_is_only_offered_is_not_preselected(assessed: Assessed, knowledge: Knowledge) -> None:
    tests = (PANEL, replace(EMG, recommended=False), NCS)

    (card, *_) = build(
        assessed(Disposition.ROUTINE_REFERRAL, "twitch-over-two-weeks", tests=tests), knowledge
    )

    assert [s.is_recommended for s in card.suggestions] == [True, True, False, True]


def test_a_blood_panel_is_one_suggestion_with_an_action_an_analyte(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    (card,) = build(assessed(Disposition.URGENT_REFERRAL, "muscle-weakness", tests=(PANEL,)), knowledge)

    panel = card.suggestions[1]
    assert panel.label == "Order blood tests: magnesium, TSH"
    assert [a.description for a in panel.actions] == ["Order magnesium", "Order TSH"]
    assert len({a.resource["requisition"]["value"] for a in panel.actions}) == 1


def test_a_client_that_takes_one_action_gets_the_same_orders_apart(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    (card,) = build(assessed(Disposition.URGENT_REFERRAL, "muscle-weakness", tests=(PANEL,)), knowledge)
    referral, panel = card.suggestions

    apart = panel.apart()

    assert [s.actions for s in apart] == [(action,) for action in panel.actions]
    assert [s.label for s in apart] == ["Order magnesium", "Order TSH"]
    assert len({s.uuid for s in apart} | {panel.uuid}) == 3
    assert referral.apart() == (referral,)


@pytest.mark.conformance("45")
def test_selection_behaviour_is_there_with_suggestions_and_only_then(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    with_orders, without = build(assessed(Disposition.ROUTINE_REFERRAL, "twitch-over-two-weeks"), knowledge)

    assert with_orders.selection_behavior == "any"
    assert (without.selection_behavior, without.suggestions) == (None, ())


def test_the_same_call_gives_the_same_uuids_and_another_call_others(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    assessment = assessed(Disposition.ROUTINE_REFERRAL, "twitch-over-two-weeks", tests=(PANEL, EMG))

    first, again = build(assessment, knowledge, seed="one"), build(assessment, knowledge, seed="one")
    other = build(assessment, knowledge, seed="two")

    assert first == again
    assert not set(_uuids(first)) & set(_uuids(other))
    assert len(set(_uuids(first))) == len(list(_uuids(first)))
    assert all(
        uuid.UUID(name).version == 5 and uuid.UUID(name).variant == uuid.RFC_4122 for name in _uuids(first)
    )


def test_two_patients_of_one_call_do_not_share_uuids(assessed: Assessed, knowledge: Knowledge) -> None:
    one = assessed(Disposition.URGENT_REFERRAL, "muscle-weakness")
    two = assessed(Disposition.URGENT_REFERRAL, "muscle-weakness", patient=Patient("Patient/p2"))

    assert not set(_uuids(build(one, knowledge))) & set(_uuids(build(two, knowledge)))


@pytest.mark.conformance("46")
def test_override_reasons_are_hl7_codes_with_words_for_a_button(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    (card,) = build(assessed(Disposition.URGENT_REFERRAL, "muscle-weakness"), knowledge)

    assert card.override_reasons == OVERRIDE_REASONS
    assert all(
        r.display and r.code and r.system.endswith("/non-adherence-reason-codes")
        for r in card.override_reasons
    )


@pytest.mark.conformance("47", "52")
def test_the_questionnaire_is_linked_where_something_was_not_asked(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    open_ended = assessed(Disposition.LIFESTYLE, open_questions=(WEAKNESS,))
    address = "https://twitch.example/questionnaire"

    (asked,) = build(open_ended, knowledge, questionnaire_url=address)
    (known,) = build(assessed(Disposition.LIFESTYLE), knowledge, questionnaire_url=address)
    (unlinked,) = build(open_ended, knowledge)

    assert [(link.url, link.type) for link in asked.links] == [(address, "absolute")]
    assert (known.links, unlinked.links) == ((), ())


@pytest.mark.conformance("48")
def test_the_source_is_ours_and_its_address_a_setting(assessed: Assessed, knowledge: Knowledge) -> None:
    (card,) = build(assessed(Disposition.LIFESTYLE), knowledge, about_url="https://cds.hospital.example/")

    assert (card.source.label, card.source.url) == ("twitch-cds", "https://cds.hospital.example/")
    assert card.source.topic.system == TOPICS


@pytest.mark.conformance("55")
def test_topics_are_alphanumeric_so_that_every_client_keeps_them() -> None:
    codes = [kind.topic.code for kind in Kind]

    assert all(code.isalnum() and len(code) <= 100 for code in codes)
    assert len(set(codes)) == len(codes)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rules=st.lists(st.sampled_from(RULES), unique=True, max_size=8),
    disposition=st.sampled_from(Disposition),
    specialty=st.sampled_from(["neurology", "paediatric-neurology"]),
    since=st.sampled_from([None, "2026-10-01"]),
    expedite=st.booleans(),
    questions=st.booleans(),
)
def test_whatever_was_found_the_cards_keep_the_rules_of_cds_hooks(
    assessed: Assessed,
    rules: list[str],
    disposition: Disposition,
    specialty: str,
    since: str | None,
    expedite: bool,
    questions: bool,
) -> None:
    referral = Referral(since is None and disposition.is_referral, specialty, "routine", since, expedite)
    asked = (WEAKNESS,) if questions else ()
    tests = (EMG, NCS, PANEL) if disposition >= Disposition.PRIMARY_CARE_REVIEW else ()

    cards = build(
        assessed(disposition, *rules, referral=referral, open_questions=asked, tests=tests), KNOWLEDGE
    )

    assert len(cards) <= 2
    for card in cards:
        assert 0 < len(card.summary) < 140 and "\n" not in card.summary and "  " not in card.summary
        assert card.indicator in ("info", "warning", "critical")
        assert (
            card.detail == card.detail.strip() and "\n\n\n" not in card.detail and "None" not in card.detail
        )
        for resource in _resources(card):
            ServiceRequest.model_validate(resource)
            assert orjson.loads(orjson.dumps(resource)) == resource
            assert _nothing_empty(resource)


def _nothing_said() -> Twitch:
    return Twitch({}, date(2026, 11, 23))


def _uuids(cards: tuple[Card, ...]) -> Iterator[str]:
    for card in cards:
        yield card.uuid
        yield from (s.uuid for s in card.suggestions)


def _resources(card: Card) -> Iterator[dict[str, Any]]:
    return (action.resource for s in card.suggestions for action in s.actions)


def _nothing_empty(value: Any) -> bool:
    """No null, "", [] or {} anywhere: FHIR and CDS Hooks leave them out."""
    if isinstance(value, dict):
        return bool(value) and all(map(_nothing_empty, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(_nothing_empty, value))
    return value not in (None, "")
