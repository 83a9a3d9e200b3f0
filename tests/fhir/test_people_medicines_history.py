"""Patient, medicines, what was done or ordered, relatives, and questionnaires."""

from __future__ import annotations

from typing import Any

import pytest

from service.facts import Past
from service.facts.amounts import Amount
from service.facts.reasons import Reason
from service.facts.statements import Form
from service.facts.truth import Truth
from service.fhir.read import read_facts
from service.fhir.read.record import Entry, record_of
from service.fhir.references import OWN_CANONICAL
from service.knowledge.words import reason_words
from service.rules import RULES
from tests.fhir.resources import (
    ON,
    TWITCH,
    Json,
    concept,
    condition,
    facts,
    packaged,
    quantity,
    read,
    resource,
)

NO, UNKNOWN, YES = Truth.NO, Truth.UNKNOWN, Truth.YES
LITHIUM = concept("rxnorm", "6448")

# --- The patient ----------------------------------------------------------------------------------


def person(**elements: Any) -> Json:
    return {"resourceType": "Patient", "id": "p1", **elements}


@pytest.mark.parametrize(
    ("elements", "deceased"),
    [
        ({}, UNKNOWN),
        ({"deceasedBoolean": True}, YES),
        ({"deceasedBoolean": False}, NO),
        ({"deceasedDateTime": "2026-11-23"}, YES),
        ({"deceasedDateTime": "2026-11-24"}, NO),
    ],
)
def test_a_death_after_the_day_has_not_happened_yet(elements: Json, deceased: Truth) -> None:
    assert facts(person(**elements)).patient.deceased is deceased


def test_an_age_is_counted_on_the_day() -> None:
    assert facts(person(birthDate="1970-11-23")).patient.age == Amount(56, 56, "a")
    assert facts(person(birthDate="1970")).patient.age == Amount(55, 56, "a")
    assert facts(person()).patient.age is None


@pytest.mark.parametrize(
    "bad",
    [{"deceasedBoolean": True, "deceasedDateTime": "2026"}, {"birthDate": "1970-02-30"}, {"gender": "x"}],
)
def test_a_patient_that_cannot_be_read_is_set_aside_and_still_named(bad: Json) -> None:
    found = read(person(**bad))

    assert [u.resource for u in found.unreadable] == ["Patient/p1"]
    assert found.facts.patient.reference == "Patient/p1"


# --- Medicines ------------------------------------------------------------------------------------


def request(**elements: Any) -> Json:
    made = {"status": "active", "intent": "order", "medicationCodeableConcept": LITHIUM, **elements}
    return resource("MedicationRequest", "m1", **made)


def statement(**elements: Any) -> Json:
    made = {"status": "active", "medicationCodeableConcept": LITHIUM, **elements}
    return resource("MedicationStatement", "m1", **made)


