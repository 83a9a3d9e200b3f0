"""Write, or compare, everything in fhir_profiles/ that is made and not authored.

    python -m fhir_profiles.scripts.generate            compare; 1 and a list where anything is stale
    python -m fhir_profiles.scripts.generate --write    write
    … --compiled FOLDER                                 with what SUSHI made of input/fsh

Without --compiled, what SUSHI makes is taken as committed. In the order of the steps a
later one reads what an earlier one made: terminology, FSH, logic, examples, invalid.
"""

from __future__ import annotations

import json
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import structlog

from fhir_profiles.scripts import examples, invalid, logic, terminology
from fhir_profiles.scripts.artefact import (
    EXAMPLES,
    HERE,
    HOOKS,
    INVALID,
    INVALID_HOOKS,
    OPERATIONS,
    RESOURCES,
    Json,
    path_of,
    written,
)
from service.knowledge import Knowledge, load

# What SUSHI makes of FSH; the other types are generated from the knowledge and the running service.
AUTHORED = ("StructureDefinition", "Questionnaire", "ActivityDefinition", "OperationDefinition")
GENERATED = ("CodeSystem", "ValueSet", "PlanDefinition", "Library", "CapabilityStatement")

Made = Iterable[tuple[Path, Json]]


def main() -> int:
    """Run the command; 1 where something committed is not what would be made now."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--compiled", type=Path)
    wanted = parser.parse_args()
    quiet()
    stale: list[str] = []
    expected: set[Path] = set()
    for step in steps(load(), wanted.compiled):
        made = dict(step())
        expected |= made.keys()
        stale += settle(made.items(), write=wanted.write)
    stale += left_over(expected, compiled=wanted.compiled is not None, write=wanted.write)
    for line in stale:
        print(line)
    if stale and not wanted.write:
        print("Stale. `python3 dev.py fhir --write` brings fhir_profiles/ up to date.", file=sys.stderr)
    return int(bool(stale) and not wanted.write)


def steps(knowledge: Knowledge, compiled: Path | None) -> Iterator[Callable[[], Made]]:
    """What is made, in order."""
    yield lambda: ((path_of(made), made) for made in terminology.artefacts(knowledge))
    if compiled is not None:
        yield lambda: from_fsh(compiled)
    yield lambda: ((path_of(made), made) for made in logic.artefacts(knowledge, AUTHORED))
    yield lambda: examples.artefacts(knowledge)
    yield lambda: invalid.artefacts()


def quiet() -> None:
    """Let the service that makes the examples keep its log lines to itself."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def terminology_as_made() -> Iterator[Json]:
    """What the profiles bind to, as the knowledge has it now."""
    return terminology.artefacts(load())


def from_fsh(compiled: Path) -> Iterator[tuple[Path, Json]]:
    """What SUSHI made: definitions into resources/, instances into examples/."""
    for file in sorted(compiled.glob("*.json")):
        made = json.loads(file.read_text())
        yield path_of(made, RESOURCES if made["resourceType"] in AUTHORED else EXAMPLES), made


def settle(made: Made, *, write: bool) -> list[str]:
    """Write or compare; what was not as it is made now."""
    changed = []
    for path, resource in made:
        text = written(resource)
        if path.exists() and path.read_text() == text:
            continue
        changed.append(f"{'written' if write else 'stale'}: {path.relative_to(HERE)}")
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return changed


def left_over(expected: set[Path], *, compiled: bool, write: bool) -> list[str]:
    """Committed files that nothing makes any more; without SUSHI, its own cannot be told from them."""
    served = (INVALID, INVALID_HOOKS, HOOKS, OPERATIONS)
    found = {path for folder in (RESOURCES, EXAMPLES, *served) for path in folder.rglob("*.json")}
    if not compiled:
        found = {path for path in found if {*served} & {*path.parents}}
        found |= {p for kind in GENERATED for p in RESOURCES.glob(f"{kind}-*.json")}
    for path in (strays := sorted(found - expected)):
        if write:
            path.unlink()
    return [f"{'removed' if write else 'left over'}: {path.relative_to(HERE)}" for path in strays]


if __name__ == "__main__":
    sys.exit(main())
