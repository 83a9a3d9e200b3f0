"""What we ask an EHR for."""

from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from service.fhir.read.record import record_of
from service.hooks import SERVICES
from service.hooks.templates import PATIENT, SOURCES, Source, observation_codes, study_codes, templates
from service.knowledge import Knowledge

# What servers take for a URL when nobody configured them.
LONGEST = 8000


@pytest.mark.conformance("23")
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_each_search_parameter_stands_once(source: Source, knowledge: Knowledge) -> None:
    names = [name for name, _ in parse_qsl(urlsplit(source.query(knowledge)).query)]

    assert len(names) == len(set(names))


@pytest.mark.conformance("21", "22")
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_a_template_asks_for_one_patient_and_one_type_and_has_no_other_token(
    source: Source, knowledge: Knowledge
) -> None:
    query = source.query(knowledge)

    assert query.startswith(
        (f"{source.resource_type}?patient={PATIENT}", f"{source.resource_type}/{PATIENT}")
    )
    assert query.count("{{") == 1


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_a_template_fits_into_a_url(source: Source, knowledge: Knowledge) -> None:
    assert len(quote(source.query(knowledge), safe="?&=/")) < LONGEST


def test_keys_are_unique_and_only_conditions_and_observations_are_required(knowledge: Knowledge) -> None:
    keys = [source.key for source in SOURCES]

    assert len(keys) == len(templates(SOURCES, knowledge)) == len(set(keys))
    assert [source.key for source in SOURCES if source.required] == ["conditions", "observations"]


@pytest.mark.conformance("71")
def test_nothing_is_asked_for_that_no_rule_reads(knowledge: Knowledge) -> None:
    subject = {"reference": "Patient/p1"}
    known = {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "42803009"}]}}
    of_family = {
        "condition": [{"code": {"coding": [{"system": "http://snomed.info/sct", "code": "86044005"}]}}]
    }
    finding = {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "82470000"}]}}
    bodies = {"Condition": finding, "Observation": finding, "FamilyMemberHistory": of_family}

    for source in SOURCES:
        body = {"id": "p1", **bodies.get(source.resource_type, known)}
        person = {} if source.resource_type == "Patient" else {"subject": subject}
        record = record_of([{"resourceType": source.resource_type, **body, **person}], knowledge)

        assert record.relevant == 1, f"no rule reads {source.resource_type}"


@pytest.mark.conformance("71")
def test_every_code_asked_for_is_one_that_a_rule_reads(knowledge: Knowledge) -> None:
    systems = ("snomed", "loinc", "hpo", "icd-10-pcs")

    for code in (*observation_codes(knowledge)[1:], *study_codes(knowledge)):
        assert any(knowledge.speaks(system, code) for system in systems), code


def test_every_code_of_a_twitch_or_a_motor_sign_is_asked_for(knowledge: Knowledge) -> None:
    asked = set(observation_codes(knowledge))

    for concept in knowledge.concepts.values():
        coded = {
            code
            for system, code, meaning in concept.codes
            if system in ("snomed", "loinc", "hpo") and meaning
        }
        assert coded <= asked, concept.id


@pytest.mark.conformance("16")
def test_a_hook_that_every_client_knows_is_listed_last() -> None:
    for service in SERVICES:
        assert "patient-view" not in service.hooks[:-1]