def ending(day: str) -> Json:
    return {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": day}}}}]}


@pytest.mark.parametrize(
    ("elements", "taken"),
    [
        ({}, YES),
        ({"authoredOn": "2020-01-01"}, YES),
        ({"authoredOn": "2026-11-24"}, UNKNOWN),
        ({"status": "draft"}, UNKNOWN),
        ({"status": "on-hold"}, UNKNOWN),
        ({"status": "cancelled"}, UNKNOWN),
        ({"status": "entered-in-error"}, UNKNOWN),
        ({"intent": "proposal"}, UNKNOWN),
        ({"intent": "plan"}, UNKNOWN),
        ({"intent": "option"}, UNKNOWN),
        ({"intent": "original-order"}, YES),
        ({"doNotPerform": True}, UNKNOWN),
        ({"status": "completed"}, UNKNOWN),
        ({"status": "completed", "authoredOn": "2026-10-24"}, YES),
        ({"status": "completed", "authoredOn": "2026-10-23"}, UNKNOWN),
        ({"status": "stopped", **ending("2026-10-24")}, YES),
        ({"status": "stopped", **ending("2026-10-23")}, UNKNOWN),
        ({"status": "stopped", "dispenseRequest": {"validityPeriod": {"end": "2026-11-01"}}}, YES),
        ({"status": "stopped", "dosageInstruction": [{}, {"timing": {}}]}, UNKNOWN),
    ],
)
def test_a_request_counts_when_active_or_ended_within_thirty_days(elements: Json, taken: Truth) -> None:
    assert facts(request(**elements)).takes("lithium").truth is taken


@pytest.mark.parametrize(
    ("elements", "taken"),
    [
        ({}, YES),
        ({"status": "not-taken"}, NO),
        ({"status": "not-taken", "effectiveDateTime": "2026-11-24"}, UNKNOWN),
        ({"status": "intended"}, UNKNOWN),
        ({"status": "on-hold"}, UNKNOWN),
        ({"status": "completed", "effectivePeriod": {"start": "2020", "end": "2026-10-24"}}, YES),
        ({"status": "completed", "effectivePeriod": {"start": "2020", "end": "2026-10-23"}}, UNKNOWN),
        ({"status": "completed", "dateAsserted": "2026-11-01"}, YES),
        ({"effectivePeriod": {"start": "2026-11-24"}}, UNKNOWN),
    ],
)
def test_a_statement_of_a_medicine_counts_likewise(elements: Json, taken: Truth) -> None:
    assert facts(statement(**elements)).takes("lithium").truth is taken


def test_a_medicine_is_known_by_its_atc_prefix() -> None:
    diuretic = statement(medicationCodeableConcept=concept("atc", "C03CA01"))

    assert facts(diuretic).takes("diuretic").yes


def test_a_contained_medication_is_read() -> None:
    contained = request(
        medicationCodeableConcept=None,
        medicationReference={"reference": "#m"},
        contained=[
            {"resourceType": "Medication", "id": "x"},
            {"resourceType": "Medication", "id": "m", "code": LITHIUM},
        ],
    )

    assert facts(contained).takes("lithium").yes


@pytest.mark.parametrize("reference", ["Medication/m9", "https://ehr.example/Medication/m9", "urn:uuid:9"])
def test_a_bundled_medication_is_read_by_its_ingredient(reference: str) -> None:
    medication = {
        "resourceType": "Medication",
        "id": "m9",
        "ingredient": [{"itemCodeableConcept": LITHIUM}, {}],
    }
    asked = request(medicationCodeableConcept=None, medicationReference={"reference": reference})

    record = record_of([Entry(medication, "urn:uuid:9"), Entry(asked)], packaged())

    assert read_facts(record, ON, packaged()).facts.takes("lithium").yes


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"medicationReference": {"reference": "#m"}}, "more than one of"),
        (
            {
                "medicationCodeableConcept": None,
                "medicationReference": {"reference": "#m"},
                "contained": [{"id": "m", "code": 5}],
            },
            "code is a plain value",
        ),
    ],
)
def test_a_medicine_that_is_not_valid_fhir_is_set_aside(elements: Json, reason: str) -> None:
    found = read(request(**elements))

    assert [u.resource for u in found.unreadable] == ["MedicationRequest/m1"]
    assert reason in reason_words(found.unreadable[0].reason, packaged())


# --- Done and ordered -----------------------------------------------------------------------------

EMG = concept("snomed", "42803009")
REFERRAL = concept("snomed", "183521007")


def past(*resources: Json) -> list[tuple[str, bool, str | None]]:
    return [(p.id, p.done, p.when.text if p.when else None) for p in facts(*resources).past]


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [
        *(("Procedure", s, True) for s in ("completed", "in-progress")),
        ("Procedure", "preparation", False),
        *(("Procedure", s, None) for s in ("not-done", "entered-in-error", "stopped", "on-hold", "unknown")),
        *(
            ("DiagnosticReport", s, True)
            for s in ("final", "amended", "corrected", "appended", "preliminary", "partial")
        ),
        ("DiagnosticReport", "registered", False),
        *(("DiagnosticReport", s, None) for s in ("cancelled", "entered-in-error", "unknown")),
        ("ServiceRequest", "completed", True),
        *(("ServiceRequest", s, False) for s in ("active", "on-hold")),
        *(("ServiceRequest", s, None) for s in ("draft", "revoked", "entered-in-error", "unknown")),
    ],
)
def test_a_test_is_done_or_ordered_by_its_status(kind: str, status: str, done: bool | None) -> None:
    order = {"intent": "order"} if kind == "ServiceRequest" else {}

    found = facts(resource(kind, status=status, code=EMG, **order)).past

    assert [(p.id, p.done) for p in found] == ([] if done is None else [("emg", done)])


