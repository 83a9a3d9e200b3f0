"""What every artefact shares: where it stands, who publishes it, and which notices its codes ask for."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from service import __version__

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parent
RESOURCES, EXAMPLES, INVALID = (HERE / name for name in ("resources", "examples", "invalid"))
HOOKS, OPERATIONS, INVALID_HOOKS = (HERE / name for name in ("hooks", "operations", "invalid-hooks"))

BASE = "https://twitch-cds.example/fhir"
PUBLISHER = "The twitch-cds authors"
# The day of the last change that a reader of the artefacts would notice; also in sushi-config.yaml.
DATE = "2026-11-23"

Json = dict[str, Any]


def canonical(kind: str, artefact: str) -> str:
    """The address by which other artefacts name this one."""
    return f"{BASE}/{kind}/{artefact}"


def head(kind: str, artefact: str, *, title: str, description: str) -> Json:
    """The first elements of a canonical resource, as SUSHI writes them for those authored in FSH."""
    return {
        "resourceType": kind,
        "id": artefact,
        "url": canonical(kind, artefact),
        "version": __version__,
        "name": name_of(artefact),
        "title": title,
        "status": "active",
        "experimental": False,
        "date": DATE,
        "publisher": PUBLISHER,
        "description": description,
    }


def name_of(artefact: str) -> str:
    """A name for programs: "concept-muscle-weakness" is TwitchConceptMuscleWeakness."""
    words = re.split(r"[^A-Za-z0-9]+", artefact)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return joined if joined.startswith("Twitch") else f"Twitch{joined}"


def written(resource: Mapping[str, Any]) -> str:
    """The JSON of an artefact as it is committed."""
    return json.dumps(resource, indent=2, ensure_ascii=False) + "\n"


def path_of(resource: Mapping[str, Any], folder: Path = RESOURCES) -> Path:
    """Where an artefact is committed: Type-id.json."""
    return folder / f"{resource['resourceType']}-{resource['id']}.json"


def table(name: str) -> Json:
    """A file of service/knowledge as it stands there, with every display."""
    return tomllib.loads((ROOT / "service" / "knowledge" / f"{name}.toml").read_text())


# The heading in NOTICE under which the owner of a code system speaks; our own codes need none.
_OWNERS = {
    "snomed": "SNOMED CT",
    "loinc": "LOINC",
    "rxnorm": "RxNorm",
    "icd-10": "ICD-10",
    "icd-10-cm": "ICD-10",
    "icd-10-pcs": "ICD-10",
    "atc": "ATC",
    "hpo": "Human Phenotype Ontology",
    "ucum": "UCUM",
}


def copyright_of(systems: Iterable[str]) -> str | None:
    """The notices that the codes of these systems (our short names) ask for, word by word from NOTICE."""
    owners = dict.fromkeys(_OWNERS[system] for system in systems if system in _OWNERS)
    return "\n\n".join(notices()[owner] for owner in owners) or None


@cache
def notices() -> Mapping[str, str]:
    """The paragraphs of NOTICE by their heading."""
    text = (ROOT / "NOTICE").read_text()
    found = re.findall(r"^(\S.*)\n((?:  .+\n)+)", text, re.MULTILINE)
    return {heading: " ".join(body.split()) for heading, body in found}
