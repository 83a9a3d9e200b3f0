"""Conditions and Observations into statements: the table of decision-model §2, row by row."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from service.facts.amounts import Span
from service.facts.reasons import Reason, reason
from service.facts.statements import Form
from service.facts.truth import Truth
from service.knowledge.words import fact_words
from tests.fhir.resources import (
    PATIENT,
    TWITCH,
    Json,
    code_of,
    concept,
    condition,
    facts,
    observation,
    packaged,
    quantity,
    read,
    status,
    uri,
)

NO, UNKNOWN, YES = Truth.NO, Truth.UNKNOWN, Truth.YES
WEAKNESS = code_of("muscle-weakness")
SCLEROSIS = code_of("multiple-sclerosis")
ABSENT, PRESENT = concept("snomed", "2667000"), concept("snomed", "52101004")
HAND = concept("snomed", "85562004")
WEAK = "muscle-weakness"


def own(code: str, **value: Any) -> Json:
    return observation(concept("own", code), **value)


def own_answer(code: str) -> Json:
    return {"valueCodeableConcept": concept("own", code)}


VISIT: Json = {"category": [{"coding": [{"code": "encounter-diagnosis"}]}]}

# --- Conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elements", "truth"),
    [
        ({}, YES),
        ({"clinicalStatus": status("active")}, YES),
        ({"clinicalStatus": status("recurrence")}, YES),
        ({"clinicalStatus": status("resolved"), "recordedDate": "2026-10-01"}, NO),
        ({"clinicalStatus": status("inactive"), "recordedDate": "2026-10-01"}, NO),
        ({"clinicalStatus": status("remission"), "recordedDate": "2026-10-01"}, NO),
        ({"clinicalStatus": status("resolved")}, UNKNOWN),
        ({"clinicalStatus": status("resolved"), "recordedDate": "2026-10-01", **VISIT}, UNKNOWN),
        ({"abatementDateTime": "2026-10-01", **VISIT}, UNKNOWN),
        ({"clinicalStatus": status("active"), **VISIT}, YES),
        ({"verificationStatus": status("confirmed")}, YES),
        ({"verificationStatus": status("provisional")}, YES),
        ({"verificationStatus": status("refuted")}, NO),
        ({"verificationStatus": status("entered-in-error")}, UNKNOWN),
        ({"abatementDateTime": "2026-11-23"}, NO),
        ({"abatementDateTime": "2026-11-24"}, YES),
        ({"abatementDateTime": "2025"}, NO),
        ({"abatementDateTime": "2026"}, UNKNOWN),
        ({"abatementDateTime": "2026", "clinicalStatus": status("active")}, YES),
        ({"abatementString": "last year"}, UNKNOWN),
        ({"abatementString": "last year", "recordedDate": "2026-10-01"}, NO),
        ({"abatementPeriod": {"start": "2026-10-01"}}, NO),
        ({"abatementPeriod": {"start": "2026-10-01", "end": "2026-12-01"}}, YES),
        ({"abatementAge": quantity(50, "a")}, NO),
        ({"abatementAge": quantity(60, "a")}, YES),
        ({"abatementRange": {"low": quantity(50, "a"), "high": quantity(51, "a")}}, NO),
        ({"recordedDate": "2026-11-24"}, UNKNOWN),
        ({"onsetDateTime": "2026-11-24"}, UNKNOWN),
    ],
)
def test_a_condition_is_read_by_its_statuses_and_dates(elements: Json, truth: Truth) -> None:
    said = facts(PATIENT, condition(WEAKNESS, **elements))

    assert said.stated(WEAK).truth is truth


@pytest.mark.parametrize("verification", ["unconfirmed", "provisional", "differential"])
def test_an_unconfirmed_diagnosis_is_suspected_and_an_unconfirmed_symptom_is_stated(
    verification: str,
) -> None:
    unsure = {"verificationStatus": status(verification)}

    said = facts(condition(SCLEROSIS, "c1", **unsure), condition(WEAKNESS, "c2", **unsure))

    assert said.suspected("multiple-sclerosis").yes
    assert said.stated("multiple-sclerosis").truth is UNKNOWN
    assert said.stated(WEAK).yes


@pytest.mark.parametrize(
    ("elements", "onset"),
    [
        ({"onsetDateTime": "2026-08"}, (date(2026, 8, 1), date(2026, 8, 31))),
        ({"onsetPeriod": {"start": "2026-08-20", "end": "2026-09"}}, (date(2026, 8, 20), date(2026, 8, 20))),
        ({"onsetDateTime": "2026"}, (date(2026, 1, 1), date(2026, 11, 23))),
    ],
)
def test_the_onset_is_read_as_written(elements: Json, onset: tuple[date, date]) -> None:
    statement = facts(condition(WEAKNESS, **elements)).statements[WEAK][0]

    assert statement.onset is not None
    assert (statement.onset.first, statement.onset.last) == onset


@pytest.mark.parametrize(
    "elements", [{"onsetAge": quantity(50, "a")}, {"onsetRange": {"low": quantity(50, "a")}}]
)
def test_an_onset_by_age_needs_the_birth_date(elements: Json) -> None:
    with_birth = facts(PATIENT, condition(WEAKNESS, **elements)).statements[WEAK][0]
    without = facts(condition(WEAKNESS, **elements)).statements[WEAK][0]

    assert with_birth.onset is not None
    assert with_birth.onset.first.year == 2020
    assert without.onset is None


def test_an_onset_after_the_day_of_an_older_record_is_left_out() -> None:
    said = facts(condition(WEAKNESS, recordedDate="2026-11-01", onsetDateTime="2027"))

    assert said.statements[WEAK][0].onset is None


def test_a_resolved_problem_is_a_no_from_its_end() -> None:
    ended = condition(WEAKNESS, recordedDate="2026-01-01", abatementDateTime="2026-10-01")

    statement = facts(ended).statements[WEAK][0]

    assert (statement.ended, statement.stated) == (True, Span.of(date(2026, 10, 1)))


@pytest.mark.parametrize(
    "two",
    [
        {"onsetDateTime": "2026", "onsetString": "spring"},
        {"abatementDateTime": "2026", "abatementString": "spring"},
    ],
)
def test_two_forms_of_a_choice_set_the_condition_aside(two: Json) -> None:
    found = read(condition(WEAKNESS, "c1", **two), condition(TWITCH, "c2"))

    assert [u.resource for u in found.unreadable] == ["Condition/c1"]
    assert found.facts.stated(WEAK).truth is UNKNOWN
    assert found.facts.twitch.present.yes


def test_any_known_coding_decides_and_text_alone_nothing() -> None:
    several = {"coding": [concept("snomed", "125605004")["coding"][0], WEAKNESS["coding"][0]]}

    assert facts(condition(several)).stated(WEAK).yes
    assert facts(condition({"text": "muscle weakness"})).statements == {}


def test_of_several_codings_the_narrowest_counts() -> None:
    foot_drop = next(
        (s, c)
        for s, c, m in packaged().concepts[WEAK].codes
        if s == "snomed" and m and m.aspect == "foot-drop"
    )
    both = {"coding": [*WEAKNESS["coding"], *concept(*foot_drop)["coding"]]}

    said = facts(condition(both)).statements[WEAK]

    assert [s.aspect for s in said] == ["foot-drop"]


@pytest.mark.parametrize(
    ("code", "examined"),
    [
        (concept("snomed", "713512009"), False),
        (concept("snomed", "95666008"), False),
        (concept("hpo", "HP:0009005"), False),
        (concept("hpo", "HP:0030237"), False),
        (concept("snomed", "249946008"), False),
        (concept("snomed", "6077001"), True),
        (concept("snomed", "449899001"), True),
        (concept("snomed", "102568007"), True),
    ],
)
def test_of_an_observation_only_foot_drop_head_drop_and_paresis_are_examined_by_their_name(
    code: Json, examined: bool
) -> None:
    said = facts(observation(code, valueBoolean=True)).statements[WEAK]

    assert {s.examined for s in said} == {examined}


def test_a_denial_at_a_place_beside_the_code_denies_no_more_than_that_place() -> None:
    said = facts(observation(WEAKNESS, valueBoolean=False, bodySite=HAND))

    assert said.stated(WEAK).truth is UNKNOWN


@pytest.mark.parametrize("code", [concept("icd-10-cm", "R29.898"), concept("snomed", "13791008")])
def test_a_denial_of_what_is_not_further_specified_keeps_no_denied_weakness_open(code: Json) -> None:
    vague = observation(code, "o1", valueBoolean=False, effectiveDateTime="2026-10-23")
    denied = observation(WEAKNESS, "o2", valueBoolean=False, effectiveDateTime="2026-11-03")

    assert facts(vague, denied).stated(WEAK).truth is NO


@pytest.mark.parametrize("code", ["R53.1", "R531", "r53.1"])
def test_weakness_not_further_specified_leaves_it_open_and_names_the_code(code: str) -> None:
    answer = facts(condition(concept("icd-10-cm", code))).stated(WEAK)

    assert answer.truth is UNKNOWN
    assert answer.gaps[0].why.id == "code-too-wide"
    assert answer.gaps[0].recorded


def test_refuted_unspecific_weakness_denies_only_itself() -> None:
    refuted = condition(concept("icd-10-cm", "R53.1"), verificationStatus=status("refuted"))

    assert facts(refuted).stated(WEAK).truth is UNKNOWN


def test_a_body_site_places_the_statement_and_its_qualifier_gives_the_side() -> None:
    sided = {"coding": [*HAND["coding"], *concept("snomed", "7771000")["coding"]]}

    said = facts(condition(TWITCH, bodySite=[sided])).twitch

    assert said.sites == ("hand-left",)


def test_both_sides_are_two_places() -> None:
    sides = [concept("snomed", c)["coding"][0] for c in ("7771000", "24028007")]
    sided = {"coding": [*HAND["coding"], *sides]}

    assert set(facts(condition(TWITCH, bodySite=[sided])).twitch.sites) == {"hand-left", "hand-right"}


def test_an_unknown_site_places_a_yes_nowhere_and_makes_a_no_narrower() -> None:
    somewhere = concept("snomed", "125605004")

    assert facts(condition(TWITCH, bodySite=[somewhere])).twitch.sites == ()
    refuted = facts(condition(TWITCH, bodySite=[somewhere], verificationStatus=status("refuted"))).twitch
    assert refuted.present.truth is UNKNOWN


def test_a_code_that_names_its_site_keeps_it() -> None:
    eyelid = condition(code_of("eyelid-twitch"), bodySite=[concept("snomed", "89545001")])

    assert facts(eyelid).twitch.sites == ("eyelid",)


# --- Observations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elements", "truth"),
    [
        ({"valueBoolean": True}, YES),
        ({"valueBoolean": False}, NO),
        ({"valueCodeableConcept": PRESENT}, YES),
        ({"valueCodeableConcept": ABSENT}, NO),
        ({"valueCodeableConcept": concept("loinc", "LA32-8")}, NO),
        ({"valueCodeableConcept": concept("loinc", "LA33-6")}, YES),
        ({"valueCodeableConcept": concept("loinc", "LA4489-6")}, UNKNOWN),
        ({"valueCodeableConcept": concept("snomed", "125605004")}, UNKNOWN),
        ({"valueCodeableConcept": {"text": "no"}}, UNKNOWN),
        ({"valueCodeableConcept": WEAKNESS}, YES),
        ({"valueString": "yes"}, UNKNOWN),
        ({"valueQuantity": quantity(1, "1")}, UNKNOWN),
        ({"interpretation": [status("POS")]}, YES),
        ({"interpretation": [status("NEG")]}, NO),
        ({"interpretation": [status("IND")]}, UNKNOWN),
        ({"interpretation": [status("H")]}, YES),
        ({"dataAbsentReason": status("asked-declined")}, UNKNOWN),
        ({"dataAbsentReason": {"text": "declined"}}, UNKNOWN),
        ({}, YES),
        ({"status": "preliminary"}, UNKNOWN),
        ({"status": "preliminary", "valueBoolean": True}, YES),
        ({"status": "registered", "valueBoolean": True}, YES),
        ({"status": "cancelled", "valueBoolean": True}, UNKNOWN),
        ({"status": "entered-in-error", "valueBoolean": True}, UNKNOWN),
        ({"effectiveDateTime": "2026-11-24", "valueBoolean": True}, UNKNOWN),
        ({"effectiveDateTime": "2026-08-25"}, YES),
        ({"effectiveDateTime": "2026-08-24"}, UNKNOWN),
    ],
)
def test_an_observation_of_a_finding_is_read_by_its_value(elements: Json, truth: Truth) -> None:
    assert facts(observation(WEAKNESS, **elements)).stated(WEAK).truth is truth


def test_a_preliminary_statement_is_marked() -> None:
    answer = facts(observation(WEAKNESS, status="preliminary", valueBoolean=True)).stated(WEAK)

    assert answer.basis[0].notes == (Reason("preliminary"),)


def test_an_unreadable_value_says_why() -> None:
    absent = observation(WEAKNESS, dataAbsentReason=status("asked-declined"))

    assert facts(absent).stated(WEAK).gaps[0].why == reason("absent", why="asked-declined")


def test_a_question_without_a_value_is_asked_in_vain() -> None:
    assert facts(own("twitch-at-rest")).stated("twitch-at-rest").truth is UNKNOWN


def test_a_finding_as_a_value_states_it_whatever_was_asked() -> None:
    found = observation(concept("loinc", "75325-1"), valueCodeableConcept=WEAKNESS)

    assert facts(found).stated(WEAK).yes


def test_a_finding_in_the_family_history_is_not_the_patients() -> None:
    family = observation(concept("loinc", "10157-6"), valueCodeableConcept=WEAKNESS)

    assert facts(family).statements == {}


@pytest.mark.parametrize("code", ["improving", "unchanged", "worsening", "fluctuating"])
def test_a_course_is_a_statement_with_its_value(code: str) -> None:
    said = facts(own("twitch-course", **own_answer(code)))

    assert [(s.truth, s.value) for s in said.statements["twitch-course"]] == [(YES, code)]
    assert said.twitch.present.yes


def test_an_answer_that_the_question_does_not_have_is_unknown() -> None:
    for value in ({"valueCodeableConcept": PRESENT}, own_answer("daily")):
        assert facts(own("twitch-course", **value)).statements["twitch-course"][0].truth is UNKNOWN


def test_components_speak_like_observations() -> None:
    panel = observation(
        concept("loinc", "75325-1"),
        component=[
            {"code": WEAKNESS, "valueBoolean": True},
            {"code": code_of("cramp"), "valueBoolean": False},
        ],
    )

    said = facts(panel)

    assert (said.stated(WEAK).truth, said.stated("cramp").truth) == (YES, NO)


def test_two_values_set_the_observation_aside() -> None:
    found = read(observation(WEAKNESS, valueBoolean=True, valueString="yes"))

    assert [u.reason for u in found.unreadable] == [reason("several-values", path="")]
    assert found.facts.stated(WEAK).truth is UNKNOWN


def test_an_examination_without_a_site_is_a_no_for_all_sites() -> None:
    placed = observation(TWITCH, "o1", bodySite=HAND, effectiveDateTime="2026-11-01")
    denied = observation(TWITCH, "o2", valueBoolean=False, effectiveDateTime="2026-11-20")
    examined = denied | {"category": [status("exam")]}

    assert facts(placed, examined).twitch.present.truth is NO
    assert facts(placed, denied).twitch.present.yes


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({}, "(reported)"),
        ({"category": [status("exam")]}, "(examined)"),
        ({"category": [status("survey")]}, "(reported)"),
        ({"performer": [{"reference": "Patient/p1"}]}, "(reported)"),
        ({"performer": [{"reference": "https://ehr.example/RelatedPerson/x"}]}, "(reported)"),
        ({"performer": [{"reference": "Practitioner/x"}]}, "(reported)"),
        ({"performer": [{"display": "Dr"}]}, "(reported)"),
    ],
)
def test_the_basis_says_whether_weakness_was_reported_or_examined(elements: Json, words: str) -> None:
    answer = facts(observation(WEAKNESS, valueBoolean=True, **elements)).stated(WEAK)

    assert words in fact_words(answer.basis[0], packaged())


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"verificationStatus": status("refuted")}, "refuted"),
        ({"clinicalStatus": status("resolved"), "recordedDate": "2026-10-01"}, "over"),
    ],
)
def test_the_basis_of_a_no_says_how_it_is_one(elements: Json, words: str) -> None:
    (basis,) = facts(condition(WEAKNESS, **elements)).stated(WEAK).basis

    assert fact_words(basis, packaged()).endswith(words)


def test_a_day_is_the_effective_one_else_when_it_was_issued() -> None:
    when = [
        {"effectiveDateTime": "2026-11-20"},
        {"effectiveInstant": "2026-11-20T10:00:00Z"},
        {"effectivePeriod": {"start": "2026-11-20"}},
        {"effectiveDateTime": None, "issued": "2026-11-20T10:00:00Z"},
    ]
    for elements in when:
        made = {**observation(WEAKNESS), "effectiveDateTime": None, **elements}
        assert facts(made).statements[WEAK][0].stated == Span.of(date(2026, 11, 20))


# --- MRC grades -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elements", "truth"),
    [
        ({"valueInteger": 4}, YES),
        ({"valueInteger": 0}, YES),
        ({"valueInteger": 5}, UNKNOWN),
        ({"valueInteger": 5, "bodySite": HAND}, NO),
        ({"valueInteger": 6}, UNKNOWN),
        ({"valueInteger": -1}, UNKNOWN),
        ({"valueQuantity": {"value": 4}}, YES),
        ({"valueQuantity": {"value": 4, "comparator": "<"}}, UNKNOWN),
        ({"valueString": "4/5"}, UNKNOWN),
        ({}, UNKNOWN),
    ],
)
def test_an_mrc_grade_below_five_is_weakness(elements: Json, truth: Truth) -> None:
    statement = facts(own("mrc-grade", **elements)).statements[WEAK][0]

    assert (statement.truth, statement.form) == (truth, Form.OBSERVATION)


def test_full_strength_of_a_hand_does_not_deny_weakness() -> None:
    said = facts(own("mrc-grade", valueInteger=5, bodySite=HAND))

    assert said.stated(WEAK).truth is UNKNOWN
    assert fact_words(said.statements[WEAK][0].basis, packaged()) == "MRC grade 5, hand"


def test_a_system_is_known_by_its_oid_too() -> None:
    oid = {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.96", "code": TWITCH["coding"][0]["code"]}]}

    assert facts(condition(oid)).twitch.present.yes
    assert uri("snomed") == "http://snomed.info/sct"