@pytest.mark.parametrize(
    ("kind", "elements", "when"),
    [
        ("Procedure", {"performedDateTime": "2026-09-01"}, "2026-09-01"),
        ("Procedure", {"performedPeriod": {"start": "2026-09-01", "end": "2026-09-02"}}, "2026-09-02"),
        ("Procedure", {"performedPeriod": {"start": "2026-09-01"}}, "2026-09-01"),
        ("DiagnosticReport", {"effectiveDateTime": "2026-09-01"}, "2026-09-01"),
        ("DiagnosticReport", {"effectivePeriod": {"start": "2026-09-01"}}, "2026-09-01"),
        ("DiagnosticReport", {"issued": "2026-09-01T10:00:00Z"}, "2026-09-01"),
        ("ServiceRequest", {"authoredOn": "2026-09-01"}, "2026-09-01"),
        ("ServiceRequest", {"occurrenceDateTime": "2026-09-01"}, "2026-09-01"),
        ("ServiceRequest", {"occurrencePeriod": {"start": "2026-09-01"}}, "2026-09-01"),
        ("Procedure", {}, None),
    ],
)
def test_a_test_bears_the_day_on_which_it_was_done_or_ordered(
    kind: str, elements: Json, when: str | None
) -> None:
    made = {"status": "completed", "code": EMG, **elements}
    made |= {"status": "final"} if kind == "DiagnosticReport" else {}
    made |= {"intent": "order"} if kind == "ServiceRequest" else {}

    assert past(resource(kind, **made)) == [("emg", True, when)]


def test_what_lies_after_the_day_is_not_past() -> None:
    assert past(resource("Procedure", status="completed", code=EMG, performedDateTime="2026-11-24")) == []


@pytest.mark.parametrize(("authored", "counts"), [("2026-11-09", True), ("2026-11-08", False), (None, False)])
def test_a_draft_of_the_last_two_weeks_counts_as_ordered(authored: str | None, counts: bool) -> None:
    draft = resource("ServiceRequest", status="draft", intent="proposal", code=EMG, authoredOn=authored)

    assert bool(past(draft)) is counts


def test_an_order_not_to_perform_is_none() -> None:
    assert (
        past(resource("ServiceRequest", status="active", intent="order", code=EMG, doNotPerform=True)) == []
    )


@pytest.mark.parametrize(
    ("code", "specialty", "referred"),
    [
        (REFERRAL, None, True),
        (concept("snomed", "3457005"), concept("snomed", "394591006"), True),
        (concept("snomed", "3457005"), None, False),
        (concept("snomed", "3457005"), concept("snomed", "394579002"), False),
    ],
)
def test_a_referral_to_neurology_is_one_by_its_code_or_its_specialty(
    code: Json, specialty: Json | None, referred: bool
) -> None:
    asked = resource("ServiceRequest", status="active", intent="order", code=code, performerType=specialty)

    assert ("neurology-referral" in [p.id for p in facts(asked).past]) is referred


def test_a_result_and_a_panel_show_that_their_analytes_were_done() -> None:
    panel = resource("DiagnosticReport", "d1", status="final", code=concept("loinc", "24323-8"))
    level = resource(
        "Observation", "o1", status="final", code=concept("loinc", "2823-3"), effectiveDateTime="2026-11-01"
    )

    assert {"sodium", "potassium", "calcium"} <= {p.id for p in facts(panel).past}
    assert past(level) == [("potassium", True, "2026-11-01")]


@pytest.mark.parametrize("status", ["registered", "cancelled", "entered-in-error", "unknown"])
def test_a_result_that_is_not_there_shows_nothing(status: str) -> None:
    assert past(resource("Observation", status=status, code=concept("loinc", "2823-3"))) == []


