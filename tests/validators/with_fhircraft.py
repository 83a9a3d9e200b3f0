"""Validates files with fhircraft against our profiles; runs in fhircraft's own virtual environment.

Arguments: the folder of our artefacts, then files or folders. Output as of Validate.java:
file, severity, place and message with tabs between. Resources without one of our
profiles are passed over: others check those.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

from fhircraft import FHIRModelFactory  # noqa: E402  (it warns while it is imported)
from pydantic import ValidationError  # noqa: E402


def main(artefacts: str, *places: str) -> None:
    """Print the findings."""
    factory = FHIRModelFactory(fhir_release="R4")
    factory.disable_internet_access()
    models = {}
    for file in sorted(Path(artefacts).glob("StructureDefinition-*.json")):
        definition = json.loads(file.read_text())
        if definition["kind"] == "logical":
            continue  # of JSON that is no resource
        factory.register(definition)
        models[definition["url"]] = factory.build(canonical_url=definition["url"])
    count = 0
    for place in map(Path, places):
        for file in [place] if place.is_file() else sorted(place.rglob("*.json")):
            resource = json.loads(file.read_text())
            for profile in resource.get("meta", {}).get("profile", ()):
                if profile in models:
                    count += 1
                    said(file, resource, models[profile])
    print(f"{count} files validated", file=sys.stderr)


def said(file: Path, resource: object, model: type) -> None:
    """Print what the model says of one resource."""
    try:
        model.model_validate(resource)
    except ValidationError as refused:
        for error in refused.errors():
            where = ".".join(map(str, error["loc"]))
            print(file, "error", where, " ".join(error["msg"].split()), sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
