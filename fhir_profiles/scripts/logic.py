"""The running service -> PlanDefinitions, the Library of data requirements, CapabilityStatements.

What the discovery document, the rules and the pathways say is said here in FHIR. The
rules themselves are Python: they answer in three values and weigh dates, units and
negations, which FHIRPath over a Bundle does not express. So a condition asks the
result of the operation $evaluate (`%evaluation`, a Parameters resource), and its
description says in words what the rule means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fhir_profiles.scripts.artefact import Json, canonical, head
from service.assessment import Disposition, RuleKind
from service.cards.card import TOPICS, Kind
from service.cards.suggestions import SEQUENCE
from service.fhir.read import views
from service.fhir.write.artefacts import PARAMETERS
from service.hooks import SERVICES
from service.hooks.hook import CdsService
from service.hooks.templates import PrefetchTemplate
from service.knowledge import Knowledge

ENDPOINT = "https://twitch-cds.example/cds-services"
LIBRARY = "twitch-data-requirements"
DEFAULT_PATHWAY = "early-referral"
REFERRAL = "neurology-referral"

_PRIORITY = {Disposition.SAME_DAY: "stat", Disposition.URGENT_REFERRAL: "urgent"}
_KIND_OF = {
    Disposition.SAME_DAY: Kind.SAME_DAY,
    Disposition.URGENT_REFERRAL: Kind.URGENT,
    Disposition.ROUTINE_REFERRAL: Kind.ROUTINE,
    Disposition.PRIMARY_CARE_REVIEW: Kind.REVIEW,
    Disposition.LIFESTYLE: Kind.LIFESTYLE,
}


def artefacts(knowledge: Knowledge, authored: Iterable[str]) -> Iterator[Json]:
    """Everything that repeats what the running service says; `authored` are the types that FSH makes."""
    for service in SERVICES:
        yield plan_definition(service, knowledge)
    yield library(knowledge)
    yield client_capabilities(knowledge)
    yield server_capabilities(authored)


# ---- PlanDefinition ---------------------------------------------------------------------------------------


def plan_definition(service: CdsService, knowledge: Knowledge) -> Json:
    """One CDS service as an event-condition-action rule."""
    made = head("PlanDefinition", service.id, title=service.title, description=service.description)
    endpoint = {
        "url": "http://hl7.org/fhir/StructureDefinition/cqf-cdsHooksEndpoint",
        "valueUri": f"{ENDPOINT}/{service.id}",
    }
    profile = "http://hl7.org/fhir/StructureDefinition/cdshooksserviceplandefinition"
    whole = {
        "title": service.title,
        "description": service.description,
        "trigger": [{"type": "named-event", "name": hook} for hook in service.hook_names],
        "condition": [
            _when(
                "A twitch is on record, or was within a year and comes with a motor or same-day sign.",
                f"{_parameter('disposition')}.value != 'no-action'",
            )
        ],
        "groupingBehavior": "logical-group",
        "action": [_findings(knowledge), _dispositions(), _orders(knowledge)],
    }
    first = {"resourceType": "PlanDefinition", "id": service.id, "meta": {"profile": [profile]}}
    return (
        first
        | {"extension": [endpoint]}
        | made
        | {
            "type": _coding("http://terminology.hl7.org/CodeSystem/plan-definition-type", "eca-rule"),
            "usage": service.usage_requirements,
            "relatedArtifact": [
                {"type": "depends-on", "resource": canonical("OperationDefinition", "evaluate")},
                {"type": "documentation", "resource": canonical("Questionnaire", "twitch-history")},
            ],
            "library": [canonical("Library", LIBRARY)],
            "action": [whole],
        }
    )


def _findings(knowledge: Knowledge) -> Json:
    rules = [_rule(rule, knowledge) for rule in knowledge.rules if rule in _cells(knowledge)]
    return {
        "title": "Findings",
        "description": "What is recorded of each warning sign, and each contributor that asks for a review.",
        "groupingBehavior": "logical-group",
        "action": rules,
    }


def _rule(rule: str, knowledge: Knowledge) -> Json:
    words = knowledge.rules[rule]
    contributes = words.kind is RuleKind.CONTRIBUTOR
    holds = (
        f"{_parameter('contributor')}.where({_part('id')}.value = '{rule}').exists()"
        if contributes
        else f"{_parameter('finding')}.where({_part('rule')}.value = '{rule}')"
        f".where({_part('truth')}.value = 'YES').exists()"
    )
    return {
        "id": rule,
        "title": words.says,
        "description": words.why,
        "textEquivalent": _by_pathway(rule, knowledge),
        "priority": _priority(knowledge.disposition(rule, DEFAULT_PATHWAY)),
        "code": [_coding(canonical("CodeSystem", "twitch-rules"), rule, words.says)],
        "documentation": [_citation(claim, knowledge) for claim in words.evidence],
        "condition": [_when(f"{words.says}: the rule {rule} is YES.", holds)],
    }


def _cells(knowledge: Knowledge) -> set[str]:
    return set(knowledge.pathways[DEFAULT_PATHWAY].dispositions)


def _by_pathway(rule: str, knowledge: Knowledge) -> str:
    longer = f"{rule}.over-90-days"
    said = []
    for name, pathway in knowledge.pathways.items():
        cell = str(pathway.dispositions[rule])
        if longer in pathway.dispositions:
            cell += f", above 90 days {pathway.dispositions[longer]}"
        said.append(f"{name}: {cell}")
    return "; ".join(said)


def _citation(claim: str, knowledge: Knowledge) -> Json:
    known = knowledge.evidence[claim]
    cited: Json = {"type": "citation", "label": claim, "citation": known.cite, "display": known.says}
    where = known.identifier.replace("doi:", "https://doi.org/")
    if where.startswith("https://"):
        cited["url"] = where
    return cited


def _dispositions() -> Json:
    return {
        "title": "Dispositions",
        "description": "How soon the patient should be seen: the greatest of all findings in force.",
        "groupingBehavior": "logical-group",
        "selectionBehavior": "at-most-one",
        "action": [_disposition(d, kind) for d, kind in _KIND_OF.items()],
    }


def _disposition(disposition: Disposition, kind: Kind) -> Json:
    return {
        "id": str(disposition),
        "title": kind.topic.display,
        "textEquivalent": f"CDS Hooks indicator: {kind.indicator}",
        "priority": _priority(disposition),
        "code": [
            {
                "coding": [
                    {"system": canonical("CodeSystem", "twitch-dispositions"), "code": str(disposition)},
                    {"system": TOPICS, "code": kind.topic.code, "display": kind.topic.display},
                ]
            }
        ],
        "condition": [
            _when(
                f"The disposition is {disposition}.",
                f"{_parameter('disposition')}.value = '{disposition}'",
            )
        ],
    }


def _orders(knowledge: Knowledge) -> Json:
    is_it = f"{_part('id')}.value = '{{test}}' and {_part('withheld')}.empty()"
    suggested = f"{_parameter('test')}.where({is_it}).exists()"
    referral = {
        "id": REFERRAL,
        "title": "Refer to neurology",
        "type": _create(),
        "definitionCanonical": canonical("ActivityDefinition", REFERRAL),
        "condition": [
            _when("A referral is proposed.", f"{_parameter('referral')}.{_part('suggest')}.value = true")
        ],
    }
    tests = [
        {
            "id": test,
            "title": _test_title(test, knowledge),
            "type": _create(),
            "definitionCanonical": canonical("ActivityDefinition", test),
            "condition": [_when("The test is suggested and not withheld.", suggested.format(test=test))],
        }
        for test in SEQUENCE
    ]
    return {
        "title": "Orders",
        "description": "Drafts that a clinician may accept, one suggestion each.",
        "groupingBehavior": "logical-group",
        "selectionBehavior": "any",
        "action": [referral, *tests],
    }


def _test_title(test: str, knowledge: Knowledge) -> str:
    known = knowledge.tests.get(test)
    return known.order_text if known else "Blood panel"


def _create() -> Json:
    return _coding("http://terminology.hl7.org/CodeSystem/action-type", "create")


def _priority(disposition: Disposition) -> str:
    return _PRIORITY.get(disposition, "routine")


def _parameter(name: str) -> str:
    return f"%evaluation.parameter.where(name = '{name}')"


def _part(name: str) -> str:
    return f"part.where(name = '{name}')"


def _when(words: str, expression: str) -> Json:
    return {
        "kind": "applicability",
        "expression": {"description": words, "language": "text/fhirpath", "expression": expression},
    }


def _coding(system: str, code: str, display: str | None = None) -> Json:
    return {"coding": [{"system": system, "code": code} | ({"display": display} if display else {})]}


# ---- What is read -----------------------------------------------------------------------------------------


def sources() -> tuple[PrefetchTemplate, ...]:
    """The prefetch keys of all services, each once."""
    return tuple({source.key: source for service in SERVICES for source in service.templates}.values())


def library(knowledge: Knowledge) -> Json:
    """One data requirement a prefetch key: the type, the codes, and the elements that are read."""
    made = head(
        "Library",
        LIBRARY,
        title="What is read of a record",
        description="The resources, codes and elements that the rules read. Conditions and Observations are"
        " required; what else is missing is named on the card and leaves questions open.",
    )
    return made | {
        "type": _coding("http://terminology.hl7.org/CodeSystem/library-type", "module-definition"),
        "dataRequirement": [_data_requirement(source, knowledge) for source in sources()],
    }


_CODED_BY = {
    "Observation": "observation-codes",
    "Procedure": "study-codes",
    "DiagnosticReport": "study-codes",
}


def _data_requirement(source: PrefetchTemplate, knowledge: Knowledge) -> Json:
    made: Json = {
        "type": source.resource_type,
        "profile": [f"http://hl7.org/fhir/StructureDefinition/{source.resource_type}"],
        "mustSupport": elements(source.resource_type),
    }
    if "code=" in source.query(knowledge):
        value_set = canonical("ValueSet", _CODED_BY[source.resource_type])
        made["codeFilter"] = [{"path": "code", "valueSet": value_set}]
    return made


_CHOICES = ("value", "effective", "onset", "abatement", "deceased", "medication", "performed", "occurrence")


def elements(resource_type: str) -> list[str]:
    """The elements of a type that views.py reads, by their names in R4; a choice element by its stem."""
    found = []
    for field in getattr(views, resource_type).__struct_fields__:
        first, *rest = field.split("_")
        stem = first if rest and first in _CHOICES else first + "".join(word.capitalize() for word in rest)
        found.append(stem)
    return list(dict.fromkeys(found))


# ---- CapabilityStatements ---------------------------------------------------------------------------------


def client_capabilities(knowledge: Knowledge) -> Json:
    """What the EHR's FHIR server must answer for the prefetch, or for us when we ask for what it lacked."""
    by_type: dict[str, Json] = {}
    for source in sources():
        wanted = by_type.setdefault(source.resource_type, {"type": source.resource_type})
        wanted["interaction"] = [{"code": "read" if source.reads_one else "search-type"}]
        wanted["documentation"] = (
            "Required." if source.required else "Optional: without it questions stay open."
        )
        wanted |= _search(source.query(knowledge))
    return _capabilities(
        "twitch-cds-client",
        "What twitch-cds asks of a FHIR server",
        "The searches behind the prefetch templates. A FHIR server that answers them can be used with the"
        " service; it never writes.",
        "client",
        list(by_type.values()),
        kind="requirements",
    )


