"""Small examples for the description of the interface. They work as they stand; a test sends them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

CARD, REFERRAL = "0d54b732-ebf8-5bec-ad5b-dbb828df44bd", "a3b0211f-5d0f-54f5-9a26-2abf1f624094"
SNOMED = "http://snomed.info/sct"
REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"


def _problem(name: str, code: str, display: str, since: str) -> Json:
    active = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
    return {
        "resource": {
            "resourceType": "Condition",
            "id": name,
            "clinicalStatus": {"coding": [active]},
            "code": {"coding": [{"system": SNOMED, "code": code, "display": display}]},
            "subject": {"reference": "Patient/p1"},
            "onsetDateTime": since,
        }
    }


PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "male", "birthDate": "1974"}
PROBLEMS = [
    _problem("twitch", "82470000", "Muscle fasciculation", "2026-08-20"),
    _problem("weak-hand", "299042006", "Weakness of hand", "2026-11-01"),
]
BUNDLE = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}, *PROBLEMS]}
CALL = {
    "hook": "patient-view",
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {"userId": "Practitioner/example", "patientId": "p1"},
    "prefetch": {
        "patient": PATIENT,
        "conditions": {"resourceType": "Bundle", "type": "searchset", "entry": PROBLEMS},
        "observations": None,
    },
}
# What the call is answered with, without most of its detail and its suggestions.
CARDS = {
    "cards": [
        {
            "uuid": CARD,
            "summary": "Twitching with muscle weakness: refer to neurology urgently (within 2 weeks)",
            "indicator": "warning",
            "source": {
                "label": "twitch-cds",
                "url": "https://twitch-cds.example/",
                "topic": {
                    "code": "TwitchReferralUrgent",
                    "system": "https://twitch-cds.example/fhir/CodeSystem/twitch-card-topics",
                    "display": "Muscle twitching: urgent referral",
                },
            },
            "detail": "**From the record**\n\n| Finding | Date | Source |\n| --- | --- | --- |\n"
            "| Weakness of the hand (examined) | since 2026-11-01 | condition |\n…",
            "suggestions": [
                {
                    "uuid": REFERRAL,
                    "label": "Refer to neurology (urgent)",
                    "isRecommended": True,
                    "actions": [
                        {
                            "type": "create",
                            "description": "Refer to neurology (urgent)",
                            "resource": {
                                "resourceType": "ServiceRequest",
                                "status": "draft",
                                "intent": "proposal",
                                "priority": "urgent",
                                "subject": {"reference": "Patient/p1"},
                                "code": {"text": "Referral to neurology"},
                            },
                        }
                    ],
                }
            ],
            "selectionBehavior": "any",
            "overrideReasons": [
                {"code": "patient-refuses", "system": REASONS, "display": "The patient declines"}
            ],
        }
    ]
}
FEEDBACK = {
    "feedback": [
        {
            "card": CARD,
            "outcome": "accepted",
            "outcomeTimestamp": "2026-11-23T09:30:00Z",
            "acceptedSuggestions": [{"id": REFERRAL}],
        }
    ]
}