def test_past_is_what_the_rules_take() -> None:
    assert isinstance(facts(resource("Procedure", status="completed", code=EMG)).past[0], Past)


# --- Relatives ------------------------------------------------------------------------------------

ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
MND = concept("snomed", "86044005")


def relative(*codes: str, system: str = ROLES, **elements: Any) -> Json:
    return {
        "resourceType": "FamilyMemberHistory",
        "id": "f1",
        "patient": {"reference": "Patient/p1"},
        "status": "completed",
        "relationship": {"coding": [{"system": system, "code": code} for code in codes]},
        "condition": [{"code": MND}],
        **elements,
    }


@pytest.mark.parametrize(
    ("history", "degree"),
    [
        (relative("MTH"), YES),
        (relative("BRO"), YES),
        (relative("AUNT", "MTH"), YES),
        (relative("FAMMEMB"), UNKNOWN),
        (relative(), UNKNOWN),
        (relative("MTH", system="urn:other"), UNKNOWN),
        (relative("MTH", system="http://hl7.org/fhir/v3/RoleCode"), YES),
    ],
)
def test_a_relative_is_of_the_first_degree_by_code(history: Json, degree: Truth) -> None:
    assert [r.first_degree for r in facts(history).relatives] == [degree]


@pytest.mark.parametrize("code", ["AUNT", "HBRO"])
def test_a_distant_relative_says_nothing_of_the_near_ones(code: str) -> None:
    assert facts(relative(code)).relatives == ()


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "entered-in-error"},
        {"status": "health-unknown"},
        {"date": "2026-11-24"},
        {"condition": [{"code": concept("snomed", "125605004")}]},
        {"condition": []},
    ],
)
def test_a_history_that_does_not_count_is_passed_over(elements: Json) -> None:
    assert facts(relative("MTH", **elements)).relatives == ()


def test_a_history_whose_date_cannot_be_read_is_set_aside() -> None:
    found = read(relative("MTH", date="2026-02-30"))

    assert [u.resource for u in found.unreadable] == ["FamilyMemberHistory/f1"]
    assert found.facts.relatives == ()


# --- Questionnaires -------------------------------------------------------------------------------


def response(link_id: str, *answers: Json, **elements: Any) -> Json:
    made = {"status": "completed", "authored": "2026-11-20", **elements}
    item = [{"linkId": link_id, "answer": list(answers)}]
    return resource("QuestionnaireResponse", "q1", **{"item": item, **made})


OURS = {"questionnaire": f"{OWN_CANONICAL}Questionnaire/twitch"}


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        ({"valueBoolean": True}, YES),
        ({"valueBoolean": False}, NO),
        ({"valueCoding": {"system": "http://loinc.org", "code": "LA33-6"}}, YES),
        ({"valueCoding": {"system": "http://loinc.org", "code": "LA32-8"}}, NO),
        ({"valueCoding": {"system": "http://loinc.org", "code": "nonsense"}}, UNKNOWN),
        ({"valueCoding": {"code": "LA33-6"}}, UNKNOWN),
        ({"valueString": "yes"}, UNKNOWN),
        ({}, UNKNOWN),
    ],
)
def test_an_answer_is_a_statement(answer: Json, truth: Truth) -> None:
    said = facts(response("twitch-at-rest", answer))

    assert said.stated("twitch-at-rest").truth is truth


def test_an_answer_is_reported_and_counts_for_ninety_days() -> None:
    fresh = facts(response("difficulty-gripping", {"valueBoolean": True}))
    old = facts(response("difficulty-gripping", {"valueBoolean": True}, authored="2026-08-24"))

    (statement_,) = fresh.statements["muscle-weakness"]
    assert (statement_.form, statement_.examined) == (Form.ANSWER, False)
    assert fresh.stated("muscle-weakness").yes
    assert old.stated("muscle-weakness").truth is UNKNOWN


def test_our_own_choices_are_read_with_their_value() -> None:
    choice = {"valueCoding": {"system": packaged().uris["own"], "code": "improving"}}

    said = facts(response("twitch-course", choice)).statements["twitch-course"]

    assert [(s.truth, s.value) for s in said] == [(YES, "improving")]


