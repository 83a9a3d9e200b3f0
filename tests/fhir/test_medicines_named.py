"""Which medicine a MedicationRequest or MedicationStatement is of: by product, by name, or unread."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts import Facts, UnreadMedicine
from service.facts.reasons import reason
from service.facts.truth import Truth
from service.fhir.read import read_facts
from service.fhir.read.medicines import BY_NAME
from service.fhir.read.record import Entry, record_of
from tests.fhir.resources import ON, Json, concept, facts, packaged, read, resource

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOCAL = "urn:oid:1.2.3.4"
LITHIUM, PRODUCT = "6448", "310436"
UNKNOWN_PRODUCT = "9999999"


def coding(code: str | None = None, display: str | None = None, system: str = RXNORM) -> Json:
    found = {"system": system, "code": code, "display": display}
    return {name: value for name, value in found.items() if value is not None}


def request(medicine: Json | None = None, /, name: str = "m1", **elements: Any) -> Json:
    made = {"status": "active", "intent": "order", "authoredOn": "2026-11-01", **elements}
    if medicine is not None:
        made["medicationCodeableConcept"] = medicine
    return resource("MedicationRequest", name, **made)


def statement(medicine: Json | None = None, /, **elements: Any) -> Json:
    made = {"status": "active", "dateAsserted": "2026-11-01", **elements}
    if medicine is not None:
        made["medicationCodeableConcept"] = medicine
    return resource("MedicationStatement", "s1", **made)


def text(said: str) -> Json:
    return {"text": said}


def taken(*resources: Json) -> list[str]:
    return sorted({use.medicine for use in facts(*resources).medicines if use.truth is Truth.YES})


def unread(*resources: Json) -> list[str]:
    return [each.source for each in facts(*resources).unread_medicines]


# --- By product -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "medicine"),
    [
        ("310436", "cholinesterase-inhibitor"),
        ("93252", "diuretic"),
        ("316049", "diuretic"),
        ("998582", "cholinesterase-inhibitor"),
        ("1858971", "cholinesterase-inhibitor"),
        ("745679", "beta-agonist"),
        ("896209", "beta-agonist"),
        ("1886", "caffeine"),
    ],
)
@pytest.mark.parametrize("system", [RXNORM, "urn:oid:2.16.840.1.113883.6.88"])
def test_a_product_is_its_ingredients(code: str, medicine: str, system: str) -> None:
    assert taken(request({"coding": [coding(code, system=system)]})) == [medicine]


def test_a_product_that_came_without_words_is_named_by_rxnorm() -> None:
    (use,) = facts(request({"coding": [coding("310436")]})).medicines

    assert (use.basis.value, use.basis.notes) == ("Galantamine 4 MG Oral Tablet", ())


def test_a_long_name_of_a_product_ends_with_a_word() -> None:
    (use,) = facts(request({"coding": [coding("541363")]})).medicines

    assert use.basis.value == "amphetamine aspartate 7.5 MG / amphetamine sulfate 7.5 MG …"


def test_a_product_code_of_another_system_is_none() -> None:
    assert taken(request({"coding": [coding(PRODUCT, "a thing", system=LOCAL)]})) == []


def test_a_known_code_goes_before_a_name() -> None:
    known = {"coding": [coding(PRODUCT, "Galantamine")], "text": "lithium carbonate"}

    assert taken(request(known)) == ["cholinesterase-inhibitor"]
    assert facts(request(known)).medicines[0].basis.notes == ()


def test_caffeine_is_read_by_its_atc_code_and_is_no_stimulant() -> None:
    assert taken(request(concept("atc", "N06BC01"))) == ["caffeine"]


def test_a_brand_is_shown_as_it_is_written() -> None:
    (use,) = facts(request(text("PRIADEL 400"))).medicines

    assert use.basis.value == "Priadel"


# --- By name --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "medicine",
    [
        text("Lithium carbonate 300 mg"),
        {"coding": [coding(UNKNOWN_PRODUCT, "lithium carbonate 300 MG")]},
        {"coding": [coding("L1", "LITHIUM 300", LOCAL)]},
        {"coding": [{"display": "Lithium"}]},
        {"coding": [coding("L1", system=LOCAL)], "text": "lithium"},
        {"coding": [coding("L1", "capsule", LOCAL), coding("L2", "Lithobid", LOCAL)]},
    ],
)
def test_without_a_known_code_the_name_decides(medicine: Json) -> None:
    found = facts(request(medicine))

    assert [(u.medicine, u.basis.notes) for u in found.medicines] == [("lithium", (BY_NAME,))]
    assert found.takes("lithium").yes
    assert found.unread_medicines == ()


def test_the_basis_names_the_name_and_nothing_else_of_the_text() -> None:
    (use,) = facts(request(text("PREDNISONE 5 mg for Mrs Smith"))).medicines

    assert use.basis.value == "Prednisone"


@pytest.mark.parametrize(
    "reference",
    [
        {"display": "Lithium carbonate 300 MG"},
        {"reference": "Medication/gone", "display": "Lithium carbonate 300 MG"},
        {"identifier": {"value": "7"}, "display": "lithium"},
    ],
)
def test_the_display_of_a_reference_is_a_name(reference: Json) -> None:
    assert taken(request(medicationReference=reference)) == ["lithium"]


@pytest.mark.parametrize(
    "medicine",
    [text("warfarin 5 mg"), {"coding": [coding(UNKNOWN_PRODUCT, "PACLitaxel 100 MG Injection")]}],
)
def test_a_named_medicine_that_is_not_in_our_table_is_read_and_is_none_of_ours(medicine: Json) -> None:
    found = read(request(medicine))

    assert found.facts.medicines == ()
    assert found.facts.unread_medicines == ()
    assert found.unreadable == ()


def test_notes_and_dosage_instructions_are_no_names() -> None:
    wordy = request(
        text("warfarin"), note=[{"text": "lithium"}], dosageInstruction=[{"text": "with lithium"}]
    )

    assert taken(wordy) == []


# --- Told by nothing ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"medicationCodeableConcept": {}},
        {"medicationCodeableConcept": text("-")},
        {"medicationCodeableConcept": {"coding": [coding(UNKNOWN_PRODUCT)]}},
        {"medicationCodeableConcept": {"coding": [coding("L1", system=LOCAL)]}},
        {"medicationReference": {"reference": "Medication/gone"}},
        {"medicationReference": {"reference": "#gone"}},
        {"medicationReference": {"identifier": {"value": "7"}}},
        {
            "medicationReference": {"reference": "#m"},
            "contained": [{"resourceType": "Medication", "id": "m"}],
        },
        {"medicationCodeableConcept": text("lithium battery")},
        {"medicationCodeableConcept": text("lithium carbonate 300 mg discontinued")},
        {
            "medicationCodeableConcept": {
                "coding": [coding("L1", "Lithium 300", LOCAL)],
                "text": "stop lithium",
            }
        },
        {"medicationReference": {"display": "allergy to lithium"}},
    ],
)
def test_a_medicine_without_a_known_code_or_a_name_is_unread(elements: Json) -> None:
    found = read(request(**elements))

    assert found.facts.unread_medicines == (UnreadMedicine("MedicationRequest/m1", "2026-11-01"),)
    assert found.facts.medicines == ()
    assert found.unreadable == ()


def test_a_known_code_names_it_whatever_the_text_says() -> None:
    both = {"coding": [coding(LITHIUM)], "text": "lithium discontinued"}

    assert taken(request(both)) == ["lithium"]
    assert unread(request(both)) == []


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "cancelled"},
        {"status": "draft"},
        {"status": "on-hold"},
        {"status": "entered-in-error"},
        {"status": "stopped", "authoredOn": "2020-01-01"},
        {"intent": "proposal"},
        {"intent": "plan"},
        {"doNotPerform": True},
        {"authoredOn": "2026-11-24"},
    ],
)
def test_what_is_not_taken_is_not_unread_either(elements: Json) -> None:
    assert unread(request(**elements)) == []


def test_a_statement_without_a_name_that_is_not_taken_says_nothing() -> None:
    found = facts(statement(status="not-taken"))

    assert (found.medicines, found.unread_medicines) == ((), ())


def test_unread_medicines_stand_by_their_source() -> None:
    several = [request(name=name) for name in ("b", "a", "c")]

    expected = ["MedicationRequest/a", "MedicationRequest/b", "MedicationRequest/c"]
    assert all(unread(*order) == expected for order in permutations(several))


# --- Lithium --------------------------------------------------------------------------------------


def lithium(*resources: Json) -> Facts:
    return facts(*resources)


def test_lithium_stated_as_not_taken_is_no() -> None:
    answer = facts(statement(text("Lithium carbonate"), status="not-taken")).takes("lithium")

    assert answer.truth is Truth.NO
    assert [b.notes for b in answer.basis] == [(BY_NAME,)]


def test_an_unread_medicine_leaves_lithium_unknown_and_says_why() -> None:
    answer = facts(request()).takes("lithium")

    assert answer.truth is Truth.UNKNOWN
    assert answer.gaps[0].why == reason("medicine-not-told", source="MedicationRequest/m1")


def test_an_unread_medicine_does_not_overturn_a_statement() -> None:
    """Learning more never overturns an answer: that it is not taken was said of lithium itself."""
    denied = statement(text("lithium"), status="not-taken")

    assert facts(denied, request()).takes("lithium").truth is Truth.NO
    assert facts(request(text("lithium")), request(name="m2")).takes("lithium").truth is Truth.YES


# --- Forms and routes -----------------------------------------------------------------------------


def route(said: str | None = None, display: str | None = None) -> Json:
    concept: Json = {}
    if said:
        concept["text"] = said
    if display:
        concept["coding"] = [{"display": display}]
    return {"route": concept}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "elements",
    [
        {"dosageInstruction": [route("Topical")]},
        {"dosageInstruction": [route(display="Ophthalmic route")]},
        {"dosageInstruction": [route("nasal"), route("Nasal route")]},
        {"dosageInstruction": [route("eye"), {}]},
    ],
)
def test_a_local_route_does_not_count_even_where_a_code_is_known(elements: Json, known: bool) -> None:
    medicine = {"coding": [coding("8638", "prednisolone")]} if known else text("prednisolone")

    assert taken(request(medicine, **elements)) == []
    assert unread(request(medicine, **elements)) == []


@pytest.mark.parametrize("routes", [[route("oral")], [route("oral"), route("topical")], [{}]])
def test_another_route_counts(routes: list[Json]) -> None:
    assert taken(request(text("prednisolone"), dosageInstruction=routes)) == ["corticosteroid"]
    assert taken(statement(text("prednisolone"), dosage=routes)) == ["corticosteroid"]


def test_the_route_of_a_statement_counts_too() -> None:
    assert taken(statement(text("prednisolone"), dosage=[route("in the ear")])) == []


@pytest.mark.parametrize("said", ["Eye drops", "Ointment", "Nasal spray", "Vaginal cream"])
def test_a_local_form_of_the_medication_does_not_count(said: str) -> None:
    medication = {
        "resourceType": "Medication",
        "id": "m",
        "code": {"coding": [coding("8638", "prednisolone")]},
        "form": text(said),
    }

    assert taken(request(medicationReference={"reference": "#m"}, contained=[medication])) == []


@pytest.mark.parametrize(
    "medicine",
    [
        text("hydrocortisone cream"),
        {"coding": [coding("8638", "prednisolone acetate 1 % Ophthalmic Suspension")]},
        {"coding": [coding("3264"), coding("L1", "Dexamethasone ear drops", LOCAL)]},
        {"coding": [coding("36117")], "text": "something for the nose"},
    ],
)
def test_a_local_form_by_name_does_not_count(medicine: Json) -> None:
    assert (taken(request(medicine)), unread(request(medicine))) == ([], [])


@pytest.mark.parametrize(
    ("elements", "counts"),
    [
        ({"medicationCodeableConcept": text("hydrocortisone")}, False),
        ({"medicationCodeableConcept": text("hydrocortisone 10 mg tablet")}, True),
        ({"medicationCodeableConcept": text("hydrocortisone"), "dosageInstruction": [route("Oral")]}, True),
        ({"medicationCodeableConcept": text("betamethasone"), "dosageInstruction": [route("iv")]}, False),
        ({"medicationCodeableConcept": text("Betamethasone injection")}, True),
    ],
)
def test_what_is_mostly_a_cream_counts_where_it_is_swallowed_or_injected(
    elements: Json, counts: bool
) -> None:
    assert (taken(request(**elements)) == ["corticosteroid"]) is counts


@pytest.mark.parametrize(
    "elements",
    [
        {"medicationCodeableConcept": text("prednisolone inhaler")},
        {"medicationCodeableConcept": {"coding": [coding("3264", "Dexamethasone Metered Dose Inhaler")]}},
        {"medicationCodeableConcept": text("dexamethasone"), "dosageInstruction": [route("Inhalation")]},
    ],
)
def test_an_inhaled_corticosteroid_does_not_count(elements: Json) -> None:
    assert (taken(request(**elements)), unread(request(**elements))) == ([], [])


@pytest.mark.parametrize(
    "medicine",
    [
        text("Salbutamol 100 micrograms inhaler"),
        text("Budesonide 160 / formoterol 4.5 inhalation powder"),
        {"coding": [coding("745679", "Albuterol Metered Dose Inhaler")]},
    ],
)
def test_an_inhaled_beta_agonist_counts(medicine: Json) -> None:
    assert taken(request(medicine, dosageInstruction=[route("Inhalation")])) == ["beta-agonist"]


@pytest.mark.parametrize("medicine", [text("Lithium carbonicum 30C"), text("lithium 6X pellets")])
def test_a_homeopathic_potency_does_not_count(medicine: Json) -> None:
    assert (taken(request(medicine)), unread(request(medicine))) == ([], [])


def test_a_local_form_that_is_not_taken_denies_nothing() -> None:
    denied = statement(text("lithium succinate ointment"), status="not-taken")

    assert facts(denied).takes("lithium").truth is Truth.UNKNOWN


# --- Medications of their own ---------------------------------------------------------------------


@pytest.mark.parametrize("ingredient", [{"itemCodeableConcept": text("lithium carbonate")}])
@pytest.mark.parametrize("code", [None, text("capsule"), {"coding": [coding("L1", system=LOCAL)]}])
def test_a_bundled_medication_is_read_by_name(code: Json | None, ingredient: Json) -> None:
    medication = {"resourceType": "Medication", "id": "m9", "code": code, "ingredient": [ingredient]}
    asked = request(medicationReference={"reference": "Medication/m9"})

    record = record_of([Entry(medication), Entry(asked)], packaged())
    found = read_facts(record, ON, packaged()).facts

    assert found.takes("lithium").yes
    assert found.unread_medicines == ()


# --- Order, and whatever is sent ------------------------------------------------------------------

CODINGS = [
    coding(LITHIUM, "Lithium"),
    coding(PRODUCT),
    coding(PRODUCT, "Galantamine 4 MG"),
    coding("L1", "Lithium 300", LOCAL),
    coding(UNKNOWN_PRODUCT, "hydrochlorothiazide 12.5"),
    coding("C03CA01", "furosemide", "http://www.whocc.no/atc"),
    {"display": "prednisone"},
    {"display": "eye drops"},
    {"display": "lithium level"},
    {},
]


@given(st.lists(st.sampled_from(CODINGS), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_codings_is_no_matter(codings: list[Json], random: Any) -> None:
    shuffled = random.sample(codings, len(codings))

    one, other = facts(request({"coding": codings})), facts(request({"coding": shuffled}))

    assert set(one.medicines) == set(other.medicines)
    assert one.unread_medicines == other.unread_medicines


@given(st.lists(st.sampled_from(CODINGS), max_size=4), st.lists(st.sampled_from(CODINGS), max_size=4))
def test_another_medicine_overturns_no_answer(first: list[Json], second: list[Json]) -> None:
    alone = facts(request({"coding": first}))
    both = facts(request({"coding": first}), request({"coding": second}, name="m2"))

    for medicine in packaged().medicines:
        before = alone.takes(medicine).truth
        assert before is Truth.UNKNOWN or both.takes(medicine).truth is before


@given(st.text(max_size=40))
def test_any_text_is_read_without_failure(said: str) -> None:
    found = read(request(text(said or "x")))

    assert found.unreadable == ()
    assert not (found.facts.medicines and found.facts.unread_medicines)
