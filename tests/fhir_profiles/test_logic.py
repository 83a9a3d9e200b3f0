"""The PlanDefinitions agree with the discovery document, the rules, the pathways and the orders."""

from collections.abc import Mapping
from typing import Any

import pytest

from fhir_profiles.scripts.logic import DEFAULT_PATHWAY, elements
from service.cards.card import Kind
from service.hooks import SERVICES
from service.hooks.hook import CdsService
from service.knowledge import Knowledge
from service.rules.rule import RULES

Artefacts = Mapping[str, dict[str, Any]]
PRIORITY = {"same-day": "stat", "urgent-referral": "urgent"}


@pytest.fixture(params=SERVICES, ids=lambda service: service.id)
def service(request: pytest.FixtureRequest) -> CdsService:
    found: CdsService = request.param
    return found


@pytest.fixture
def plan(service: CdsService, artefacts: Artefacts) -> dict[str, Any]:
    return artefacts[f"PlanDefinition/{service.id}"]


@pytest.fixture
def parts(plan: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {part["title"]: part["action"] for part in plan["action"][0]["action"]}


def test_there_is_one_plan_a_service(artefacts: Artefacts) -> None:
    plans = {name.partition("/")[2] for name in artefacts if name.startswith("PlanDefinition/")}

    assert plans == {service.id for service in SERVICES}


def test_a_plan_says_what_discovery_says(service: CdsService, plan: dict[str, Any]) -> None:
    assert plan["title"] == service.title
    assert plan["description"] == service.description
    assert plan["usage"] == service.usage_requirements
    assert [t["name"] for t in plan["action"][0]["trigger"]] == list(service.hook_names)
    assert plan["extension"][0]["valueUri"].endswith(f"/cds-services/{service.id}")


def test_a_plan_holds_every_rule_with_its_words_priority_and_evidence(
    parts: dict[str, list[dict[str, Any]]], knowledge: Knowledge
) -> None:
    by_id = {action["id"]: action for action in parts["Findings"]}

    assert RULES.keys() <= by_id.keys()
    for rule, action in by_id.items():
        words = knowledge.rules[rule]
        assert action["title"] == words.says
        assert action["description"] == words.why
        assert [cited["label"] for cited in action["documentation"]] == list(words.evidence)
        cell = str(knowledge.disposition(rule, DEFAULT_PATHWAY))
        assert action["priority"] == PRIORITY.get(cell, "routine")
        for pathway in knowledge.pathways:
            assert f"{pathway}: {knowledge.disposition(rule, pathway)}" in action["textEquivalent"]


def test_a_plan_names_the_indicator_of_each_card(parts: dict[str, list[dict[str, Any]]]) -> None:
    indicators = {kind.topic.code: kind.indicator for kind in Kind}
    for action in parts["Dispositions"]:
        topic = action["code"][0]["coding"][1]["code"]

        assert action["textEquivalent"].endswith(indicators[topic])


def test_a_plan_orders_what_the_cards_order(
    parts: dict[str, list[dict[str, Any]]], knowledge: Knowledge, artefacts: Artefacts
) -> None:
    ordered = {action["definitionCanonical"].rpartition("/")[2] for action in parts["Orders"]}

    assert ordered == knowledge.tests.keys() | {"blood-panel"}
    for activity in ordered:
        assert f"ActivityDefinition/{activity}" in artefacts


def test_an_activity_has_the_code_of_its_order(knowledge: Knowledge, artefacts: Artefacts) -> None:
    for name, test in knowledge.tests.items():
        code = artefacts[f"ActivityDefinition/{name}"]["code"]
        meant = [(knowledge.uris[c.system], c.code, c.display) for c in test.order]

        assert [(c["system"], c["code"], c["display"]) for c in code.get("coding", ())] == meant
        assert code["text"] == test.order_text


def test_the_library_asks_for_what_the_prefetch_asks_for(artefacts: Artefacts) -> None:
    asked = [need["type"] for need in artefacts["Library/twitch-data-requirements"]["dataRequirement"]]

    assert sorted(asked) == sorted({s.key: s.resource_type for sv in SERVICES for s in sv.templates}.values())


def test_the_elements_of_a_type_are_those_of_its_view() -> None:
    assert elements("Patient") == ["gender", "birthDate", "deceased"]
    assert "onset" in elements("Condition")


def test_the_client_capabilities_hold_every_parameter_of_the_templates(
    knowledge: Knowledge, artefacts: Artefacts
) -> None:
    resources = artefacts["CapabilityStatement/twitch-cds-client"]["rest"][0]["resource"]
    known = {r["type"]: {p["name"] for p in r.get("searchParam", ())} for r in resources}
    for service in SERVICES:
        for source in service.templates:
            for parameter in ("patient", "code"):
                wanted = f"{parameter}=" in source.query(knowledge)
                assert (parameter in known[source.resource_type]) == wanted