@pytest.mark.parametrize(("ours", "truth"), [(OURS, YES), ({}, UNKNOWN)])
def test_a_concept_is_a_question_of_our_own_questionnaire_alone(ours: Json, truth: Truth) -> None:
    said = facts(response("muscle-weakness", {"valueBoolean": True}, **ours))

    assert said.stated("muscle-weakness").truth is truth


def site(code: str) -> Json:
    return {"valueCoding": {"system": "http://snomed.info/sct", "code": code}}


FOREARM, HAND, LEFT_HAND = site("14975008"), site("85562004"), site("85151006")


@pytest.mark.parametrize(
    ("answer", "low", "high"),
    [
        ({"valueDate": "2026-11-01"}, 22, 22),
        ({"valueDate": "2026-10"}, 23, 53),
        ({"valueDateTime": "2026-11-01T10:00:00Z"}, 22, 22),
        ({"valueDate": "2026-11"}, 3, 22),
    ],
)
def test_since_when_it_twitches_is_the_onset_of_the_twitch(answer: Json, low: int, high: int) -> None:
    twitch = facts(condition(TWITCH), response("twitch-onset", answer, **OURS)).twitch

    assert twitch.duration == Amount(low, high, "d")


def test_since_when_it_twitches_states_no_twitch() -> None:
    said = facts(response("twitch-onset", {"valueDate": "2026-11-01"}, **OURS))

    assert said.twitch.present.truth is UNKNOWN


@pytest.mark.parametrize("authored", ["2026-11-20", None])
def test_an_onset_long_ago_does_not_make_the_answer_old(authored: str | None) -> None:
    onset = response("twitch-onset", {"valueDate": "2025"}, **OURS, authored=authored)
    twitch = facts(condition(TWITCH), onset).twitch

    assert twitch.lasted_longer_than(14).yes


def test_an_onset_after_the_answer_says_nothing_and_is_told() -> None:
    found = read(response("twitch-onset", {"valueDate": "2026-11-21"}, **OURS))

    assert found.facts.statements == {}
    assert [u.resource for u in found.unreadable] == ["QuestionnaireResponse/q1"]


@pytest.mark.parametrize(
    ("link_id", "places", "sites"),
    [
        ("twitch-site", [FOREARM], ("forearm",)),
        ("twitch-site", [LEFT_HAND], ("hand-left",)),
        ("twitch-site-left", [FOREARM, HAND], ("forearm-left", "hand-left")),
        ("twitch-site-right", [HAND], ("hand-right",)),
        ("twitch-site-right", [LEFT_HAND], ("hand-left",)),
    ],
)
def test_where_it_twitches_is_a_site_with_its_side(
    link_id: str, places: list[Json], sites: tuple[str, ...]
) -> None:
    twitch = facts(response(link_id, *places, **OURS)).twitch

    assert twitch.present.yes
    assert twitch.sites == sites


def test_places_of_one_answer_are_widespread_and_not_spread() -> None:
    twitch = facts(response("twitch-site-left", FOREARM, HAND, **OURS)).twitch

    assert twitch.widespread
    assert not twitch.spreading.yes


def test_a_place_that_is_new_in_a_later_answer_is_spread() -> None:
    first = response("twitch-site-left", HAND, **OURS, authored="2026-10-01")
    second = {**response("twitch-site-left", FOREARM, **OURS), "id": "q2"}

    assert facts(first, second).twitch.spreading.yes


@pytest.mark.parametrize(
    ("link_id", "answer", "ours"),
    [
        ("twitch-site", site("699377006"), OURS),
        ("twitch-site", {"valueCoding": {"system": "http://snomed.info/sct"}}, OURS),
        ("twitch-site", {"valueString": "the hand"}, OURS),
        ("twitch-onset", {"valueString": "in May"}, OURS),
        ("twitch-onset", {}, OURS),
        ("twitch-site", HAND, {}),
        ("twitch-onset", {"valueDate": "2026-11-01"}, {}),
    ],
)
def test_what_names_no_place_and_no_day_says_nothing(link_id: str, answer: Json, ours: Json) -> None:
    assert facts(response(link_id, answer, **ours)).statements == {}


