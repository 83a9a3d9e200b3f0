"""One sentence of fewer than 140 characters: the fact that decides, and what to do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from service.amounts import Span
from service.answers import Answer, Basis
from service.cards import build
from service.cards.summary import ABOUT, BESIDE, SUBJECT, listed
from service.facts import Facts
from service.findings import Assessment, Contributor, Disposition, Finding, OpenQuestion, Referral, RuleKind
from service.knowledge import Knowledge
from service.statements import Form, Place, Statement
from service.truth import Truth

Assessed = Callable[..., Assessment]
URGENT, ROUTINE, REVIEW = (
    Disposition.URGENT_REFERRAL,
    Disposition.ROUTINE_REFERRAL,
    Disposition.PRIMARY_CARE_REVIEW,
)


@pytest.mark.parametrize(
    ("disposition", "rules", "sentence"),
    [
        (
            URGENT,
            ["muscle-weakness", "speech-difficulty"],
            "Twitching with muscle weakness and slurred or difficult speech:"
            " refer to neurology urgently (within 2 weeks)",
        ),
        (
            URGENT,
            ["tongue-fasciculation"],
            "Twitching or wasting of the tongue: refer to neurology urgently (within 2 weeks)",
        ),
        (
            ROUTINE,
            ["twitch-over-two-weeks", "spreading-twitch"],
            "Twitching for over two weeks, spreading to another site: refer to neurology (routine)",
        ),
        (ROUTINE, ["blepharospasm"], "Spasm or twitching around the eye: refer to neurology (routine)"),
        (ROUTINE, ["red-flag-cluster"], "Twitching with several warning signs: refer to neurology (routine)"),
        (
            ROUTINE,
            ["twitch-over-two-weeks", "red-flag-cluster"],
            "Twitching for over two weeks: refer to neurology (routine)",
        ),
        (
            REVIEW,
            ["sensory-change"],
            "Twitching with numbness or tingling: primary-care review with a neurological examination",
        ),
        (
            REVIEW,
            ["eyelid-twitch-persisting"],
            "Persistent eyelid twitching: primary-care review with a neurological examination",
        ),
        (Disposition.SAME_DAY, ["saddle-numbness"], "Saddle numbness: acute neurological assessment today"),
        (
            Disposition.LIFESTYLE,
            [],
            "Twitching without a warning sign: lifestyle steps, review by 2026-12-07",
        ),
        (
            Disposition.LIFESTYLE,
            ["cramping"],
            "Twitching with muscle cramps: lifestyle steps, review by 2026-12-07",
        ),
    ],
)
def test_the_fact_that_decides_comes_first_and_then_what_to_do(
    assessed: Assessed, knowledge: Knowledge, disposition: Disposition, rules: list[str], sentence: str
) -> None:
    card, *_ = build(assessed(disposition, *rules), knowledge)

    assert card.summary == sentence


def test_every_rule_has_its_words_in_exactly_one_place(knowledge: Knowledge) -> None:
    rules = {rule for rule, words in knowledge.rules.items() if words.kind != "contributor"}

    named = [*SUBJECT, *ABOUT, *BESIDE]

    assert sorted(named) == sorted(rules)


def test_a_sentence_that_would_be_too_long_names_fewer_facts_and_cuts_no_word(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    rules = ["speech-difficulty", "upper-motor-neuron-signs", "breathing-difficulty"]
    referral = Referral(True, "paediatric-neurology", "urgent")

    (card,) = build(assessed(URGENT, *rules, referral=referral), knowledge)

    assert card.summary == (
        "Twitching with slurred or difficult speech and upper motor neuron signs:"
        " refer to paediatric neurology urgently (within 2 weeks)"
    )


def test_a_critical_value_is_in_the_sentence(assessed: Assessed, knowledge: Knowledge) -> None:
    low = Answer(Truth.YES, (Basis("potassium 2.4 mmol/L", "Observation/k1", "2026-11-22"),))
    same_day = Disposition.SAME_DAY
    critical = Finding("critical-electrolytes", RuleKind.SAME_DAY, low, "s", "w", (), same_day, same_day)

    (card,) = build(assessed(same_day, findings=(critical,), referral=Referral()), knowledge)

    assert (
        card.summary == "Critical electrolyte value (potassium 2.4 mmol/L): act today and repeat the test now"
    )


def test_a_motor_flag_newer_than_the_referral_in_place_is_what_the_card_says_first(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    new = Basis("slurred speech", "Condition/s", "2026-11-20", stated=Span.of(date(2026, 11, 20)))
    old = Basis("weakness", "Condition/w", "2026-09-01", stated=Span.of(date(2026, 9, 1)))
    findings = tuple(
        replace(f, answer=Answer(Truth.YES, (basis,)))
        for f, basis in zip(
            assessed(URGENT, "muscle-weakness", "speech-difficulty").findings, (old, new), strict=True
        )
    )
    waiting = Referral(in_place_since="2026-10-01")

    (card,) = build(assessed(URGENT, findings=findings, referral=waiting), knowledge)

    assert card.summary == (
        "Twitching with slurred or difficult speech:"
        " new since neurology referral of 2026-10-01, let them know"
    )


def test_what_nobody_asked_is_not_called_absent(assessed: Assessed, knowledge: Knowledge) -> None:
    asked = (OpenQuestion("muscle-weakness", "not recorded", "Weak?", URGENT),)

    (card,) = build(assessed(Disposition.LIFESTYLE, open_questions=asked), knowledge)

    assert card.summary.startswith("Twitching, warning signs not all documented: ")


def test_a_contributor_that_asks_for_a_review_is_named(assessed: Assessed, knowledge: Knowledge) -> None:
    thyroid = Contributor("thyroid", "Thyroid disease", (Basis("TSH 9 mIU/L", "Observation/t"),), REVIEW)

    card, _ = build(assessed(REVIEW, contributors=(thyroid,)), knowledge)

    assert "thyroid" in card.summary


def test_a_twitch_of_the_past_is_called_recent(assessed: Assessed, knowledge: Knowledge) -> None:
    (card,) = build(assessed(URGENT, "muscle-weakness", twitch=Facts(assessed(URGENT).on).twitch), knowledge)

    assert card.summary.startswith("Recent twitching with muscle weakness")


def test_an_eyelid_is_called_an_eyelid(assessed: Assessed, knowledge: Knowledge) -> None:
    place, kind = Place("eyelid", None), "twitch"
    eyelid = Statement("eyelid-twitch", Truth.YES, "x", "Condition/t1", Form.CONDITION, kind, place=place)
    facts = Facts(assessed(Disposition.LIFESTYLE).on, statements={"eyelid-twitch": (eyelid,)})

    (card,) = build(assessed(Disposition.LIFESTYLE, twitch=facts.twitch), knowledge)

    assert card.summary.startswith("Eyelid twitching without a warning sign")


def test_a_list_reads_like_one() -> None:
    assert [listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
