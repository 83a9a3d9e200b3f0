"""A row of the audit -> a FHIR R4 AuditEvent, in the form of IHE's Basic Audit Log Patterns (BALP).

A CDS Hooks call is no RESTful interaction of FHIR, so none of BALP's patterns for these fits.
What happens is that an EHR discloses a record to us: BALP's "Privacy Disclosure as recorded by a
Recipient" (import; source, recipient and patient named), together with "OAuth token use,
minimal" where a token came along, which names its `jti`. An event claims a profile only where
it has all that the profile demands: without a hash of the patient there is no patient to name.
Refused calls have the same form with their outcome; a client that we did not trust is a
security alert, as FHIR's "access denied" wants it.

The patient is the keyed hash and nothing else. The source's network address is not kept by
the audit; the issuer, a URL, stands for it. Profiles as of BALP 1.1.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

BALP = "https://profiles.ihe.net/ITI/BALP"
DISCLOSURE = f"{BALP}/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Recipient"
TOKEN_USE = f"{BALP}/StructureDefinition/IHE.BasicAudit.OAUTHaccessTokenUse.Minimal"
# What the hashes are values of: a name of ours, because they mean nothing to anybody else.
HASHES = "urn:twitch-cds:patient-hash"
TERMS = "http://terminology.hl7.org/CodeSystem"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
SUCCESS, MINOR, SERIOUS = "0", "4", "8"
NOT_TRUSTED = "ClientNotTrusted"
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def audit_event(row: Mapping[str, Any], *, version: str, public_url: str | None) -> Json:
    """The AuditEvent of a call; `version` is ours, `public_url` how clients reach us."""
    refused = row["refusal"]
    here = {"identifier": {"value": "twitch-cds"}, "type": "Device", "display": f"twitch-cds {version}"}
    event: Json = {"resourceType": "AuditEvent", "id": f"call-{row['id']}"}
    if profiles := list(_profiles(row)):
        event["meta"] = {"profile": profiles}
    event |= _what(refused)
    event["recorded"] = _instant(row["at"])
    event["outcome"] = _outcome(refused)
    if refused:
        event["outcomeDesc"] = refused
    event["purposeOfEvent"] = [{"coding": [_coding(f"{TERMS}/v3-ActReason", "TREAT", "treatment")]}]
    event["agent"] = [
        _source(row["client"], row["tenant"], trusted=refused != NOT_TRUSTED),
        _recipient(here, public_url),
        *_token(row["client"], row["jti"]),
    ]
    server = _coding(f"{TERMS}/security-source-type", "4", "Application Server")
    event["source"] = {"observer": here, "type": [server]}
    event["entity"] = [*_patient(row["patient_hash"]), _call(row), *map(_card, row["cards"])]
    return event


def _profiles(row: Mapping[str, Any]) -> Iterator[str]:
    if row["patient_hash"] and row["refusal"] != NOT_TRUSTED:
        yield DISCLOSURE
    if row["jti"]:
        yield TOKEN_USE


def _what(refused: str | None) -> Json:
    if refused == NOT_TRUSTED:
        return {"type": _coding(DICOM, "110113", "Security Alert"), "action": "E"}
    disclose = _coding(f"{TERMS}/iso-21089-lifecycle", "disclose", "Disclose Record Lifecycle Event")
    return {"type": _coding(DICOM, "110107", "Import"), "subtype": [disclose], "action": "C"}


def _outcome(refused: str | None) -> str:
    if refused is None:
        return SUCCESS
    return SERIOUS if refused == NOT_TRUSTED else MINOR


def _source(client: str | None, tenant: str | None, *, trusted: bool) -> Json:
    """The EHR. Without an issuer it was the open mode, which listens to this machine only, or a stranger."""
    who: Json
    if client:
        who, network = {"identifier": {"value": client}}, {"network": {"address": client, "type": "5"}}
    elif trusted:
        who = {"display": "not identified (open mode)"}
        network = {"network": {"address": "localhost", "type": "1"}}
    else:
        # Who it was and where is not kept: anybody may have said so.
        who, network = {"display": "not identified (not trusted)"}, {}
    agent = {"type": _concept("110153", "Source Role ID"), "who": who, "requestor": False, **network}
    return agent | ({"altId": tenant} if tenant else {})


def _recipient(here: Json, public_url: str | None) -> Json:
    network = {"address": public_url, "type": "5"} if public_url else {"address": "localhost", "type": "1"}
    return {
        "type": _concept("110152", "Destination Role ID"),
        "who": here,
        "requestor": False,
        "network": network,
    }


def _token(client: str | None, jti: str | None) -> Iterator[Json]:
    """The token's use. A `jti` may hold anything, and a URI may not."""
    if jti:
        yield {
            "type": {"coding": [_coding(f"{BALP}/CodeSystem/UserAgentTypes", "UserOauthAgent")]},
            "who": {"identifier": {"value": client}},
            "requestor": True,
            "policy": [f"urn:ietf:params:oauth:jti:{_encoded(jti)}"],
        }


def _encoded(text: str) -> str:
    """The text as a part of a URI: every byte that is not unreserved (RFC 3986) in percent form."""
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def _patient(patient_hash: str | None) -> Iterator[Json]:
    if patient_hash:
        yield {
            "what": {"type": "Patient", "identifier": {"system": HASHES, "value": patient_hash}},
            "type": _coding(f"{TERMS}/audit-entity-type", "1", "Person"),
            "role": _coding(f"{TERMS}/object-role", "1", "Patient"),
        }


def _call(row: Mapping[str, Any]) -> Json:
    """The call itself: a job, with what was decided as details."""
    said = {
        "hook": row["hook"],
        "disposition": row["disposition"],
        "rules": ", ".join(row["rules"]),
        "withheld": ", ".join(f"{topic} ({why})" for topic, why in sorted(row["withheld"].items())),
        "knowledge-version": row["knowledge_version"],
        "latency-ms": f"{row['latency_ms']:g}",
    }
    instance = row["hook_instance"]
    return {
        **({"what": {"identifier": _urn(instance)}} if instance else {}),
        "type": _coding(f"{TERMS}/audit-entity-type", "2", "System Object"),
        "role": _coding(f"{TERMS}/object-role", "20", "Job"),
        "name": row["service"],
        "detail": [{"type": name, "valueString": value} for name, value in said.items() if value],
    }


def _card(uuid: str) -> Json:
    return {
        "what": {"identifier": _urn(uuid)},
        "type": _coding(f"{TERMS}/audit-entity-type", "2", "System Object"),
        "role": _coding(f"{TERMS}/object-role", "3", "Report"),
    }


def _urn(uuid: str) -> Json:
    return {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid}"}


def _concept(code: str, display: str) -> Json:
    return {"coding": [_coding(DICOM, code, display)]}


def _coding(system: str, code: str, display: str | None = None) -> Json:
    return {"system": system, "code": code} | ({"display": display} if display else {})


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