def test_a_twitch_denied_and_placed_by_one_answer_stands() -> None:
    denied = {"linkId": "fasciculation", "answer": [{"valueBoolean": False}]}
    placed = {"linkId": "twitch-site", "answer": [HAND]}

    twitch = facts(response("", **OURS, item=[denied, placed])).twitch

    assert twitch.present.yes


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        ({"valueBoolean": True}, YES),
        ({"valueBoolean": False}, NO),
        ({"valueCoding": {"system": "http://loinc.org", "code": "LA32-8"}}, NO),
        ({"valueString": "an uncle"}, UNKNOWN),
        ({}, UNKNOWN),
    ],
)
def test_the_family_history_is_answered_for_the_first_degree(answer: Json, truth: Truth) -> None:
    said = facts(response("family-history-of-mnd", answer, **OURS))

    assert RULES["family-history-of-mnd"].ask(said, packaged().thresholds).truth is truth


def test_a_no_of_the_patient_does_not_take_back_a_recorded_relative() -> None:
    denied = response("family-history-of-mnd", {"valueBoolean": False}, **OURS)

    said = facts(relative("MTH"), denied)

    assert RULES["family-history-of-mnd"].ask(said, packaged().thresholds).truth is YES


def test_a_diagnosis_is_no_question() -> None:
    said = facts(response("multiple-sclerosis", {"valueBoolean": True}, **OURS))

    assert said.statements == {}


@pytest.mark.parametrize(
    ("elements", "read_"),
    [
        ({"status": "completed"}, True),
        ({"status": "amended"}, True),
        ({"status": "in-progress"}, True),
        ({"status": "stopped"}, False),
        ({"status": "entered-in-error"}, False),
        ({"authored": "2026-11-24"}, False),
        ({"authored": None}, True),
    ],
)
def test_a_response_is_read_by_its_status_and_day(elements: Json, read_: bool) -> None:
    said = facts(response("twitch-at-rest", {"valueBoolean": True}, **elements))

    assert bool(said.statements) is read_


def test_an_unfinished_response_is_marked_preliminary() -> None:
    said = facts(response("twitch-at-rest", {"valueBoolean": True}, status="in-progress"))

    assert said.stated("twitch-at-rest").basis[0].notes == (Reason("preliminary"),)


@pytest.mark.parametrize(
    ("link_id", "answer", "analyte", "amount"),
    [
        ("caffeine-intake", quantity(500, "mg/d"), "caffeine-intake", Amount(500, 500, "mg/d")),
        ("fluid-intake", quantity(900, "mL/d"), "fluid-intake", Amount(0.9, 0.9, "L/d")),
        ("fluid-intake", quantity(900, "furlong"), "fluid-intake", None),
    ],
)
def test_a_quantity_is_a_result(link_id: str, answer: Json, analyte: str, amount: Amount | None) -> None:
    said = facts(response(link_id, {"valueQuantity": answer}))

    assert [r.amount for r in said.results[analyte]] == [amount]


@pytest.mark.parametrize(
    ("answer", "truth"),
    [({"valueInteger": 4}, YES), ({"valueInteger": 5}, UNKNOWN), ({"valueDecimal": 3}, YES), ({}, UNKNOWN)],
)
def test_a_grade_is_weakness_below_five(answer: Json, truth: Truth) -> None:
    said = facts(response("mrc-grade", answer)).statements["muscle-weakness"]

    assert [s.truth for s in said] == [truth]


def test_nested_items_and_items_below_answers_are_read() -> None:
    inner = {"linkId": "twitch-at-rest", "answer": [{"valueBoolean": True}]}
    outer = {
        "linkId": "group",
        "item": [{"linkId": "x", "answer": [{"valueBoolean": True, "item": [inner]}]}],
    }

    assert facts(response("x", item=[outer])).stated("twitch-at-rest").yes


def test_a_link_id_that_is_not_ours_says_nothing() -> None:
    assert facts(response("favourite-colour", {"valueBoolean": True}, **OURS)).statements == {}
