"""An EHR that calls the service as the standard says, and knows nothing of how it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from tests.patients.stories import Story
from tests.web.trusted import bearing

Json = dict[str, Any]

RED_FLAGS, ORDER_CHECK = (
    "/cds-services/fasciculation-red-flags",
    "/cds-services/fasciculation-order-check",
)
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
ON = date(2026, 11, 23)
KEYS = {
    "conditions": ("Condition",),
    "observations": ("Observation",),
    "serviceRequests": ("ServiceRequest",),
    "medications": ("MedicationRequest", "Medication"),
    "medicationStatements": ("MedicationStatement",),
    "procedures": ("Procedure",),
    "diagnosticReports": ("DiagnosticReport",),
    "familyHistory": ("FamilyMemberHistory",),
    "questionnaireResponses": ("QuestionnaireResponse",),
}
TWITCH = {
    "resourceType": "Condition",
    "id": "twitch",
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"coding": [{"system": SNOMED, "code": "82470000", "display": "Fasciculation"}]},
    "subject": {"reference": "Patient/p1"},
    "onsetDateTime": "2026-09-01",
}
WEAKNESS = {
    **TWITCH,
    "id": "weakness",
    "code": {"coding": [{"system": SNOMED, "code": "26544005", "display": "Muscle weakness"}]},
}
EMG = {
    "resourceType": "ServiceRequest",
    "id": "emg",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "code": {"coding": [{"system": SNOMED, "code": "42803009", "display": "Electromyography"}]},
}
# What each hook carries beside the user and the patient.
CARRIES: Mapping[str, Callable[[], Json]] = {
    "patient-view": dict,
    "encounter-start": lambda: {"encounterId": "e1"},
    "problem-list-item-create": lambda: {"conditions": bundle(TWITCH)},
    "order-sign": lambda: {"draftOrders": bundle(EMG)},
    "order-select": lambda: {"draftOrders": bundle(EMG), "selections": ["ServiceRequest/emg"]},
}
ADDRESS = {hook: ORDER_CHECK if hook.startswith("order") else RED_FLAGS for hook in CARRIES}


def bundle(*resources: Json) -> Json:
    """A collection, as a hook's context holds it."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def searchset(*resources: Json, **more: Any) -> Json:
    """What a FHIR server answers to a search; without entries it has no `entry`."""
    found = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    said = {"resourceType": "Bundle", "type": "searchset", "total": len(resources), **more}
    return said | ({"entry": found} if found else {})


def prefetch(*resources: Json) -> Json:
    """These resources by prefetch key; every key is there, so that nothing has to be fetched."""
    sent: Json = {
        key: searchset(*(r for r in resources if r["resourceType"] in kinds)) for key, kinds in KEYS.items()
    }
    persons = [r for r in resources if r["resourceType"] == "Patient"]
    return {"patient": persons[0] if persons else {"resourceType": "Patient", "id": "p1"}, **sent}


def request(
    hook: str = "patient-view",
    *resources: Json,
    patient: str = "p1",
    context: Json | None = None,
    **more: Any,
) -> Json:
    """A call of a hook about a patient with these resources on record; `more` replaces whole members."""
    about = {"userId": "Practitioner/d1", "patientId": patient, **CARRIES[hook](), **(context or {})}
    call = {"hook": hook, "hookInstance": INSTANCE, "context": about, "prefetch": prefetch(*resources)}
    return {**call, **more}


def about(story: Story, hook: str) -> Json:
    """A call about a golden patient."""
    resources = [entry["resource"] for entry in story.bundle["entry"]]
    persons = [r["id"] for r in resources if r["resourceType"] == "Patient"]
    patient = persons[0] if persons else "p1"
    draft = {**EMG, "subject": {"reference": f"Patient/{patient}"}}
    conditions = [r for r in resources if r["resourceType"] == "Condition"]
    carried = {
        "problem-list-item-create": {"conditions": bundle(*conditions)},
        "order-sign": {"draftOrders": bundle(draft)},
        "order-select": {"draftOrders": bundle(draft), "selections": ["ServiceRequest/emg"]},
    }
    return request(hook, *resources, patient=patient, context=carried.get(hook))


def post(client: FlaskClient, call: Any, path: str | None = None, **how: Any) -> Any:
    """The answer to a call, at the address of its hook unless another is named."""
    where = path or ADDRESS[call["hook"]]
    return client.post(where, json=call, headers=bearing(where), **how)


def cards(answer: Any) -> list[Json]:
    """The cards of an answer that is a success."""
    assert answer.status_code == 200, answer.text
    shown: list[Json] = answer.json["cards"]
    return shown


def suggestions(shown: Iterable[Json]) -> list[Json]:
    """All suggestions of some cards."""
    return [suggestion for card in shown for suggestion in card.get("suggestions", [])]


def is_uuid(text: str) -> bool:
    """Whether it is a UUID as RFC 9562 writes it."""
    return str(UUID(text)) == text
