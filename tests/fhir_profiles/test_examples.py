"""The examples are what they say: assessed by the service, and ordered by its cards."""

from collections.abc import Mapping
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_profiles.scripts.artefact import RESOURCES
from fhir_profiles.scripts.examples import record, scenarios
from service.assess import assess
from service.fhir.record import entries, record_of
from service.knowledge import Knowledge
from service.truth import Truth
from tests.validators import emitted
from tests.validators.bindings import Checker

ON, SCENARIOS = scenarios()


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_example_is_assessed_as_its_description_says(name: str, knowledge: Knowledge) -> None:
    expected: Mapping[str, Any] = SCENARIOS[name]
    read = record_of(entries(record(name)), knowledge)

    assessment = assess(read, ON, knowledge=knowledge, pathway="early-referral")

    assert str(assessment.disposition) == expected["disposition"]
    assert sorted(f.rule for f in assessment.findings if f.truth is Truth.YES) == expected["yes"]
    assert not assessment.unreadable


def test_every_order_parses_and_keeps_to_its_profile(knowledge: Knowledge) -> None:
    checker, orders = Checker(RESOURCES), list(emitted.orders(knowledge))

    assert len(orders) > 100
    for name, order in orders:
        assert get_fhir_model_class("ServiceRequest").model_validate(order)
        assert not list(checker.faults(order)), name


def test_every_refusal_is_an_operation_outcome(knowledge: Knowledge) -> None:
    for name, outcome in emitted.outcomes(knowledge):
        assert get_fhir_model_class("OperationOutcome").model_validate(outcome), name
