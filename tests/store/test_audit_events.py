"""The audit as FHIR AuditEvents in the form of IHE BALP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from service.fhir.write.audit_event import DISCLOSURE, HASHES, TOKEN_USE, audit_event
from service.store import AuditEntry, CardEntry, Store

CARD = "00000001-0000-5000-8000-000000000000"
ANSWERED = {
    "client": "https://ehr.example",
    "tenant": "hospital-a",
    "jti": "a token/1",
    "patient": "Sentinelson",
    "hook": "patient-view",
    "hook_instance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "rules": ("muscle-weakness",),
    "disposition": "urgent-referral",
    "cards": (CardEntry(uuid=CARD, topic="TwitchReferralUrgent"),),
}


def event_of(store: Store, **call: Any) -> dict[str, Any]:
    """The AuditEvent of a call, which is valid R4 whatever the call was."""
    store.record(
        AuditEntry(service="fasciculation-red-flags", knowledge_version="v1", latency_ms=1.25, **call)
    )
    store.flush()
    event = audit_event(store.rows()[-1], version="0.1.0", public_url="https://cds.example")
    AuditEvent.model_validate(event)
    return event


def agent(event: dict[str, Any], code: str) -> dict[str, Any]:
    (found,) = [a for a in event["agent"] if a["type"]["coding"][0]["code"] == code]
    return found


def test_an_answered_call_is_a_disclosure_that_we_received(store: Store) -> None:
    event = event_of(store, **ANSWERED)

    assert event["meta"]["profile"] == [DISCLOSURE, TOKEN_USE]
    assert (event["type"]["code"], event["action"], event["outcome"]) == ("110107", "C", "0")
    assert [s["code"] for s in event["subtype"]] == ["disclose"]
    assert agent(event, "110153")["network"]["address"] == "https://ehr.example"
    assert agent(event, "110152")["network"]["address"] == "https://cds.example"


def test_what_the_profile_demands_of_its_parts_is_there(store: Store) -> None:
    event = event_of(store, **ANSWERED)

    # BALP's invariant val-audit-source: the recipient is who recorded the event.
    assert agent(event, "110152")["who"] == event["source"]["observer"]
    assert all("who" in a for a in event["agent"])
    patient, call, card = event["entity"]
    assert (patient["type"]["code"], patient["role"]["code"]) == ("1", "1")
    assert patient["what"]["type"] == "Patient"
    assert call["what"]["identifier"]["value"] == f"urn:uuid:{ANSWERED['hook_instance']}"
    assert card["what"]["identifier"]["value"] == f"urn:uuid:{CARD}"


def test_the_token_is_named_by_its_id_as_a_uri(store: Store) -> None:
    event = event_of(store, **ANSWERED)

    token = agent(event, "UserOauthAgent")
    assert token["policy"] == ["urn:ietf:params:oauth:jti:a%20token%2F1"]
    assert token["requestor"] is True


def test_the_patient_is_a_keyed_hash_and_nothing_else(store: Store) -> None:
    event = event_of(store, **ANSWERED)

    identifier = event["entity"][0]["what"]["identifier"]
    assert identifier["system"] == HASHES
    assert len(identifier["value"]) == 64
    assert "Sentinelson" not in str(event)


def test_what_was_decided_stands_in_the_details_of_the_call(store: Store) -> None:
    event = event_of(store, **ANSWERED)

    assert {d["type"]: d["valueString"] for d in event["entity"][1]["detail"]} == {
        "hook": "patient-view",
        "disposition": "urgent-referral",
        "rules": "muscle-weakness",
        "knowledge-version": "v1",
        "latency-ms": "1.25",
    }


def test_a_refused_call_says_why(store: Store) -> None:
    event = event_of(store, refusal="RecordNotAvailable", client="https://ehr.example", patient="p1")

    assert (event["outcome"], event["outcomeDesc"]) == ("4", "RecordNotAvailable")
    assert event["meta"]["profile"] == [DISCLOSURE]


def test_an_untrusted_client_is_a_security_alert(store: Store) -> None:
    event = event_of(store, refusal="ClientNotTrusted")

    assert (event["type"]["code"], event["outcome"]) == ("110113", "8")
    assert agent(event, "110153")["who"] == {"display": "not identified (not trusted)"}
    assert "network" not in agent(event, "110153")
    assert "meta" not in event


@pytest.mark.parametrize("missing", ["patient", "client", "jti", "hook_instance", "cards"])
def test_whatever_is_missing_the_event_is_valid_and_claims_no_profile_it_does_not_meet(
    store: Store, missing: str
) -> None:
    event = event_of(store, **{name: value for name, value in ANSWERED.items() if name != missing})

    assert (DISCLOSURE in event["meta"]["profile"]) == (missing != "patient")
    assert (TOKEN_USE in event["meta"]["profile"]) == (missing != "jti")


def test_the_audit_is_read_between_two_moments(store: Store) -> None:
    before = datetime.now(UTC)
    store.record(AuditEntry(service="s", knowledge_version="v", latency_ms=1.0))
    store.flush()

    after = datetime.now(UTC) + timedelta(seconds=1)
    assert len(list(store.calls(before, after))) == 1
    assert list(store.calls(after)) == []
    assert list(store.calls(None, before)) == []