def _search(query: str) -> Json:
    found: dict[str, list[Any]] = {}
    for pair in re.split("[?&]", query)[1:]:
        name, _, value = pair.partition("=")
        if name == "_include":
            found.setdefault("searchInclude", []).append(value)
        elif not name.startswith("_"):
            kind = "reference" if name == "patient" else "token"
            found.setdefault("searchParam", []).append({"name": name, "type": kind})
    return found


def server_capabilities(authored: Iterable[str]) -> Json:
    """What the service offers under /fhir: reading and finding these artefacts, and the operations."""
    generated = ("CodeSystem", "ValueSet", "PlanDefinition", "Library", "CapabilityStatement")
    kinds = sorted({*generated, *authored})
    resources: list[Json] = []
    for kind in kinds:
        offered: Json = {
            "type": kind,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [{"name": name, "type": of_type} for name, of_type in PARAMETERS.items()],
        }
        if kind == "PlanDefinition":
            definition = canonical("OperationDefinition", "apply")
            only = "Of the plan fasciculation-red-flags; the other is called as a CDS service."
            offered["operation"] = [{"name": "apply", "definition": definition, "documentation": only}]
        resources.append(offered)
    made = _capabilities(
        "twitch-cds-server",
        "What twitch-cds offers as a FHIR server",
        "The artefacts of this guide for reading and finding, and as operations the evaluation of a record"
        " and a plan applied to it. Nothing that is sent is kept.",
        "server",
        resources,
        kind="requirements",
    )
    evaluate = {"name": "evaluate", "definition": canonical("OperationDefinition", "evaluate")}
    made["rest"][0]["operation"] = [evaluate]
    return made


def _capabilities(
    artefact: str, title: str, description: str, mode: str, resources: list[Json], *, kind: str
) -> Json:
    return head("CapabilityStatement", artefact, title=title, description=description) | {
        "kind": kind,
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{"mode": mode, "resource": resources}],
    }
