"""A hook call from its JSON: the envelope is decoded once and validated, the prefetch stays raw."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import orjson
from marshmallow import EXCLUDE, INCLUDE, Schema, ValidationError, fields, validate

from service.errors import NotJson, RequestNotUnderstood
from service.hooks.arrival import too_deep
from service.hooks.hook import Hook
from service.hooks.request import HookRequest


class _Envelope(msgspec.Struct, rename="camel"):
    """The members of a hook call that we read, each still raw; other members are passed over."""

    hook: msgspec.Raw = msgspec.Raw()
    hook_instance: msgspec.Raw = msgspec.Raw()
    fhir_server: msgspec.Raw = msgspec.Raw()
    fhir_authorization: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.Raw()
    prefetch: dict[str, msgspec.Raw] | None = None


def _text(
    wire_name: str, what: str, *, within: str = "", required: bool = True, longest: int = 2000
) -> fields.String:
    said: dict[str, Any] = {
        name: f"{within}{wire_name} must be {what}" for name in ("required", "null", "invalid")
    }
    limits = validate.Length(min=1, max=longest, error=said["invalid"])
    return fields.String(
        required=required,
        allow_none=not required,
        data_key=wire_name,
        validate=limits,
        error_messages=said,
        metadata={"description": f"{what[0].upper()}{what[1:]}."},
    )


def _object(wire_name: str, schema: type[Schema], *, required: bool) -> fields.Nested:
    said: dict[str, Any] = {name: f"{wire_name} must be an object" for name in ("required", "null", "type")}
    return fields.Nested(
        schema, required=required, allow_none=not required, data_key=wire_name, error_messages=said
    )


class ContextSchema(Schema):
    """What all hooks that we offer say about where the clinician is."""

    class Meta:
        unknown = INCLUDE

    error_messages = {"type": "context must be an object"}  # noqa: RUF012

    user = _text("userId", "a reference such as Practitioner/123", within="context.")
    patient = _text("patientId", "the id of the patient whose chart is open", within="context.")
    encounter = _text("encounterId", "the id of the encounter", within="context.", required=False)


class AuthorizationSchema(Schema):
    """Access to the EHR's FHIR server."""

    class Meta:
        unknown = INCLUDE

    error_messages = {"type": "fhirAuthorization must be an object"}  # noqa: RUF012

    token = _text("access_token", "a text", within="fhirAuthorization.", longest=16_000)


class CallSchema(Schema):
    """The envelope of a hook call, without its prefetch."""

    class Meta:
        unknown = EXCLUDE

    hook = _text("hook", "the name of the hook, such as patient-view")
    instance = _text("hookInstance", "a UUID that identifies this call")
    server = _text("fhirServer", "the base URL of the FHIR server", required=False)
    authorization = _object("fhirAuthorization", AuthorizationSchema, required=False)
    context = _object("context", ContextSchema, required=True)


FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")

_envelope = msgspec.json.Decoder(_Envelope).decode
_call = CallSchema()


def hook_request(body: bytes, hooks: Sequence[Hook]) -> HookRequest:
    """The call that a body holds; its prefetch is checked for syntax and not parsed.

    Raises:
        NotJson: malformed JSON, NaN, not UTF-8, or nested too deeply.
        RequestNotUnderstood: a member is missing or mistyped, or the hook is not one of `hooks`.
    """
    envelope = _unpacked(body)
    said = _validated(envelope)
    hook = next((hook for hook in hooks if hook.name == said["hook"]), None)
    if hook is None:
        names = " or ".join(hook.name for hook in hooks)
        raise RequestNotUnderstood(f"hook must be {names} at this address.", where="hook")
    if said.get("authorization") and not said.get("server"):
        raise RequestNotUnderstood(
            "fhirAuthorization came without fhirServer. Send the server's base URL too.", where="fhirServer"
        )
    context = said["context"]
    _check_carried(hook, context)
    return HookRequest(
        hook=hook.name,
        hook_instance=said["instance"],
        user=context.pop("user"),
        patient=_id(context.pop("patient")),
        encounter=(context.pop("encounter", None) or "").removeprefix("Encounter/") or None,
        context=context,
        prefetch=envelope.prefetch or {},
        fhir_server=said.get("server"),
        authorization=said.get("authorization"),
    )


def _check_carried(hook: Hook, context: Mapping[str, Any]) -> None:
    for member, what in hook.carries.items():
        if not isinstance(context.get(member), dict | list):
            raise RequestNotUnderstood(f"context.{member} must be {what.value}.", where=f"context.{member}")


def _unpacked(body: bytes) -> _Envelope:
    """The envelope. msgspec checks the syntax of what it leaves raw, except that it is UTF-8."""
    try:
        body.isascii() or body.decode()
        return _envelope(body)
    except UnicodeDecodeError as cause:
        raise NotJson(f"The body is not UTF-8 at byte {cause.start}. JSON must be sent in UTF-8.") from cause
    except RecursionError as cause:
        raise too_deep() from cause
    except msgspec.ValidationError as cause:
        where = "prefetch" if "prefetch" in str(cause) else None
        raise RequestNotUnderstood(f"{where or 'The body'} must be a JSON object.", where=where) from cause
    except msgspec.DecodeError as cause:
        raise NotJson(
            f"The body is not valid JSON: {cause}. Send the call as CDS Hooks defines it."
        ) from cause


def _validated(envelope: _Envelope) -> dict[str, Any]:
    members = {
        "hook": envelope.hook,
        "hookInstance": envelope.hook_instance,
        "fhirServer": envelope.fhir_server,
        "fhirAuthorization": envelope.fhir_authorization,
        "context": envelope.context,
    }
    sent = {name: memoryview(raw) for name, raw in members.items()}
    said = {name: _parsed(name, raw) for name, raw in sent.items() if len(raw)}
    try:
        loaded: dict[str, Any] = _call.load(said)
    except ValidationError as problem:
        found = dict(_flat(problem.normalized_messages()))  # type: ignore[no-untyped-call]
        raise RequestNotUnderstood(". ".join(found.values()) + ".", where=next(iter(found))) from problem
    return loaded


def _parsed(name: str, raw: memoryview) -> Any:
    """A small member. The syntax is known to be right; a number may still be beyond what a double holds."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as cause:
        raise NotJson(f"{name} is not JSON that can be read: {cause}.") from cause


def _flat(messages: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, str]]:
    for name, said in messages.items():
        here = path if name == "_schema" else f"{path}.{name}".strip(".")
        if isinstance(said, dict):
            yield from _flat(said, here)
        else:
            yield here, str(said[0]).rstrip(".")


def _id(patient: str) -> str:
    """The id without the type that some clients put before it.

    Anything but a FHIR id could mean other patients once it stands in a query: all ("*"), or several ("a,b").
    """
    plain = patient.removeprefix("Patient/")
    if not FHIR_ID.fullmatch(plain):
        raise RequestNotUnderstood(
            "context.patientId must be the id of one Patient: up to 64 letters, digits, hyphens and dots.",
            where="context.patientId",
        )
    return plain
