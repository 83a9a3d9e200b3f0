"""One sentence of fewer than 140 characters: the fact that decides, and what to do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from service.assessment import Assessment, Contributor, Disposition, Finding, OpenQuestion, Referral, RuleKind
from service.cards import build
from service.cards.phrases import dated, day_words, how_long, listed, measured
from service.cards.summary import ABOUT, BESIDE, SUBJECT
from service.facts import Facts
from service.facts.amounts import Amount, Span
from service.facts.answers import Answer, Basis, Kind
from service.facts.places import Place
from service.facts.reasons import NOT_RECORDED, Reason
from service.facts.statements import Form, Statement
from service.facts.truth import Truth
from service.knowledge import Knowledge
from tests.cards.conftest import ON, a_twitch, twitch

Assessed = Callable[..., Assessment]
URGENT, ROUTINE, REVIEW = (
    Disposition.URGENT_REFERRAL,
    Disposition.ROUTINE_REFERRAL,
    Disposition.PRIMARY_CARE_REVIEW,
)


def result(analyte: str, value: float, unit: str) -> Basis:
    return Basis(analyte, "Observation/r", "2026-11-22", kind=Kind.RESULT, value=Amount.exactly(value, unit))


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
            "Twitching for at least 3 weeks, spreading to another site: refer to neurology (routine)",
        ),
        (ROUTINE, ["blepharospasm"], "Spasm or twitching around the eye: refer to neurology (routine)"),
        (ROUTINE, ["red-flag-cluster"], "Twitching with several warning signs: refer to neurology (routine)"),
        (
            ROUTINE,
            ["twitch-over-two-weeks", "red-flag-cluster"],
            "Twitching for at least 3 weeks: refer to neurology (routine)",
        ),
        (
            REVIEW,
            ["sensory-change"],
            "Twitching with numbness or tingling: review in primary care with a neurological examination",
        ),
        (
            REVIEW,
            ["eyelid-twitch-persisting"],
            "Eyelid twitching for at least 3 weeks: review in primary care with a neurological examination",
        ),
        (
            Disposition.SAME_DAY,
            ["saddle-numbness"],
            "Saddle numbness: send for acute neurological assessment today",
        ),
        (
            Disposition.LIFESTYLE,
            [],
            "Twitching for at least 3 weeks without a warning sign: advise lifestyle steps; review by 7 Dec",
        ),
        (
            Disposition.LIFESTYLE,
            ["cramping"],
            "Twitching with muscle cramps: advise lifestyle steps; review by 7 Dec",
        ),
    ],
)
def test_the_fact_that_decides_comes_first_and_then_what_to_do(
    assessed: Assessed, knowledge: Knowledge, disposition: Disposition, rules: list[str], sentence: str
) -> None:
    card, *_ = build(assessed(disposition, *rules), knowledge)

    assert card.summary == sentence


def test_every_rule_has_its_words_in_exactly_one_place(knowledge: Knowledge) -> None:
    rules = {rule for rule, words in knowledge.rules.items() if words.kind is not RuleKind.CONTRIBUTOR}

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
    low = Answer(Truth.YES, (result("potassium", 2.4, "mmol/L"),))
    same_day = Disposition.SAME_DAY
    critical = Finding("critical-electrolytes", RuleKind.SAME_DAY, low, "s", "w", (), same_day, same_day)

    (card,) = build(assessed(same_day, findings=(critical,), referral=Referral()), knowledge)

    assert card.summary == (
        "Critical electrolyte value (potassium 2.4 mmol/L): assess as an emergency today, repeat the test now"
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
    waiting = Referral(in_place_since="2026-10-01", expedite=True, newer=("speech-difficulty",))

    (card,) = build(assessed(URGENT, findings=findings, referral=waiting), knowledge)

    assert card.summary == (
        "Twitching with slurred or difficult speech,"
        " new since the neurology referral of 1 Oct: ask to expedite it"
    )


def test_what_nobody_asked_is_not_called_absent(assessed: Assessed, knowledge: Knowledge) -> None:
    asked = (OpenQuestion("muscle-weakness", NOT_RECORDED, "Weak?", URGENT),)

    (card,) = build(assessed(Disposition.LIFESTYLE, open_questions=asked), knowledge)

    assert "warning signs not all documented: ask, then advise lifestyle steps" in card.summary


def test_a_contributor_that_asks_for_a_review_is_named(assessed: Assessed, knowledge: Knowledge) -> None:
    thyroid = Contributor("thyroid", "Thyroid disease", (result("tsh", 9, "m[IU]/L"),), REVIEW)

    card, _ = build(assessed(REVIEW, contributors=(thyroid,)), knowledge)

    assert "thyroid" in card.summary


def test_a_twitch_of_the_past_is_called_recent(assessed: Assessed, knowledge: Knowledge) -> None:
    (card,) = build(assessed(URGENT, "muscle-weakness", twitch=Facts(assessed(URGENT).on).twitch), knowledge)

    assert card.summary.startswith("Recent twitching with muscle weakness")


def test_an_eyelid_is_called_an_eyelid(assessed: Assessed, knowledge: Knowledge) -> None:
    place, kind = Place("eyelid", None), "twitch"
    eyelid = Statement("eyelid-twitch", Truth.YES, "Condition/t1", Form.CONDITION, kind, place=place)
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


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-11-03", "3 Nov"),
        ("2025-11-03", "3 Nov 2025"),
        ("2026-11", "Nov"),
        ("2024-02", "Feb 2024"),
        ("2026", "2026"),
        ("2026-11-03T10:15:00+01:00", "3 Nov"),
        ("2026-13-03", "2026-13-03"),
        ("last summer in June", "last summ…"),
        ("", ""),
    ],
)
def test_a_date_is_written_as_a_clinician_writes_it(written: str, said: str) -> None:
    assert day_words(written, 2026) == said


def test_what_ends_with_a_date_keeps_its_words() -> None:
    assert dated("done 2026-09-01", 2026) == "done 1 Sep"
    assert dated("neurology referral in place since 2025-10-12", 2026) == (
        "neurology referral in place since 12 Oct 2025"
    )
    assert dated("all of it was done or ordered recently", 2026) == "all of it was done or ordered recently"


@pytest.mark.parametrize(
    ("onset", "recorded", "said"),
    [
        (ON, None, "since today"),
        (date(2026, 11, 22), None, "for 1 day"),
        (date(2026, 11, 9), None, "for 14 days"),
        (date(2026, 10, 12), None, "for 6 weeks"),
        (date(2026, 3, 1), None, "for 8 months"),
        (None, date(2026, 11, 20), "for at least 3 days"),
        (None, ON, ""),
        (None, None, ""),
    ],
)
def test_how_long_it_has_twitched_is_said_in_the_unit_one_would_use(
    onset: date | None, recorded: date | None, said: str
) -> None:
    told = twitch(
        replace(
            a_twitch(),
            onset=Span.of(onset) if onset else None,
            stated=Span.of(recorded) if recorded else None,
        )
    )

    assert how_long(told) == said


def test_a_year_as_onset_is_a_bound_and_not_a_duration() -> None:
    vague = replace(a_twitch(), stated=None, onset=Span(date(2026, 1, 1), date(2026, 11, 23), "2026"))

    assert how_long(twitch(vague)) == ""


def test_the_international_unit_is_printed_without_its_brackets() -> None:
    assert measured("TSH 18.4 m[IU]/L") == "TSH 18.4 mIU/L"


def test_what_matters_for_this_patient_is_what_the_summary_advises_on(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    found = tuple(
        Contributor(name, name, (Basis(name, "Observation/o"),)) for name in ("alcohol", "caffeine", "statin")
    )

    alone, beside = (
        build(assessed(disposition, contributors=found), knowledge)[-1]
        for disposition in (Disposition.LIFESTYLE, ROUTINE)
    )

    assert alone.summary.endswith(": advise on caffeine and alcohol; review by 7 Dec")
    assert beside.summary == "Advise lifestyle steps, first on caffeine and alcohol; review by 7 Dec"


def test_a_sign_that_is_recorded_but_unclear_is_not_called_undocumented(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    wide = OpenQuestion("muscle-weakness", Reason("not-a-grade"), "Weak?", URGENT)

    (card,) = build(assessed(Disposition.LIFESTYLE, open_questions=(wide,)), knowledge)

    assert "muscle weakness recorded but unclear: ask, then advise" in card.summary


def test_what_is_measured_and_treatable_is_to_be_treated(assessed: Assessed, knowledge: Knowledge) -> None:
    low = Contributor("electrolyte-imbalance", "x", (result("potassium", 3, "mmol/L"),), REVIEW)

    card, _ = build(assessed(REVIEW, contributors=(low,)), knowledge)

    assert card.summary == (
        "Twitching with potassium 3 mmol/L: treat the cause, review in primary care with a neurological"
        " examination"
    )
