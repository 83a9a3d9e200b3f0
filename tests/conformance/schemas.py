"""What CDS Hooks says of its JSON, as JSON Schema and as the invariants of its logical models.

Written from the standard and from nothing of the service, so that the two can disagree. No object
takes a member that the standard does not name: that is what "SHALL NOT invent" means to a client.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

Json = dict[str, Any]

TEXT: Json = {"type": "string", "minLength": 1}
A_UUID: Json = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
ABSOLUTE: Json = {"type": "string", "pattern": "^https?://[^/\\s]+(/\\S*)?$"}
SEMVER: Json = {"type": "string", "pattern": r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$"}
A_RESOURCE: Json = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": TEXT}}
ANY_OBJECT: Json = {"type": "object", "minProperties": 1}
# What came after 1.0: a strict client of 1.0 refuses an answer for one of these.
SINCE_1_1 = {"card": ("uuid", "overrideReasons"), "suggestion": ("isRecommended",), "source": ("topic",)}
SINCE_2_0 = ("usageRequirements", "version", "hookVersion")


def an_object(required: str, **members: Json) -> Json:
    """An object with these members and no others; `required` names those that must be there."""
    return {
        "type": "object",
        "properties": members,
        "required": required.split(),
        "additionalProperties": False,
    }


def a_list(of: Json) -> Json:
    """A list with something in it: an empty one is left out."""
    return {"type": "array", "items": of, "minItems": 1}


CODING = an_object("code system", code=TEXT, system=TEXT, display=TEXT)
ACTION = an_object(
    "type description",
    type={"enum": ["create", "update", "delete"]},
    description=TEXT,
    resource=A_RESOURCE,
    resourceId=TEXT,
    extension=ANY_OBJECT,
)
LINK = an_object(
    "label url type",
    label=TEXT,
    url=ABSOLUTE,
    type={"enum": ["absolute", "smart"]},
    appContext=TEXT,
    autolaunchable={"type": "boolean"},
    extension=ANY_OBJECT,
)


@cache
def response(version: str) -> Draft202012Validator:
    """The answer of a service as CDS Hooks 1.0 or 2.0 defines it."""
    cards = {"type": "array", "items": _card(version)}
    return _validator(an_object("cards", cards=cards, systemActions=a_list(ACTION), extension=ANY_OBJECT))


@cache
def discovery(version: str) -> Draft202012Validator:
    """The answer of discovery as CDS Hooks 1.0 or 2.0 (with the members of 3.0) defines it."""
    members = {
        "hook": TEXT,
        "title": TEXT,
        "description": TEXT,
        "id": {"type": "string", "pattern": "^[A-Za-z0-9._~-]+$"},
        "prefetch": {"type": "object", "minProperties": 1, "additionalProperties": TEXT},
        "usageRequirements": TEXT,
        "version": SEMVER,
        "hookVersion": TEXT,
        "extension": ANY_OBJECT,
    }
    if version == "1.0":
        members = {name: member for name, member in members.items() if name not in SINCE_2_0}
    services = {"type": "array", "items": an_object("hook description id", **members)}
    return _validator(an_object("services", services=services, extension=ANY_OBJECT))


@cache
def outcome() -> Draft202012Validator:
    """An OperationOutcome as an error brings it."""
    issue = an_object(
        "severity code diagnostics",
        severity={"enum": ["fatal", "error"]},
        code=TEXT,
        diagnostics=TEXT,
        expression=a_list(TEXT),
    )
    return _validator(
        an_object("resourceType issue", resourceType={"const": "OperationOutcome"}, issue=a_list(issue))
    )


def _card(version: str) -> Json:
    behaviors = ["at-most-one"] if version == "1.0" else ["at-most-one", "any"]
    card = {
        "uuid": A_UUID,
        # Python and JSON Schema both count characters, and the standard wants fewer than 140 of them.
        "summary": {**TEXT, "maxLength": 139},
        "detail": TEXT,
        "indicator": {"enum": ["info", "warning", "critical"]},
        "source": an_object(
            "label", **_of("source", version, label=TEXT, url=ABSOLUTE, icon=ABSOLUTE, topic=CODING)
        ),
        "suggestions": a_list(_suggestion(version)),
        "selectionBehavior": {"enum": behaviors},
        "overrideReasons": a_list({**CODING, "required": ["code", "system", "display"]}),
        "links": a_list(LINK),
        "extension": ANY_OBJECT,
    }
    return an_object("summary indicator source", **_of("card", version, **card))


def _suggestion(version: str) -> Json:
    members = {
        "label": TEXT,
        "uuid": A_UUID,
        "isRecommended": {"type": "boolean"},
        "actions": a_list(ACTION),
        "extension": ANY_OBJECT,
    }
    return an_object("label", **_of("suggestion", version, **members))


def _of(kind: str, version: str, **members: Json) -> Json:
    later = SINCE_1_1[kind] if version == "1.0" else ()
    return {name: member for name, member in members.items() if name not in later}


def _validator(schema: Json) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(validator: Draft202012Validator, answer: Any) -> list[str]:
    """Where an answer is not what the schema says, and in what."""
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(answer)]


def empty_members(value: Any, path: str = "") -> Iterator[str]:
    """The paths of null and empty members, which CDS Hooks forbids."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in inside:
        if member is None or member in ("", [], {}):
            yield f"{path}/{name}"
        yield from empty_members(member, f"{path}/{name}")


def broken_invariants(answer: Json) -> list[str]:
    """The invariants of the logical model CDSHooksResponse that an answer breaks, by their names."""
    cards = answer.get("cards", [])
    suggestions = [each for card in cards for each in card.get("suggestions", [])]
    actions = [action for each in suggestions for action in each.get("actions", [])]
    links = [link for card in cards for link in card.get("links", [])]
    kept = {
        "cds-resp-1": all(_recommends_one(card) for card in cards),
        "cds-resp-2": all(
            "resourceId" in a and "resource" not in a for a in actions if a["type"] == "delete"
        ),
        "cds-resp-3": all("appContext" not in link for link in links if link["type"] != "smart"),
        "cds-resp-4": all(
            "display" in reason for card in cards for reason in card.get("overrideReasons", [])
        ),
        "cds-resp-5": all("description" in action for action in actions),
        "cds-resp-6": all("selectionBehavior" in card for card in cards if "suggestions" in card),
        "cds-resp-7": all(
            each.get("actionSelectionBehavior", "all") in ("all", "any", "at-most-one")
            for each in suggestions
        ),
    }
    return [name for name, holds in kept.items() if not holds]


def _recommends_one(card: Json) -> bool:
    recommended = [each for each in card.get("suggestions", []) if each.get("isRecommended")]
    return card.get("selectionBehavior") != "at-most-one" or len(recommended) <= 1
