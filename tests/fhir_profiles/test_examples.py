"""The examples are what they say, and whatever the service emits is FHIR that keeps to its profile."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st

from fhir_profiles.scripts import examples
from fhir_profiles.scripts.artefact import OPERATIONS, RESOURCES
from fhir_profiles.scripts.examples import record, scenarios
from service.assess import assess
from service.facts.truth import Truth
from service.fhir.read.parameters import ANYTHING
from service.fhir.read.record import entries, record_of
from service.fhir.write.parameters import evaluation
from service.knowledge import Knowledge
from service.web.operations import APPLY, EVALUATE
from tests.budget import tries
from tests.patients.stories import PATHWAYS
from tests.validators import by_chance, emitted
from tests.validators.bindings import Checker

Json = dict[str, Any]
ON, SCENARIOS = scenarios()
CHECKER = Checker(RESOURCES)


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_example_is_assessed_as_its_description_says(name: str, knowledge: Knowledge) -> None:
    expected: Mapping[str, Any] = SCENARIOS[name]
    read = record_of(entries(record(name)), knowledge)

    assessment = assess(read, ON, knowledge=knowledge, pathway="early-referral")

    assert str(assessment.disposition) == expected["disposition"]
    assert sorted(f.rule for f in assessment.findings if f.truth is Truth.YES) == expected["yes"]
    assert not assessment.unreadable


@pytest.mark.slow
def test_everything_that_is_emitted_parses_and_keeps_to_its_profile(knowledge: Knowledge) -> None:
    checker, seen = Checker(RESOURCES), Counter[str]()
    for name, resource in emitted.everything(knowledge):
        seen[resource["resourceType"]] += 1

        assert get_fhir_model_class(resource["resourceType"]).model_validate(resource), name
        assert not list(checker.faults(resource)), name

    assert seen["ServiceRequest"] > 400
    assert seen["CarePlan"] == seen["Parameters"] > 50
    assert seen.keys() >= {"QuestionnaireResponse", "OperationOutcome", "CapabilityStatement", "Bundle"}


@tries(60)
@given(bundle=by_chance.bundles(), pathway=st.sampled_from(PATHWAYS))
def test_orders_for_a_record_made_by_chance_keep_to_their_profiles(bundle: Json, pathway: str) -> None:
    known = by_chance.knowledge()
    read = record_of(entries(bundle), known)
    assessment = assess(read, ON, knowledge=known, pathway=pathway)

    for number, order in enumerate(emitted.suggested(assessment, known)):
        whole = emitted.profiled(order, f"order-{number}")
        assert get_fhir_model_class("ServiceRequest").model_validate(whole)
        assert not list(CHECKER.faults(whole))
    assert get_fhir_model_class("Parameters").model_validate(evaluation(assessment, known, every_rule=True))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_example_calls_of_operations_are_what_their_definitions_take(name: str) -> None:
    for operation, path in examples.OPERATION_PATHS.items():
        definition = json.loads((RESOURCES / f"OperationDefinition-{operation}.json").read_text())
        taken = {p["name"] for p in definition["parameter"] if p["use"] == "in"}
        call = json.loads((OPERATIONS / operation / f"{name}-request.json").read_text())

        assert {p["name"] for p in call["parameter"]} <= taken
        assert path.rpartition("$")[2] == definition["code"]


@pytest.mark.parametrize(("operation", "taken"), [("apply", APPLY), ("evaluate", EVALUATE)])
def test_an_operation_takes_what_its_definition_declares(operation: str, taken: Mapping[str, str]) -> None:
    definition = json.loads((RESOURCES / f"OperationDefinition-{operation}.json").read_text())
    declared = {p["name"]: p for p in definition["parameter"] if p["use"] == "in"}

    assert taken.keys() == declared.keys()
    for name, member in taken.items():
        of_type = declared[name]["type"]
        expected = "resource" if of_type == "Bundle" else f"value{of_type[:1].upper()}{of_type[1:]}"
        assert member in (expected, ANYTHING)
        assert (declared[name]["documentation"] == "Passed over.") == (member is ANYTHING)
