"""The committed artefacts, by type and id."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fhir_profiles.scripts.artefact import RESOURCES
from service.knowledge import Knowledge, load


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load()


@pytest.fixture(scope="session")
def artefacts() -> Mapping[str, dict[str, Any]]:
    """Every artefact by "Type/id"."""
    read = [json.loads(file.read_text()) for file in RESOURCES.glob("*.json")]
    return {f"{resource['resourceType']}/{resource['id']}": resource for resource in read}
