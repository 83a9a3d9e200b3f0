"""What only dates a statement, names a twitch in words alone, was concluded by a study, or says nothing."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.assess import assess
from service.assessment_json import assessment_json
from service.facts.amounts import Amount, Span
from service.facts.statements import Form
from service.facts.truth import Truth
from service.fhir.read.prefilter import Prefilter
from service.fhir.read.record import Entry, record_of
from tests.fhir.resources import (
    A_TWITCH,
    ON,
    TWITCH,
    Json,
    concept,
    condition,
    facts,
    observation,
    packaged,
    quantity,
    read,
    resource,
    status,
)

NO, UNKNOWN, YES = Truth.NO, Truth.UNKNOWN, Truth.YES
WEAK = "muscle-weakness"
WEAKNESS = concept("snomed", "26544005")
EMG = concept("snomed", "42803009")
ABNORMAL, NORMAL = concept("snomed", "263654008"), concept("snomed", "17621005")
LOCAL: Json = {"coding": [{"system": "urn:local", "code": "W12", "display": "Muscle twitching"}]}


def own(code: str, name: str = "o1", /, **elements: Any) -> Json:
    return observation(concept("own", code), name, **elements)


# --- Since when -------------------------------------------------------------------------------------


def test_an_onset_told_apart_dates_a_twitch_that_has_none() -> None:
    told = own("twitch-onset", valueDateTime="2026-10-01")

    assert facts(condition(TWITCH), told).twitch.duration == Amount(53, 53, "d")
    assert facts(told).twitch.present.truth is UNKNOWN


def test_an_onset_of_its_own_is_kept() -> None:
    told = own("twitch-onset", valueDateTime="2026-10-01")

    assert facts(condition(TWITCH, onsetDateTime="2026-11-13"), told).twitch.duration == Amount(10, 10, "d")


def test_the_newest_onset_that_was_told_counts_and_of_one_day_the_earlier() -> None:
    older = own("twitch-onset", "o1", valueDateTime="2026-01-01", effectiveDateTime="2026-10-20")
    newer = own("twitch-onset", "o2", valueDateTime="2026-10-01", effectiveDateTime="2026-11-20")
    same = own("twitch-onset", "o3", valueDateTime="2026-09-01", effectiveDateTime="2026-11-20")

    assert facts(condition(TWITCH), older, newer).twitch.duration == Amount(53, 53, "d")
    assert facts(condition(TWITCH), older, newer, same).twitch.duration == Amount(83, 83, "d")


def test_an_onset_does_not_date_what_was_recorded_before_it() -> None:
    weak = condition(WEAKNESS, recordedDate="2026-08-01")

    (said,) = facts(weak, own("weakness-onset", valueDateTime="2026-11-01")).statements[WEAK]

    assert (said.onset, said.onset_source) == (None, None)


def test_a_statement_says_who_told_its_onset_and_grows_no_older_by_it() -> None:
    weak = observation(WEAKNESS, "o2", valueBoolean=True, effectiveDateTime=None)

    (said,) = facts(weak, own("weakness-onset", valueDateTime="2019")).statements[WEAK]

    assert said.onset == Span(date(2019, 1, 1), date(2019, 12, 31), "2019")
    assert (said.onset_source, said.counts_days) == ("Observation/o1", None)


def test_that_it_progresses_bears_the_onset_only_where_no_other_weakness_has_one() -> None:
    told = own("weakness-onset", valueDateTime="2026-11-18")
    progressing = own("weakness-progressive", "o2", valueBoolean=True)
    hand = condition(WEAKNESS, onsetDateTime="2026-09-01")

    alone = {s.source: s.onset for s in facts(told, progressing).statements[WEAK]}
    beside = {s.source: s.onset for s in facts(told, progressing, hand).statements[WEAK]}

    assert alone["Observation/o2"] == Span.of(date(2026, 11, 18))
    assert beside["Observation/o2"] is None


def test_a_site_as_an_observation_states_the_twitch_there() -> None:
    hand = own("twitch-site-left", valueCodeableConcept=concept("snomed", "85562004"))

    said = facts(hand).twitch

    assert (said.present.truth, said.sites) == (YES, ("hand-left",))
    assert facts(own("twitch-site", valueCodeableConcept={"text": "hand"})).twitch.present.truth is UNKNOWN


def test_the_family_as_an_observation_reads_like_the_questionnaire() -> None:
    yes, no = (facts(own("family-history-of-mnd", valueBoolean=value)).relatives for value in (True, False))

    assert [r.first_degree for r in (*yes, *no)] == [YES, NO]


# --- In words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "mentioned"),
    [
        ({"text": "Muscle TWITCHING, right calf"}, True),
        ({"text": "Muskelzuckungen"}, True),
        ({"text": "FASCICULAÇÕES"}, True),
        (LOCAL, True),
        (
            {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.8"}], "text": "twitch"},
            True,
        ),
        ({"coding": LOCAL["coding"], "text": "no twitching"}, True),
        ({"coding": [{"system": "urn:local", "display": "no twitching"}]}, False),
        ({"text": "left anterior fascicular block"}, False),
        ({"text": "Zuckerkrankheit"}, False),
        ({"text": "twitching in mother"}, False),
        ({"text": "another twitch"}, True),
        ({**WEAKNESS, "text": "weakness with twitching"}, False),
        ({"coding": [{"code": "x"}]}, False),
    ],
)
def test_a_condition_in_words_is_mentioned(code: Json, mentioned: bool) -> None:
    found = facts(condition(code, recordedDate="2026-11-10"))

    assert [(m.source, m.date) for m in found.mentions(365)] == [("Condition/c1", "2026-11-10")] * mentioned
    assert found.statements.keys() <= {WEAK}


@pytest.mark.parametrize(
    "elements",
    [
        {"verificationStatus": status("refuted")},
        {"verificationStatus": status("entered-in-error")},
        {"clinicalStatus": status("resolved")},
        {"abatementDateTime": "2026"},
        {"recordedDate": "2026-11-24"},
    ],
)
def test_a_condition_that_is_not_meant_now_does_not_ask(elements: Json) -> None:
    assert facts(condition({"text": "twitching"}, **elements)).mentioned == ()


def test_words_do_not_ask_beside_what_is_coded() -> None:
    words = condition({"text": "twitching"}, "c9", recordedDate="2026-11-10")
    gone = condition(TWITCH, recordedDate="2026-01-01", abatementDateTime="2026-06-01")
    als = condition(concept("snomed", "86044005"))
    dead = resource("Patient", "p1", deceasedBoolean=True)

    assert all(facts(words, other).mentions(365) == () for other in (A_TWITCH, gone, als, dead))


@pytest.mark.parametrize(
    ("denied", "asks"),
    [("2026-11-09", True), ("2026-11-10", False), ("2026-11-11", False), ("2026-08-24", True)],
)
def test_words_ask_unless_a_denial_that_counts_is_as_new(denied: str, asks: bool) -> None:
    words = condition({"text": "twitching"}, recordedDate="2026-11-10")
    denial = observation(TWITCH, valueBoolean=False, effectiveDateTime=denied)

    assert bool(facts(words, denial).mentions(365)) is asks


def test_undated_words_may_be_newer_than_a_denial() -> None:
    (mention,) = facts(condition({"text": "twitching"}), observation(TWITCH, valueBoolean=False)).mentions(
        365
    )

    assert mention.date is None


# --- The prefilter and what is no FHIR --------------------------------------------------------------

PREFILTER = Prefilter(packaged())


@pytest.mark.parametrize("text", ["Muscle Twitch", "TWITCHING", "fasciculação", "FASCICULACIÓN", "Lidzucken"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_words_of_a_condition_pass_the_prefilter(text: str, ascii_only: bool) -> None:
    said, other = (
        json.dumps({"resourceType": kind, "code": {"text": text}}, ensure_ascii=ascii_only).encode()
        for kind in ("Condition", "Observation")
    )

    assert PREFILTER.may_twitch(said)
    assert not PREFILTER.may_twitch(other)


@pytest.mark.parametrize("raw", [b'{"code":82470000}', b'{"code": 82470000}'])
def test_a_code_that_is_a_number_passes_the_prefilter(raw: bytes) -> None:
    assert PREFILTER.may_twitch(raw)


@pytest.mark.parametrize(
    "coding",
    [
        {"system": "http://snomed.info/sct", "code": 82470000},
        {"system": ["http://snomed.info/sct"], "code": "82470000"},
        {"system": ["http://hl7.org/fhir/sid/icd-10-cm"], "code": "R25.3"},
        {"system": 5, "code": 82470000},
    ],
)
def test_a_twitch_whose_code_is_not_of_fhirs_type_is_told_and_not_passed_over(coding: Json) -> None:
    found = read(condition({"coding": [coding]}))

    assert [u.resource for u in found.unreadable] == ["Condition/c1"]
    assert read(condition({"coding": [{"system": ["urn:x"], "code": "1"}]})).unreadable == ()


# --- What a study concluded -------------------------------------------------------------------------


def report(*conclusions: Json, code: Json = EMG, **elements: Any) -> Json:
    made = {"status": "final", "effectiveDateTime": "2026-11-01", **elements}
    return resource("DiagnosticReport", "d1", code=code, conclusionCode=list(conclusions), **made)


def concluded(*resources: Json) -> list[tuple[str, Truth]]:
    if "abnormal-emg" not in packaged().concepts:
        pytest.skip("no rule asks about the result yet")
    return [(s.aspect, s.truth) for s in facts(*resources).statements.get("abnormal-emg", ())]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (report(ABNORMAL), [("emg", YES)]),
        (report(NORMAL), [("emg", NO)]),
        (report(NORMAL, ABNORMAL), [("emg", YES)]),
        (report(ABNORMAL, status="preliminary"), [("emg", YES)]),
        (report(concept("snomed", "274523007")), [("emg", YES)]),
        (report({"text": "abnormal"}), []),
        (report(), []),
        (report(ABNORMAL, status="registered"), []),
        (report(ABNORMAL, effectiveDateTime="2026-11-24"), []),
        (report(ABNORMAL, code=concept("snomed", "816077007")), []),
        (observation(EMG, valueCodeableConcept=ABNORMAL), [("emg", YES)]),
    ],
)
def test_a_coded_conclusion_says_whether_a_study_was_abnormal(
    given: Json, said: list[tuple[str, Truth]]
) -> None:
    assert concluded(given) == said


def test_a_preliminary_conclusion_is_noted() -> None:
    concluded()

    (said,) = facts(report(ABNORMAL, status="partial")).statements["abnormal-emg"]

    assert [note.id for note in said.notes] == ["preliminary"]
    assert (said.form, said.stated) == (Form.OBSERVATION, Span.of(date(2026, 11, 1)))


# --- Properties -------------------------------------------------------------------------------------

DAYS = st.sampled_from(["2026-06-01", "2026-09-10", "2026-11-01", "2026-11-20", "2026-11-23"])
SILENT = st.sampled_from(["not-asked", "asked-declined", "unknown", "asked-unknown", "not-performed"])


@st.composite
def stated(draw: st.DrawFn) -> list[Json]:
    """Up to four statements on weakness: problems in any status, and Observations with any answer."""
    made = []
    for n in range(draw(st.integers(0, 4))):
        day = draw(DAYS)
        if draw(st.booleans()):
            clinical = draw(st.sampled_from(["active", "resolved", "inactive"]))
            made.append(condition(WEAKNESS, f"c{n}", recordedDate=day, clinicalStatus=status(clinical)))
        else:
            value = draw(
                st.sampled_from([{"valueBoolean": True}, {"valueBoolean": False}, {"valueInteger": 3}])
            )
            category = [status(draw(st.sampled_from(["exam", "survey"])))]
            made.append(observation(WEAKNESS, f"o{n}", effectiveDateTime=day, category=category, **value))
    return made


@given(stated(), SILENT, DAYS)
def test_a_question_that_was_not_answered_changes_no_answer(said: list[Json], why: str, day: str) -> None:
    silent = observation(WEAKNESS, "silent", effectiveDateTime=day, dataAbsentReason=status(why))

    before, after = facts(*said).stated(WEAK), facts(*said, silent).stated(WEAK)

    assert (after.truth, after.basis) == (before.truth, before.basis)


@given(stated(), DAYS)
def test_a_visit_that_was_closed_changes_no_answer(said: list[Json], day: str) -> None:
    visit = condition(
        WEAKNESS,
        "visit",
        recordedDate=day,
        clinicalStatus=status("resolved"),
        category=[status("encounter-diagnosis")],
    )

    before, after = facts(*said).stated(WEAK), facts(*said, visit).stated(WEAK)

    assert (after.truth, after.basis) == (before.truth, before.basis)


@given(st.lists(st.sampled_from(["2.3", "4", "<3", "6.7"]), max_size=3), st.integers(1, 7))
def test_a_result_that_cannot_be_read_takes_back_no_yes(values: list[str], ago: int) -> None:
    code = concept("loinc", "2823-3")

    def result(n: int, value: str) -> Json:
        number = {"value": float(value.lstrip("<"))} | ({"comparator": "<"} if value.startswith("<") else {})
        day = f"2026-11-{16 + n}"
        unit = quantity(0) | number
        return observation(code, f"k{n}", effectiveDateTime=day, valueQuantity=unit)

    known = [result(n, value) for n, value in enumerate(values)]
    lost = observation(code, "lost", effectiveDateTime=f"2026-11-{16 + ago}", valueString="haemolysed")

    before = facts(*known).latest("potassium", within=7).at_most(2.5)
    after = facts(*known, lost).latest("potassium", within=7).at_most(2.5)

    assert after.truth is before.truth or (before.truth is not YES and after.truth is UNKNOWN)


@given(stated(), st.text(max_size=40), st.permutations(range(6)))
def test_no_note_and_no_order_changes_a_byte(said: list[Json], text: str, order: list[int]) -> None:
    noted = [r | {"note": [{"text": f"twitching {text}"}], "text": {"div": text}} for r in said]
    listed = [A_TWITCH, *noted, condition({"text": "twitch"}, "c9")]
    shuffled = [listed[n] for n in order if n < len(listed)]

    plain = _answered([A_TWITCH, *said, condition({"text": "twitch"}, "c9")])
    assert _answered([*shuffled, *(r for r in listed if r not in shuffled)]) == plain


def _answered(resources: list[Json]) -> bytes:
    record = record_of([Entry(r) for r in resources], packaged(), patient="p1")
    found = assess(record, ON, knowledge=packaged(), pathway="early-referral")
    return orjson.dumps(assessment_json(found, packaged(), every_rule=True))
