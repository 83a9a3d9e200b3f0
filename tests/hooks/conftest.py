"""Prefetch values as a client would send them, and the circumstances in which a hook answers."""

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import orjson
import pytest

from service.fhir.read.prefilter import Prefilter
from service.hooks.hook import CallContext
from service.hooks.request import HookRequest
from service.knowledge import Knowledge, load

ON = date(2026, 11, 23)
NOTHING = {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": []}


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load()


@pytest.fixture(scope="session")
def given(knowledge: Knowledge) -> CallContext:
    return CallContext(knowledge, Prefilter(knowledge), "early-referral", ON)


@pytest.fixture
def twitch() -> dict[str, Any]:
    """A calf that has twitched for eleven weeks."""
    return {
        "resourceType": "Condition",
        "id": "twitch",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "82470000"}]},
        "subject": {"reference": "Patient/p1"},
        "onsetDateTime": "2026-09-01",
    }


@pytest.fixture
def found() -> Callable[..., dict[str, Any]]:
    """A searchset of resources."""

    def searchset(*resources: Any, **more: Any) -> dict[str, Any]:
        return {**NOTHING, "entry": [{"resource": resource} for resource in resources], **more}

    return searchset


@pytest.fixture
def raw() -> Callable[[dict[str, Any]], dict[str, msgspec.Raw]]:
    """A prefetch as it arrives: nothing of it parsed."""

    def unparsed(prefetch: dict[str, Any]) -> dict[str, msgspec.Raw]:
        return {
            key: msgspec.Raw(value if isinstance(value, bytes) else orjson.dumps(value))
            for key, value in prefetch.items()
        }

    return unparsed


@pytest.fixture
def call(raw: Callable[[dict[str, Any]], dict[str, msgspec.Raw]]) -> Callable[..., HookRequest]:
    """A patient-view about p1 by a practitioner, with everything sent along and nothing on record."""

    def request(user: str = "Practitioner/d1", **prefetch: Any) -> HookRequest:
        sent = {"conditions": NOTHING, "observations": NOTHING, **prefetch}
        return HookRequest(
            hook="patient-view", hook_instance="h1", user=user, patient="p1", prefetch=raw(sent)
        )

    return request
