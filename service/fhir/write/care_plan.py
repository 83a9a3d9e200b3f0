"""What is proposed for a patient -> the CarePlan that the operation $apply answers with.

As R4 has it: a RequestGroup is contained, whose actions are the proposals, and each
proposal's draft orders are contained beside it. The words of the assessment are a note.
Where nothing is advised the plan has no activity, and says why that is the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from service.assessment import Assessment
from service.facts.truth import Truth
from service.fhir.references import OWN_CANONICAL
from service.fhir.write.orders import Order
from service.knowledge import REFERRAL

DISPOSITIONS = f"{OWN_CANONICAL}CodeSystem/twitch-dispositions"
CREATE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/action-type", "code": "create"}]}
GROUP = "proposals"
NOTHING = "Muscle twitching: nothing is advised"
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Proposal:
    """What can be accepted as one: `kind` is the id of a test, or "referral"; `label` says what it does."""

    kind: str
    label: str
    recommended: bool
    orders: tuple[Order, ...]


def care_plan(
    assessment: Assessment,
    *,
    plan: str,
    patient: str,
    encounter: str | None,
    title: str | None,
    words: Sequence[str],
    proposals: Iterable[Proposal],
    education: str | None,
    version: str,
) -> dict[str, Any]:
    """The plan `plan` (a canonical) applied to a patient; without a `title` nothing is advised.

    `words` are Markdown, `education` says what the patient takes home, `version` is that of
    our artefacts. `patient` and `encounter` are references.
    """
    orders: list[Order] = []
    actions = [_action(proposal, orders, version) for proposal in proposals]
    shared: dict[str, Any] = {"subject": {"reference": patient}}
    if encounter:
        shared["encounter"] = {"reference": encounter}
    group = _group(shared, assessment, plan, actions)
    contained = {"contained": [group, *orders]} if actions else {}
    activity = [*_proposed(actions), *_taught(education, version)]
    return (
        {"resourceType": "CarePlan"}
        | contained
        | {"instantiatesCanonical": [plan], "status": "draft", "intent": "proposal"}
        | {"category": [_disposition(assessment)], "title": title or NOTHING, "description": _by(assessment)}
        | shared
        | {"created": assessment.on.isoformat()}
        | ({"activity": activity} if activity else {})
        | {"note": [{"text": text} for text in (words if title else (_why_nothing(assessment),))]}
    )


def _group(shared: dict[str, Any], assessment: Assessment, plan: str, actions: list[Order]) -> Order:
    return (
        {"resourceType": "RequestGroup", "id": GROUP, "instantiatesCanonical": [plan]}
        | {"status": "draft", "intent": "proposal"}
        | shared
        | {"authoredOn": assessment.on.isoformat(), "action": actions}
    )


def _action(proposal: Proposal, orders: list[Order], version: str) -> Order:
    """A proposal as an action; its orders are added to `orders`, each with an id to refer to."""
    single = []
    activity = REFERRAL if proposal.kind == "referral" else proposal.kind
    for order in proposal.orders:
        name = f"order-{len(orders) + 1}"
        definition = f"{OWN_CANONICAL}ActivityDefinition/{activity}|{version}"
        orders.append(
            {"resourceType": "ServiceRequest", "id": name, "instantiatesCanonical": [definition]} | order
        )
        single.append(
            {
                "title": order["code"]["text"],
                "priority": order["priority"],
                "type": CREATE,
                "resource": {"reference": f"#{name}"},
            }
        )
    whole = {"title": proposal.label, "precheckBehavior": "yes" if proposal.recommended else "no"}
    if len(single) == 1:
        return single[0] | whole
    return whole | {"groupingBehavior": "logical-group", "selectionBehavior": "any", "action": single}


def _proposed(actions: list[Order]) -> Iterator[Order]:
    if actions:
        yield {"reference": {"reference": f"#{GROUP}"}}


def _taught(education: str | None, version: str) -> Iterator[Order]:
    """Advice is no order: it is told, and accepted by giving it."""
    if education:
        definition = f"{OWN_CANONICAL}ActivityDefinition/lifestyle-education|{version}"
        yield {
            "detail": {
                "kind": "ServiceRequest",
                "instantiatesCanonical": [definition],
                "code": {"text": "Lifestyle steps for muscle twitching"},
                "status": "not-started",
                "description": education,
            }
        }


def _disposition(assessment: Assessment) -> Order:
    code = str(assessment.disposition)
    display = code.replace("-", " ").capitalize()
    return {"coding": [{"system": DISPOSITIONS, "code": code, "display": display}]}


def _by(assessment: Assessment) -> str:
    return (
        f"Assessed on {assessment.on.isoformat()} by the pathway {assessment.pathway}, knowledge"
        f" {assessment.knowledge_version}. Decision support for clinicians, not a diagnosis."
    )


def _why_nothing(assessment: Assessment) -> str:
    """Why there is nothing to do, and what was not looked at: never to be taken for a failure."""
    parts = [f"The record was evaluated, and nothing is advised: {_reason(assessment)}."]
    if assessment.other_subjects:
        parts.append(f"Resources about other patients were passed over: {assessment.other_subjects}.")
    if lost := assessment.unreadable:
        named = ", ".join(each.resource for each in lost[:_MOST_NAMED])
        parts.append(f"Resources that could not be read: {len(lost)} ({named}).")
    if unread := assessment.unread_medicines:
        named = ", ".join(each.source for each in unread[:_MOST_NAMED])
        parts.append(
            f"Medicines of which neither code nor name tells what they are: {len(unread)} ({named})."
        )
    return " ".join(parts)


def _reason(assessment: Assessment) -> str:
    if assessment.patient.deceased is Truth.YES:
        return "the patient has died"
    present = assessment.twitch.present.truth
    if present is Truth.YES:
        return "the twitching has a known cause that is under specialist care, and no emergency is on record"
    if present is Truth.NO:
        return "the record says that the patient does not twitch"
    return "no muscle twitching is on record"
