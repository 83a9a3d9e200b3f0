"""What the detail of a card says, and what it must not say."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from service.assessment import (
    Assessment,
    Contributor,
    Disposition,
    Done,
    OpenQuestion,
    Referral,
    Step,
    SuggestedTest,
    Unreadable,
    Waiting,
    Withheld,
)
from service.cards import build
from service.cards.detail import address, label_for
from service.cards.lifestyle import HABITS
from service.facts import UnreadMedicine
from service.facts.amounts import Span
from service.facts.answers import Answer, Basis
from service.facts.reasons import NOT_RECORDED, Reason, reason
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.knowledge.advice import Claim

Assessed = Callable[..., Assessment]
LIFESTYLE, REVIEW, ROUTINE, URGENT, SAME_DAY = list(Disposition)[1:]
RENDERER = MarkdownIt("commonmark", {"html": True}).enable("table")
HOSTILE = "<img src=x onerror=alert(1)> | [pay](http://evil.example) **now**\n# www.evil.example \"'`"


def question(fact: str, why: Reason = NOT_RECORDED) -> OpenQuestion:
    return OpenQuestion(fact, why, f"Ask about {fact}?", URGENT)


def with_basis(assessment: Assessment, *basis: Basis) -> Assessment:
    first, *rest = assessment.findings
    return replace(assessment, findings=(replace(first, answer=Answer(Truth.YES, basis)), *rest))


def test_the_record_is_a_table_of_finding_date_and_source(assessed: Assessed, knowledge: Knowledge) -> None:
    since = Span.of(assessed(URGENT).on.replace(month=8))
    weak = Basis("foot drop", "Condition/w1", "2026-11-01", (Reason("preliminary"),), onset=since)

    (card,) = build(with_basis(assessed(URGENT, "muscle-weakness"), weak), knowledge)

    assert "| Foot drop (preliminary) | since 23\u00a0Aug | problem |" in card.detail
    assert "| Muscle twitching | 1\u00a0Nov | problem |" in card.detail


def test_a_statement_that_serves_two_rules_stands_in_the_table_once(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    weak = Basis("muscle weakness", "Condition/w1", "2026-11-01")
    assessment = assessed(URGENT, "muscle-weakness", "breathing-difficulty")
    both = tuple(replace(f, answer=Answer(Truth.YES, (weak,))) for f in assessment.findings)

    (card,) = build(replace(assessment, findings=both), knowledge)

    assert card.detail.count("Muscle weakness |") == 1


def test_one_finding_at_several_sites_is_one_row_with_the_dates_that_differ(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    weak = Basis("muscle weakness (examined)", "Condition/w1", "2026-11-01")
    twitching = [
        Basis(f"muscle twitching, {place}", f"Condition/{n}", day)
        for n, (place, day) in enumerate(
            (("left hand", "2026-09-01"), ("right hand", "2026-09-01"), ("tongue", "2026-10-05"))
        )
    ]

    (card,) = build(with_basis(assessed(URGENT, "muscle-weakness"), weak, *twitching), knowledge)

    row = "| Muscle twitching: both hands, tongue (5 Oct) | 1\u00a0Sep | problem |"
    assert row in card.detail


def test_one_row_alone_is_a_sentence(assessed: Assessed, knowledge: Knowledge) -> None:
    (card,) = build(assessed(LIFESTYLE), knowledge)

    assert "**From the record:** Muscle twitching, 1\u00a0Nov (problem)" in card.detail


def test_a_reason_that_several_parts_share_is_said_once(assessed: Assessed, knowledge: Knowledge) -> None:
    kidney = "advanced kidney disease"
    held = (
        Withheld("two-litres", "advanced-kidney-disease"),
        Withheld("electrolyte-rich-foods", "high-potassium"),
        Withheld("electrolyte-rich-foods", "advanced-kidney-disease"),
    )
    steps = tuple(
        replace(step, withheld=held, parts=()) if step.id == "hydration" else step
        for step in assessed(LIFESTYLE).lifestyle
    )

    (card,) = build(assessed(LIFESTYLE, lifestyle=steps), knowledge)

    assert (
        f"**Fluids**: Not for this patient: 2 litres a day and potassium-rich foods ({kidney})."
        in card.detail
    )


def test_a_contributor_is_named_beside_the_step_that_answers_it_and_nowhere_else(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    coffee = Contributor(
        "caffeine", "High caffeine intake", (Basis("caffeine intake 520 mg/d", "Observation/c"),)
    )

    (card,) = build(assessed(LIFESTYLE, contributors=(coffee,)), knowledge)

    assert card.detail.count("520 mg/d") == 1
    assert "**Every day**\n\n- **Caffeine in the morning only**: one drink at most" in card.detail
    assert "High caffeine intake" not in card.detail


def test_a_long_record_is_cut_and_says_so(assessed: Assessed, knowledge: Knowledge) -> None:
    many = tuple(Basis(f"sign {n}", f"Observation/o{n}") for n in range(20))

    (card,) = build(with_basis(assessed(URGENT, "muscle-weakness"), *many), knowledge)

    assert card.detail.count("| Sign") == 3
    assert "| Muscle twitching | 1\u00a0Nov | problem |\n\nand 17 more" in card.detail


@pytest.mark.conformance("44")
@pytest.mark.parametrize("where", ["concept", "source", "date", "notes"])
def test_nothing_that_derives_from_the_record_becomes_markup(
    assessed: Assessed, knowledge: Knowledge, where: str
) -> None:
    said = {
        text: (reason("absent", why=text),) if where == "notes" else text for text in (HOSTILE, "harmless")
    }
    noted = (reason("absent", why="note"),)
    hostile = replace(Basis("weakness", "Condition/w1", "2026-11-01", noted), **{where: said[HOSTILE]})
    clean = replace(hostile, **{where: said["harmless"]})
    assessment = assessed(URGENT, "muscle-weakness")

    pages = [
        RENDERER.render(build(with_basis(assessment, basis), knowledge)[0].detail)
        for basis in (hostile, clean)
    ]

    assert _tags(pages[0]) == _tags(pages[1])


@pytest.mark.parametrize(
    "holds",
    [
        {"unreadable": (Unreadable(HOSTILE, reason("missing", path=HOSTILE)),)},
        {"incomplete": (HOSTILE,)},
        {"notes": (HOSTILE,)},
        {"tests": (SuggestedTest("emg", ("x",), Done(HOSTILE)),)},
        {"referral": Referral(in_place_since=HOSTILE)},
        {"open_questions": (question("muscle-weakness", reason("absent", why=HOSTILE)),)},
        {"contributors": (Contributor("caffeine", HOSTILE, (Basis(HOSTILE, HOSTILE),)),)},
        {"contributors": (Contributor("statin", HOSTILE, (Basis(HOSTILE, HOSTILE),)),)},
    ],
)
def test_no_other_way_in_becomes_markup_either(
    assessed: Assessed, knowledge: Knowledge, holds: dict[str, Any]
) -> None:
    cards = build(assessed(ROUTINE, "twitch-over-two-weeks", **holds), knowledge)

    for card in cards:
        page = RENDERER.render(card.detail)
        assert "evil.example" not in "".join(re.findall(r"<[^>]*>", page))
        assert "<img" not in page and "<h1" not in page and "www.evil" not in card.detail


def test_at_most_three_open_questions_are_listed_with_why_where_it_is_not_plain_silence(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    facts = [
        "muscle-weakness",
        "muscle-atrophy",
        "speech-difficulty",
        "swallowing-difficulty",
        "orthopnoea",
        "cramp",
        "dyspnoea",
    ]
    asked = (question(facts[0], Reason("not-a-grade")), *map(question, facts[1:]))

    (card,) = build(assessed(LIFESTYLE, open_questions=asked), knowledge)

    assert "- Ask about muscle-weakness? (the grade is not a whole number from 0 to 5)" in card.detail
    assert "- Ask about muscle-atrophy?\n" in card.detail
    assert card.detail.count("Ask about") == 2
    assert "- also speech, swallowing, breathing and 1 less pressing" in card.detail


def test_why_gives_the_sentence_that_decides_with_where_to_read_on(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    rules = ("muscle-weakness", "speech-difficulty", "swallowing-difficulty")

    (card,) = build(assessed(URGENT, *rules), knowledge)

    assert knowledge.rules["muscle-weakness"].why in card.detail
    assert knowledge.rules["speech-difficulty"].why not in card.detail
    assert knowledge.rules["swallowing-difficulty"].why not in card.detail
    links = re.findall(r"\]\((\S+)\)", card.detail)
    assert links and len(set(links)) == len(links)


@pytest.mark.parametrize("disposition", [URGENT, SAME_DAY])
def test_no_lifestyle_steps_at_urgent_and_same_day(
    assessed: Assessed, knowledge: Knowledge, disposition: Disposition
) -> None:
    offered = tuple(Step(step.id) for step in knowledge.lifestyle)

    (card,) = build(assessed(disposition, "muscle-weakness", lifestyle=offered), knowledge)

    for step in knowledge.lifestyle:
        assert f"**{step.title}**" not in card.detail
    assert "Every day" not in card.detail
    assert "**Call an ambulance if:**" in card.detail


@pytest.mark.parametrize("disposition", [LIFESTYLE, REVIEW, ROUTINE])
def test_the_six_steps_the_daily_list_and_the_safety_net_stand_on_the_last_card(
    assessed: Assessed, knowledge: Knowledge, disposition: Disposition
) -> None:
    cards = build(assessed(disposition), knowledge)

    assert all(f"- **{habit}**" in cards[-1].detail for habit in knowledge.daily)
    assert set(HABITS) == {step.id for step in knowledge.lifestyle}
    assert "**Come back if:**" in cards[-1].detail and "review by 7 Dec" in cards[-1].summary
    assert all("Come back if" not in card.detail for card in cards[:-1])


def test_advice_that_would_harm_is_left_out_of_step_and_daily_list(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    plain = assessed(LIFESTYLE)
    failing = tuple(
        Step("hydration", (Withheld("two-litres", "heart-failure"),), ("electrolyte-rich-foods",))
        if step.id == "hydration"
        else step
        for step in plain.lifestyle
    )

    (card,) = build(replace(plain, lifestyle=failing), knowledge)

    assert "Not for this patient: 2 litres a day (heart failure)." in card.detail
    assert "about 2 litres" not in card.detail and "2 litres of water" not in card.detail
    assert "Magnesium-rich foods" in card.detail


def test_why_a_step_matters_for_this_patient_is_said(assessed: Assessed, knowledge: Knowledge) -> None:
    tired = tuple(
        replace(step, because=("short-sleep",)) if step.id == "sleep" else step
        for step in assessed(LIFESTYLE).lifestyle
    )

    (card,) = build(assessed(LIFESTYLE, lifestyle=tired), knowledge)

    assert re.search(
        r"- \*\*7 hours of sleep or more\*\*: .* Sleep is short or poor, and tired muscles twitch more\.",
        card.detail,
    )


def test_medicines_are_named_for_review_and_never_to_be_stopped(
    assessed: Assessed, knowledge: Knowledge, medicine: Callable[[str, str], Contributor]
) -> None:
    taken = (medicine("diuretic", "Furosemide"), medicine("statin", "Simvastatin"))

    (card,) = build(assessed(LIFESTYLE, contributors=taken), knowledge)

    assert "Furosemide; Simvastatin. This" in card.detail
    assert "This is no advice to stop one." in card.detail


@pytest.mark.parametrize(
    ("rule", "title"),
    [
        ("muscle-weakness", "**Also recorded (explains no motor sign):** Caffeine intake 500 mg/d."),
        ("twitch-over-two-weeks", "**May contribute:** Caffeine intake 500 mg/d."),
    ],
)
def test_beside_a_motor_sign_a_contributor_is_named_as_no_explanation(
    assessed: Assessed, knowledge: Knowledge, rule: str, title: str
) -> None:
    coffee = Contributor(
        "caffeine", "High caffeine intake", (Basis("caffeine intake 500 mg/d", "Observation/c"),)
    )

    (card,) = build(assessed(URGENT, rule, contributors=(coffee,)), knowledge)

    assert title in card.detail


def test_in_an_emergency_a_medicine_is_named_without_advice_to_keep_it(
    assessed: Assessed, knowledge: Knowledge, medicine: Callable[[str, str], Contributor]
) -> None:
    (card,) = build(
        assessed(SAME_DAY, "lithium-toxicity", contributors=(medicine("lithium", "Lithium carbonate"),)),
        knowledge,
    )

    assert "Lithium carbonate" in card.detail
    assert "stop" not in card.detail
    assert "does not triage poisoning" in card.detail


def test_what_a_known_diagnosis_explains_is_named(assessed: Assessed, knowledge: Knowledge) -> None:
    raised = assessed(ROUTINE, "twitch-over-two-weeks").findings
    explained = tuple(
        replace(f, disposition=None, explained_by="benign-fasciculation-syndrome") for f in raised
    )

    (card,) = build(assessed(LIFESTYLE, findings=explained), knowledge)

    assert card.summary.startswith("Twitching explained by known benign fasciculation syndrome: ")
    assert (
        "Explained by known benign fasciculation syndrome: twitching for more than two weeks" in card.detail
    )


def test_what_could_not_be_read_is_named_but_not_quoted_at_length(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    lost = tuple(Unreadable(f"Observation/o{n}", reason("missing", path="value " * 99)) for n in range(5))

    (card,) = build(
        assessed(URGENT, "muscle-weakness", unreadable=lost, incomplete=("observations",)), knowledge
    )

    assert "Could not be evaluated: Observation/o0 (value" in card.detail and "and 2 more" in card.detail
    assert "Not received in full: observations." in card.detail
    assert card.detail.count("value") < 50


def test_medicines_that_nothing_tells_are_named_by_their_reference(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    unread = tuple(UnreadMedicine(f"MedicationRequest/m{n}") for n in range(5))

    (card,) = build(assessed(URGENT, "muscle-weakness", unread_medicines=unread), knowledge)

    assert "Nothing tells which medicine it is: MedicationRequest/m0; " in card.detail
    assert "MedicationRequest/m2 and 2 more." in card.detail


def test_caffeine_in_a_medicine_is_no_medicine_to_review(assessed: Assessed, knowledge: Knowledge) -> None:
    tablet = Contributor("caffeine", "caffeine", (Basis("Excedrin", "MedicationRequest/m1", "2026-11-01"),))

    cards = build(assessed(URGENT, "muscle-weakness", contributors=(tablet,)), knowledge)

    said = " ".join(card.detail for card in cards)
    assert "Medicines to review" not in said
    assert "Also recorded (explains no motor sign)" in said and "Excedrin" in said


def test_what_was_withheld_is_grouped_by_its_reason(assessed: Assessed, knowledge: Knowledge) -> None:
    since = Waiting("2026-10-01")
    held = (
        SuggestedTest("emg", ("x",), since),
        SuggestedTest("ncs", ("x",), since),
        SuggestedTest(
            "blood-panel", ("x",), None, ("ck",), {"tsh": Done("2026-10-02"), "b12": Done("2026-10-02")}
        ),
    )
    in_place = Referral(in_place_since="2026-10-01")

    (card,) = build(assessed(URGENT, "muscle-weakness", tests=held, referral=in_place), knowledge)

    assert "EMG and nerve conduction studies (left to neurology)" in card.detail
    assert "TSH and B12 (done 2 Oct)" in card.detail


def test_an_earlier_referral_is_remembered_where_the_present_signs_ask_for_none(
    assessed: Assessed, knowledge: Knowledge
) -> None:
    (card,) = build(assessed(LIFESTYLE, referral=Referral(in_place_since="2026-10-01")), knowledge)

    assert "referral to neurology (in place since 1 Oct)" in card.detail


@pytest.mark.parametrize(
    ("cite", "identifier", "label", "url"),
    [
        ("NICE. Motor neurone disease. NG42, 2016.", "https://n.example", "NICE NG42", "https://n.example"),
        (
            "Mahoney CJ, Sleeman R. Title. BMJ 2022;379.",
            "doi:10.1136/x",
            "Mahoney 2022",
            "https://doi.org/10.1136/x",
        ),
        ("Fang F et al. Title. 2009.", "PMID 12", "Fang 2009", "https://pubmed.ncbi.nlm.nih.gov/12/"),
        ("A book. 1999.", "ISBN 0", "A book 1999", None),
        ("Local decision of twitch-cds.", "", "Local decision of twitch-cds", None),
    ],
)
def test_a_claim_is_cited_in_two_words_with_its_address(
    knowledge: Knowledge, cite: str, identifier: str, label: str, url: str | None
) -> None:
    some = next(iter(knowledge.evidence.values()))
    claim = Claim("c", cite, identifier, "says", "checked", some.due, "study")

    assert (label_for(claim), address(claim)) == (label, url)


def test_every_claim_that_is_neither_local_nor_a_book_can_be_followed(knowledge: Knowledge) -> None:
    printed = [c.id for c in knowledge.evidence.values() if c.kind != "local" and address(c) is None]

    assert all(knowledge.evidence[claim].identifier.startswith("ISBN") for claim in printed)


def _tags(page: str) -> list[str]:
    return re.findall(r"<[^>]*>", page)
