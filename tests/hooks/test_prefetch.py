"""What arrives in a prefetch: the table of CDS Hooks, row by row."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from service.errors import RecordNotAvailable
from service.fhir.read.record import Entry
from service.hooks.prefetch import TEMPLATES, Prefetched, gather
from tests.fhir.resources import packaged

Raw = Callable[[dict[str, Any]], dict[str, msgspec.Raw]]

NOTHING = {"resourceType": "Bundle", "type": "searchset", "total": 0}
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]}
WARNING = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "not-found"}]}
CONDITION = {"resourceType": "Condition", "id": "c1"}
NEXT = [{"relation": "self", "url": "https://ehr/1"}, {"relation": "next", "url": "https://ehr/2"}]
REQUIRED = {"conditions": NOTHING, "observations": NOTHING}
EVERYTHING = {source.key: NOTHING for source in TEMPLATES} | {"patient": {"resourceType": "Patient"}}


def bundle(*resources: Any, **more: Any) -> dict[str, Any]:
    return {**NOTHING, "entry": [{"resource": resource} for resource in resources], **more}


def found(prefetched: Prefetched) -> list[Entry]:
    resources, _ = prefetched.resources(packaged())
    return resources


@pytest.mark.conformance("prefetch-null", "prefetch-empty", "prefetch-only-outcomes")
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="null"),
        pytest.param(NOTHING, id="a searchset without entry"),
        pytest.param({**NOTHING, "entry": []}, id="a searchset with no entries"),
        pytest.param({**NOTHING, "entry": None}, id="a searchset whose entry is null"),
        pytest.param(bundle(WARNING), id="nothing but a warning"),
        pytest.param(
            {**NOTHING, "entry": [{"resource": WARNING, "search": {"mode": "outcome"}}]},
            id="nothing but an outcome entry, as Epic sends it",
        ),
    ],
)
def test_a_query_without_results_means_none_on_record(raw: Raw, value: Any) -> None:
    prefetched = gather(raw({**EVERYTHING, "conditions": value}), TEMPLATES)

    assert prefetched.incomplete == ()
    assert found(prefetched)[0].resource == {"resourceType": "Patient"}


@pytest.mark.conformance("36", "37", "prefetch-outcome", "prefetch-no-fhir")
@pytest.mark.parametrize(
    ("value", "why"),
    [
        pytest.param(ERROR, "failed", id="an OperationOutcome"),
        pytest.param(WARNING, "failed", id="an OperationOutcome in place of the result"),
        pytest.param(bundle(ERROR), "failed", id="nothing but an error"),
        pytest.param(bundle({"resourceType": "OperationOutcome"}), "failed", id="an outcome without issues"),
        pytest.param({}, "absent", id="an empty object"),
        pytest.param("<html>502</html>", "absent", id="a text"),
        pytest.param([CONDITION], "absent", id="a bare array"),
        pytest.param(7, "absent", id="a number"),
        pytest.param({"resourceType": 7}, "absent", id="a resourceType that is no text"),
        pytest.param(CONDITION, "absent", id="a resource where a search was asked for"),
        pytest.param({**NOTHING, "entry": {"resource": CONDITION}}, "absent", id="entries that are no array"),
    ],
)
def test_a_required_key_that_failed_or_is_no_result_is_missing(raw: Raw, value: Any, why: str) -> None:
    with pytest.raises(RecordNotAvailable, match=why) as caught:
        gather(raw({**REQUIRED, "conditions": value}), TEMPLATES)

    assert [missing.key for missing in caught.value.missing] == ["conditions"]


@pytest.mark.conformance("36", "prefetch-absent")
def test_every_missing_required_key_is_named(raw: Raw) -> None:
    with pytest.raises(RecordNotAvailable) as caught:
        gather(raw({"patient": {"resourceType": "Patient"}}), TEMPLATES)

    assert [missing.key for missing in caught.value.missing] == ["conditions", "observations"]


@pytest.mark.conformance("26")
def test_missing_optional_keys_are_named_and_the_rest_is_used(raw: Raw) -> None:
    sent = {**EVERYTHING, "conditions": bundle(CONDITION), "medications": ERROR}
    del sent["procedures"]

    prefetched = gather(raw(sent), TEMPLATES)

    assert prefetched.incomplete == ("medications", "procedures")
    assert [entry.resource["resourceType"] for entry in found(prefetched)] == ["Patient", "Condition"]


def test_null_is_not_missing(raw: Raw) -> None:
    assert gather(raw(dict.fromkeys(EVERYTHING)), TEMPLATES).incomplete == ()


@pytest.mark.conformance("38", "prefetch-next")
@pytest.mark.parametrize("entry", [[], [{"resource": CONDITION}]], ids=["an empty page", "a page"])
def test_a_bundle_with_a_next_page_is_incomplete(raw: Raw, entry: list[Any]) -> None:
    prefetched = gather(
        raw({**EVERYTHING, "conditions": {**NOTHING, "entry": entry, "link": NEXT}}), TEMPLATES
    )

    assert prefetched.incomplete == ("conditions",)
    with pytest.raises(RecordNotAvailable, match="first-pages"):
        prefetched.insist_on_whole()


def test_a_next_page_of_an_optional_key_is_named_and_no_more(raw: Raw) -> None:
    prefetched = gather(raw({**EVERYTHING, "medications": {**NOTHING, "link": NEXT}}), TEMPLATES)

    prefetched.insist_on_whole()

    assert prefetched.incomplete == ("medications",)


@pytest.mark.conformance("37")
def test_an_error_among_the_results_means_that_some_are_missing(raw: Raw) -> None:
    prefetched = gather(raw({**EVERYTHING, "conditions": bundle(CONDITION, ERROR)}), TEMPLATES)

    assert prefetched.incomplete == ("conditions",)
    assert CONDITION in [entry.resource for entry in found(prefetched)]
    assert ERROR not in [entry.resource for entry in found(prefetched)]


def test_a_warning_among_the_results_is_passed_over(raw: Raw) -> None:
    prefetched = gather(raw({**EVERYTHING, "conditions": bundle(CONDITION, WARNING)}), TEMPLATES)

    assert prefetched.incomplete == ()


def test_a_links_member_of_any_shape_is_no_failure(raw: Raw) -> None:
    for link in (None, {}, "next", [None], [{"relation": 1}]):
        assert (
            gather(raw({**EVERYTHING, "conditions": {**NOTHING, "link": link}}), TEMPLATES).incomplete == ()
        )


def test_keys_that_nobody_asked_for_are_passed_over(raw: Raw) -> None:
    prefetched = gather(raw({**EVERYTHING, "allergies": bundle(CONDITION)}), TEMPLATES)

    assert "allergies" not in prefetched.values


def test_a_patient_may_come_as_a_search_result(raw: Raw) -> None:
    prefetched = gather(
        raw({**EVERYTHING, "patient": bundle({"resourceType": "Patient", "id": "p"})}), TEMPLATES
    )

    assert [entry.resource["id"] for entry in found(prefetched)] == ["p"]


def test_another_resource_in_the_place_of_the_patient_is_not_the_patient(raw: Raw) -> None:
    assert gather(raw({**EVERYTHING, "patient": CONDITION}), TEMPLATES).incomplete == ("patient",)


def test_a_number_beyond_a_double_spoils_its_own_resource_only(raw: Raw) -> None:
    entries = b'[{"resource":{"resourceType":"Condition","id":"c1"}},{"resource":{"x":1e999}}]'
    sent = raw({**EVERYTHING, "conditions": b'{"resourceType":"Bundle","entry":' + entries + b"}"})

    resources = [entry.resource for entry in found(gather(sent, TEMPLATES))]

    assert resources == [{"resourceType": "Patient"}, CONDITION, None]


def test_escaped_member_names_are_the_same_names(raw: Raw) -> None:
    sent = raw({**EVERYTHING, "conditions": rb'{"resource\u0054ype":"OperationOutcome"}'})

    with pytest.raises(RecordNotAvailable):
        gather(sent, TEMPLATES)


@pytest.mark.parametrize("entry", ["absent", None, []], ids=["absent", "null", "empty"])
def test_a_first_page_without_entries_holds_nothing(raw: Raw, entry: Any) -> None:
    page = {**NOTHING, "link": NEXT} | ({} if entry == "absent" else {"entry": entry})

    prefetched = gather(raw({**EVERYTHING, "medications": page}), TEMPLATES)

    assert [each.resource["resourceType"] for each in found(prefetched)] == ["Patient"]


def of(resource_type: str, subject: str | None) -> dict[str, Any]:
    about = {"subject": {"reference": subject}} if subject else {}
    return {"resourceType": resource_type, "id": "x1", "code": {"coding": []}, **about}


@pytest.mark.parametrize(
    "entry",
    [
        [{"resource": None}],
        [{"resource": 5}, {"resource": "x"}],
        [{}],
        [{"resource": {"resourceType": "Patient", "id": "p"}}],
        [{"response": {"status": "403 Forbidden"}}],
    ],
    ids=["null", "no objects", "nothing", "another type", "a refusal"],
)
def test_entries_without_a_resource_of_the_type_are_not_an_empty_record(raw: Raw, entry: list[Any]) -> None:
    with pytest.raises(RecordNotAvailable, match=r"conditions .*unsuited"):
        gather(raw({**EVERYTHING, "conditions": {**NOTHING, "entry": entry}}), TEMPLATES)


def test_a_resource_in_the_place_of_its_entry_is_read(raw: Raw) -> None:
    prefetched = gather(raw({**EVERYTHING, "conditions": {**NOTHING, "entry": [CONDITION]}}), TEMPLATES)

    assert CONDITION in [entry.resource for entry in found(prefetched)]


@pytest.mark.parametrize("held", [0, 2])
def test_a_bundle_that_counts_more_than_it_holds_is_not_the_whole(raw: Raw, held: int) -> None:
    page = {**bundle(*[of("Condition", "Patient/p1")] * held), "total": 120}

    prefetched = gather(raw({**EVERYTHING, "conditions": page}), TEMPLATES)

    assert prefetched.incomplete == ("conditions",)
    with pytest.raises(RecordNotAvailable, match="first-pages"):
        prefetched.insist_on_whole()


def test_what_is_included_is_not_counted_as_a_match(raw: Raw) -> None:
    prescription = {"resource": of("MedicationRequest", "Patient/p1"), "search": {"mode": "match"}}
    medicine = {"resource": {"resourceType": "Medication", "id": "m"}, "search": {"mode": "include"}}
    page = {**NOTHING, "total": 1, "entry": [prescription, medicine]}

    assert gather(raw({**EVERYTHING, "medications": page}), TEMPLATES).incomplete == ()


@pytest.mark.parametrize(
    ("subjects", "answered"),
    [
        (["Patient/other", "https://ehr.example/fhir/Patient/third"], False),
        (["Patient/other", "Patient/p1"], True),
        (["Patient/other", None], True),
    ],
    ids=["others", "one of the patient", "one that does not say"],
)
def test_a_required_key_that_is_about_others_only_tells_nothing_of_the_patient(
    raw: Raw, subjects: list[str | None], answered: bool
) -> None:
    sent = raw({**EVERYTHING, "conditions": bundle(*[of("Condition", subject) for subject in subjects])})

    if answered:
        assert gather(sent, TEMPLATES, patient="p1").incomplete == ()
    else:
        with pytest.raises(RecordNotAvailable, match=r"conditions .*others"):
            gather(sent, TEMPLATES, patient="p1")
