"""Raw resources into the record of one patient: whose they are, which concern a rule, which are junk."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import NotABundle, SeveralPatients
from service.fhir.read.record import BUNDLE_TYPES, Entry, Record, entries, record_of
from service.fhir.references import normal
from tests.fhir.resources import (
    A_TWITCH,
    PATIENT,
    TWITCH,
    concept,
    condition,
    observation,
    packaged,
    resource,
)


def bundle(*resources: Any, kind: str = "collection") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": r} for r in resources]}


def sorted_(*resources: Any, patient: str | None = None) -> Record:
    return record_of(resources, packaged(), patient=patient)


# --- Bundles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BUNDLE_TYPES)
def test_the_entries_of_a_bundle_are_its_resources(kind: str) -> None:
    listed = entries(bundle(PATIENT, A_TWITCH, kind=kind))

    assert [e.resource["resourceType"] for e in listed] == ["Patient", "Condition"]


@pytest.mark.parametrize(
    ("junk", "words"),
    [
        ([], "not an array"),
        (None, "Expected a FHIR Bundle"),
        ("Bundle", "Expected a FHIR Bundle"),
        ({}, "Expected a FHIR Bundle"),
        ({"resourceType": "Patient"}, "Expected a FHIR Bundle"),
        ({"resourceType": "Bundle"}, "Bundle.type"),
        ({"resourceType": "Bundle", "type": "history"}, "Bundle.type"),
        ({"resourceType": "Bundle", "type": ["collection"]}, "Bundle.type"),
        ({"resourceType": "Bundle", "type": "collection", "entry": {}}, "must be an array"),
    ],
)
def test_what_is_no_bundle_is_refused_with_what_to_do(junk: Any, words: str) -> None:
    with pytest.raises(NotABundle, match=words):
        entries(junk)


def test_a_bundle_without_entries_is_empty() -> None:
    assert entries({"resourceType": "Bundle", "type": "searchset"}) == []


def test_entries_that_only_say_what_happened_are_passed_over() -> None:
    response = {
        "resourceType": "Bundle",
        "type": "batch-response",
        "entry": [{"response": {"status": "204"}}, {"request": {"method": "DELETE"}}, {"fullUrl": "urn:x"}],
    }

    assert entries(response) == [Entry(None, "urn:x")]


@pytest.mark.parametrize("junk", [None, 5, "x", [], {}, {"resourceType": 5}, {"resourceType": ["Patient"]}])
def test_a_junk_entry_is_set_aside_and_the_rest_is_kept(junk: Any) -> None:
    record = sorted_(A_TWITCH, junk, PATIENT)

    assert [u.resource for u in record.unreadable] == ["entry 1"]
    assert (record.read, record.relevant) == (3, 2)


@pytest.mark.parametrize("junk", [None, 5, "x", [[]]])
def test_a_bundle_of_junk_entries_is_read_to_its_end(junk: Any) -> None:
    raw = {"resourceType": "Bundle", "type": "collection", "entry": [junk, {"resource": A_TWITCH}]}

    record = record_of(entries(raw), packaged())

    assert len(record.unreadable) == 1
    assert record.relevant == 1


# --- Whose record it is ---------------------------------------------------------------------------


def about(reference: str | None, name: str = "c1") -> dict[str, Any]:
    subject = {"subject": {"reference": reference}} if reference else {"subject": {}}
    return {"resourceType": "Condition", "id": name, "code": TWITCH, **subject}


def test_the_only_patient_is_the_one_and_others_are_counted() -> None:
    record = sorted_(PATIENT, about("Patient/p1"), about("Patient/p2"), about("Patient/p2"))

    assert (record.patient, record.other_subjects, record.relevant) == ("Patient/p1", 2, 2)


def test_without_a_patient_the_only_subject_is_the_one() -> None:
    record = sorted_(about("Patient/p1"), about("Patient/p1"))

    assert (record.patient, record.other_subjects) == ("Patient/p1", 0)


def test_without_any_subject_everything_is_read() -> None:
    record = sorted_(about(None))

    assert (record.patient, record.relevant) == (None, 1)


def test_nothing_at_all_is_an_empty_record() -> None:
    assert sorted_() == Record()


def test_a_group_as_the_subject_is_nobody() -> None:
    assert sorted_(about("Group/g1")).patient is None


@pytest.mark.parametrize(
    "resources",
    [
        (about("Patient/p1"), about("Patient/p2")),
        (PATIENT, {"resourceType": "Patient", "id": "p2"}),
        (about("Patient/p1"), about("urn:uuid:1")),
    ],
)
def test_several_people_need_somebody_to_say_whom_to_assess(resources: tuple[Any, ...]) -> None:
    with pytest.raises(SeveralPatients) as caught:
        sorted_(*resources)

    assert len(caught.value.references) > 1


NEW = {"resourceType": "Patient", "birthDate": "1974-03-12"}


def test_the_only_patient_of_a_transaction_has_an_address_and_no_id() -> None:
    listed = [Entry(NEW, "urn:uuid:1"), Entry(about("urn:uuid:1")), Entry(about("Patient/p2"))]

    record = record_of(listed, packaged())

    assert (record.patient, record.other_subjects, record.relevant) == ("urn:uuid:1", 1, 2)


def test_two_new_patients_of_a_transaction_are_not_mixed() -> None:
    listed = [Entry(NEW, "urn:uuid:1"), Entry(NEW, "urn:uuid:2"), Entry(about("urn:uuid:2"))]

    with pytest.raises(SeveralPatients, match="urn:uuid:2"):
        record_of(listed, packaged())
    assert record_of(listed, packaged(), patient="urn:uuid:2").relevant == 2


@pytest.mark.parametrize("whom", ["p2", "Patient/p2", "https://ehr.example/fhir/Patient/p2"])
def test_who_is_named_is_assessed(whom: str) -> None:
    record = sorted_(about("Patient/p1"), about("Patient/p2"), patient=whom)

    assert (record.patient, record.other_subjects, record.relevant) == ("Patient/p2", 1, 1)


@pytest.mark.parametrize(
    ("reference", "plain"),
    [
        ("Patient/p1", "Patient/p1"),
        ("https://ehr.example/fhir/Patient/p1", "Patient/p1"),
        ("https://ehr.example/fhir/Patient/p1/_history/3", "Patient/p1"),
        ("Patient/p1/_history/3", "Patient/p1"),
        ("Patient/p1/", "Patient/p1"),
        ("urn:uuid:123", "urn:uuid:123"),
        ("p1", "p1"),
    ],
)
def test_a_reference_is_compared_by_type_and_id(reference: str, plain: str) -> None:
    assert normal(reference) == plain


@pytest.mark.parametrize("reference", ["https://ehr.example/fhir/Patient/p1", "Patient/p1/_history/2"])
def test_absolute_and_versioned_references_name_the_same_patient(reference: str) -> None:
    record = sorted_(PATIENT, about(reference))

    assert (record.other_subjects, record.relevant) == (0, 2)


def test_a_urn_names_the_patient_of_its_entry() -> None:
    listed = [
        Entry(PATIENT, "urn:uuid:1"),
        Entry(about("urn:uuid:1"), "urn:uuid:2"),
        Entry(about("urn:uuid:9"), "urn:uuid:3"),
    ]

    record = record_of(listed, packaged())

    assert (record.patient, record.other_subjects, record.relevant) == ("Patient/p1", 1, 2)


def test_a_patient_without_an_id_is_still_the_patient() -> None:
    record = sorted_({"resourceType": "Patient"}, about(None))

    assert [kept.source for kept in record.of("Patient")] == ["Patient (entry 0)"]


@pytest.mark.parametrize("subject", [5, "Patient/p2", ["Patient/p2"], {"reference": 5}, None])
def test_a_subject_that_cannot_be_read_excludes_nothing(subject: Any) -> None:
    record = sorted_(PATIENT, {"resourceType": "Condition", "id": "c1", "code": TWITCH, "subject": subject})

    assert record.relevant == 2


def test_family_history_is_about_its_patient() -> None:
    history = {"resourceType": "FamilyMemberHistory", "id": "f", "patient": {"reference": "Patient/p2"}}

    assert sorted_(PATIENT, history).other_subjects == 1


# --- What concerns a rule -------------------------------------------------------------------------

UNKNOWN_CODE = concept("snomed", "125605004")
RELATIVE = {"resourceType": "FamilyMemberHistory", "id": "f"}


@pytest.mark.parametrize(
    ("resource_", "kept"),
    [
        (A_TWITCH, True),
        (condition(UNKNOWN_CODE), False),
        (condition({"text": "fasciculation"}), True),
        (condition({"text": "no fasciculation"}), False),
        (condition({"coding": [*UNKNOWN_CODE["coding"], *TWITCH["coding"]]}), True),
        (condition({"coding": [{"system": "http://snomed.info/sct"}]}), False),
        (condition({"coding": [{"code": "82470000"}]}), False),
        ({"resourceType": "Condition", "id": "c"}, False),
        (condition("R25.3"), True),
        (condition({"coding": "R25.3"}), True),
        (condition({"coding": [5]}), True),
        (observation(UNKNOWN_CODE), False),
        ({"resourceType": "Observation", "id": "o"}, True),
        (observation(UNKNOWN_CODE, valueCodeableConcept=TWITCH), True),
        (observation(UNKNOWN_CODE, component=[{"code": TWITCH}]), True),
        (observation(UNKNOWN_CODE, component=[{"code": UNKNOWN_CODE}]), False),
        (observation(UNKNOWN_CODE, component=[{"code": {}, "component": [{"code": TWITCH}]}]), False),
        (observation(UNKNOWN_CODE, component="junk"), False),
        (resource("Procedure", code=concept("snomed", "42803009")), True),
        (resource("Procedure", code=UNKNOWN_CODE), False),
        (resource("ServiceRequest", performerType=concept("snomed", "394591006")), False),
        (resource("DiagnosticReport", code=concept("loinc", "24590-2")), True),
        ({**RELATIVE, "condition": [{"code": concept("snomed", "86044005")}]}, True),
        ({**RELATIVE, "condition": [{"code": UNKNOWN_CODE}]}, False),
        ({**RELATIVE}, False),
        ({**RELATIVE, "condition": 5}, True),
        ({**RELATIVE, "condition": [5]}, True),
        (resource("MedicationRequest"), True),
        (resource("QuestionnaireResponse"), True),
        (resource("Encounter", code=TWITCH), False),
    ],
)
def test_only_what_a_rule_asks_about_is_kept(resource_: Any, kept: bool) -> None:
    assert bool(sorted_(resource_, patient="p1").relevant) is kept


def test_medications_are_found_by_their_reference_and_their_address() -> None:
    medication = {"resourceType": "Medication", "id": "m1"}

    record = record_of([Entry(medication, "urn:uuid:5")], packaged())

    assert record.medications.keys() == {"Medication/m1", "urn:uuid:5"}


def test_a_resource_without_an_id_is_named_by_its_place() -> None:
    nameless = {k: v for k, v in A_TWITCH.items() if k != "id"}

    assert [k.source for k in sorted_(PATIENT, nameless).of("Condition")] == ["Condition (entry 1)"]


def test_a_record_without_a_type_has_none_of_it() -> None:
    assert sorted_().of("Observation") == ()
