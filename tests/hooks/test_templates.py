"""What we ask an EHR for."""

from datetime import date
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from service.fhir.read.record import record_of
from service.hooks import SERVICES
from service.hooks.templates import (
    EXAMINATIONS,
    PATIENT,
    TEMPLATES,
    PrefetchTemplate,
    observation_codes,
    study_codes,
    templates,
)
from service.knowledge import Knowledge
from service.knowledge.codes import ICD

# What servers take for a URL when nobody configured them.
LONGEST = 8000


@pytest.mark.conformance("23")
@pytest.mark.parametrize("source", TEMPLATES, ids=lambda source: source.key)
def test_each_search_parameter_stands_once(source: PrefetchTemplate, knowledge: Knowledge) -> None:
    names = [name for name, _ in parse_qsl(urlsplit(source.query(knowledge)).query)]

    assert len(names) == len(set(names))


@pytest.mark.conformance("21", "22")
@pytest.mark.parametrize("source", TEMPLATES, ids=lambda source: source.key)
def test_a_template_asks_for_one_patient_and_one_type_and_has_no_other_token(
    source: PrefetchTemplate, knowledge: Knowledge
) -> None:
    query = source.query(knowledge)

    assert query.startswith(
        (f"{source.resource_type}?patient={PATIENT}", f"{source.resource_type}/{PATIENT}")
    )
    assert query.count("{{") == 1


@pytest.mark.parametrize("source", TEMPLATES, ids=lambda source: source.key)
def test_a_template_fits_into_a_url(source: PrefetchTemplate, knowledge: Knowledge) -> None:
    assert len(quote(source.query(knowledge), safe="?&=/")) < LONGEST


def test_keys_are_unique_and_only_conditions_and_observations_are_required(knowledge: Knowledge) -> None:
    keys = [source.key for source in TEMPLATES]

    assert len(keys) == len(templates(TEMPLATES, knowledge)) == len(set(keys))
    assert [source.key for source in TEMPLATES if source.required] == ["conditions", "observations"]


@pytest.mark.conformance("71")
def test_nothing_is_asked_for_that_no_rule_reads(knowledge: Knowledge) -> None:
    subject = {"reference": "Patient/p1"}
    known = {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "42803009"}]}}
    of_family = {
        "condition": [{"code": {"coding": [{"system": "http://snomed.info/sct", "code": "86044005"}]}}]
    }
    finding = {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "82470000"}]}}
    bodies = {"Condition": finding, "Observation": finding, "FamilyMemberHistory": of_family}

    for source in TEMPLATES:
        body = {"id": "p1", **bodies.get(source.resource_type, known)}
        person = {} if source.resource_type == "Patient" else {"subject": subject}
        record = record_of([{"resourceType": source.resource_type, **body, **person}], knowledge)

        assert record.relevant == 1, f"no rule reads {source.resource_type}"


@pytest.mark.conformance("71")
def test_every_code_asked_for_is_one_that_a_rule_reads(knowledge: Knowledge) -> None:
    systems = ("snomed", "loinc", "hpo", "icd-10-pcs", *ICD)

    for code in {*observation_codes(knowledge)[1:], *study_codes(knowledge)} - {*EXAMINATIONS}:
        assert any(knowledge.speaks(system, code) for system in systems), code


def test_every_code_of_a_twitch_or_a_motor_sign_is_asked_for(knowledge: Knowledge) -> None:
    asked = set(observation_codes(knowledge))

    for concept in knowledge.concepts.values():
        coded = {
            code
            for system, code, meaning in concept.codes
            if system in ("snomed", "loinc", "hpo", *ICD) and meaning
        }
        assert coded <= asked, concept.id


def test_panels_are_asked_for_because_what_we_read_may_be_one_of_their_components(
    knowledge: Knowledge,
) -> None:
    panels = {c for system in ("loinc", "snomed") for c in knowledge.panel_codes.codes(system)}

    assert {*panels, *EXAMINATIONS} <= set(observation_codes(knowledge))
    assert panels <= set(study_codes(knowledge))


@pytest.mark.parametrize("key", ["observations", "procedures", "diagnosticReports"])
def test_the_second_form_asks_by_date_and_names_no_code(key: str, knowledge: Knowledge) -> None:
    query = templates(TEMPLATES, knowledge, date(2021, 11, 24))[key]

    asked = dict(parse_qsl(urlsplit(query).query))
    assert asked["date"] == "ge2021-11-24"
    assert "code" not in asked
    assert ("category" in asked) == (key == "observations")
    assert len(quote(query, safe="?&=/")) < 300


def test_what_is_asked_without_codes_is_the_same_in_both_forms(knowledge: Knowledge) -> None:
    first, second = templates(TEMPLATES, knowledge), templates(TEMPLATES, knowledge, date(2021, 11, 24))

    changed = {key for key in first if first[key] != second[key]}
    assert changed == {"observations", "procedures", "diagnosticReports"}


@pytest.mark.conformance("16")
def test_a_hook_that_every_client_knows_is_listed_last() -> None:
    for service in SERVICES:
        assert "patient-view" not in service.hook_names[:-1]
