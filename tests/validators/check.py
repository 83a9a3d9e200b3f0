"""python3 dev.py fhir: rebuild fhir_profiles/, compare it with what is committed, and validate everything.

    --write         write what is stale instead of complaining
    --only NAMES    only these validators (comma-separated): parse, bindings, hapi, cards, medplum, fhircraft
                    (the logic of the plans is compared with the service's answers in any case)

What must be good: the artefacts, the examples, and what the service emits. What must
be refused: every resource of invalid/, by HAPI and by fhircraft with our own checker of
bindings and references. `cards` is HAPI on the answers of hooks, which are no resources,
by our logical models of them; it must refuse every answer of invalid-hooks/. Warnings
are counted and not shown, except with --warnings.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fhir.resources.R4B import get_fhir_model_class

from fhir_profiles.scripts import generate
from fhir_profiles.scripts.artefact import (
    EXAMPLES,
    HERE,
    HOOKS,
    INVALID,
    INVALID_HOOKS,
    OPERATIONS,
    RESOURCES,
)
from tests.validators import core_package, emitted, logic, tools
from tests.validators.bindings import Checker

GUIDE, EMITTED, ANSWERS = (tools.CACHE / name for name in ("guide", "emitted", "answers"))
HAVE_TO_REFUSE = ("hapi", "cards", "fhircraft")
# What fhircraft lets pass, by experience: a required element with a pattern is taken to hold the pattern.
NOT_SEEN_BY_FHIRCRAFT = frozenset(("neurology-referral__code-min",))


@dataclass(frozen=True, slots=True)
class Finding:
    """One message of a validator."""

    file: Path
    severity: str
    place: str
    message: str

    @property
    def bad(self) -> bool:
        """Whether the resource is refused."""
        return self.severity in ("error", "fatal")

    def __str__(self) -> str:
        return f"{self.severity}: {self.file.relative_to(tools.ROOT)} at {self.place}: {self.message[:600]}"


def main() -> int:
    """Run the steps; 1 when any failed."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--warnings", action="store_true")
    parser.add_argument("--only", default=",".join(VALIDATORS))
    wanted = parser.parse_args()
    generate.quiet()
    steps: dict[str, Callable[[], bool]] = {"rebuild and compare": lambda: rebuilt(write=wanted.write)}
    for name in wanted.only.split(","):
        steps[name] = lambda name=name: validated(name, show_warnings=wanted.warnings)
    steps["logic"] = agreed
    summary = []
    for name, step in steps.items():
        print(f"\n== {name}", flush=True)
        start = time.monotonic()
        summary.append(f"{_outcome(step)} {time.monotonic() - start:6.1f} s  {name}")
    print("", *summary, sep="\n")
    return int(any(line.startswith("FAILED") for line in summary))


def _outcome(step: Callable[[], bool]) -> str:
    try:
        return "passed" if step() else "FAILED"
    except tools.NotToBeHad as why:
        if os.environ.get("CI", "").lower() in ("true", "1"):
            print(f"In CI nothing is skipped. {why}")
            return "FAILED"
        print(f"******** SKIPPED, and so not checked: {why}")
        return "SKIPPED"


# ---- Rebuild ----------------------------------------------------------------------------------------------


def rebuilt(*, write: bool) -> bool:
    """Whether what is committed is what would be made now; with `write` it is made so."""
    compiled = compile_fsh(tools.node())
    arguments = [sys.executable, "-m", "fhir_profiles.scripts.generate", "--compiled", str(compiled)]
    same = subprocess.run([*arguments, *(["--write"] if write else [])], cwd=tools.ROOT).returncode == 0
    print(f"{emitted.write(EMITTED)} resources as the service emits them: {EMITTED.relative_to(tools.ROOT)}")
    print(f"{emitted.write_answers(ANSWERS)} answers of hooks: {ANSWERS.relative_to(tools.ROOT)}")
    return same


def compile_fsh(node: Path) -> Path:
    """The folder of what SUSHI makes of input/fsh; it sees our terminology and R4, and no network."""
    core_package.make(node / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4", tools.HOME)
    shutil.rmtree(GUIDE, ignore_errors=True)
    vocabulary = GUIDE / "input" / "vocabulary"
    vocabulary.mkdir(parents=True)
    shutil.copytree(HERE / "input" / "fsh", GUIDE / "input" / "fsh")
    for name in ("sushi-config.yaml", "sushi-ignoreWarnings.txt"):
        shutil.copy(HERE / name, GUIDE)
    for made in generate.terminology_as_made():
        (vocabulary / f"{made['resourceType']}-{made['id']}.json").write_text(json.dumps(made))
    # Its own question for a newer version of itself gets no answer, so that it does not wait for one.
    env = {**os.environ, "HOME": str(tools.HOME), "npm_config_offline": "true"}
    said = tools.run(node / "node_modules" / ".bin" / "sushi", "build", "-s", GUIDE, env=env)
    result = next(line for line in said.splitlines() if "Errors" in line)
    if " 0 Errors" not in result or " 0 Warnings" not in result:
        raise SystemExit(said)
    return GUIDE / "fsh-generated" / "resources"


# ---- Validate ---------------------------------------------------------------------------------------------


def validated(name: str, *, show_warnings: bool) -> bool:
    """Whether a validator takes what is good, and refuses what is bad where it has to."""
    good, wrong = [RESOURCES, EXAMPLES, OPERATIONS, EMITTED], INVALID
    if name == "cards":
        good, wrong = [HOOKS / "cds-services.json", *HOOKS.rglob("*-response.json"), ANSWERS], INVALID_HOOKS
    findings = list(VALIDATORS[name]([*good, wrong]))
    refused = {finding.file for finding in findings if finding.bad}
    bad = sorted(wrong.glob("*.json"))
    alarms = [f for f in findings if f.file.parent != wrong and (f.bad or show_warnings)]
    print(*alarms, sep="\n")
    missed = [file for file in bad if file not in refused]
    warnings = sum(f.severity == "warning" and f.file.parent != wrong for f in findings)
    refusals = f"{len(bad) - len(missed)} of {len(bad)} bad resources refused"
    print(f"{name}: {refusals}; {warnings} warnings on good ones")
    if name not in HAVE_TO_REFUSE:
        missed = []
    if name == "fhircraft":
        missed = [file for file in missed if file.stem not in NOT_SEEN_BY_FHIRCRAFT]
    for file in missed:
        print(f"error: {file.relative_to(tools.ROOT)} was not refused")
    return not missed and not any(f.bad for f in alarms)


def parse(places: Iterable[Path]) -> Iterable[Finding]:
    """fhir.resources: base R4B, which takes what is R4."""
    for file in _files(places):
        resource = json.loads(file.read_text())
        try:
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        except ValueError as refused:
            yield Finding(file, "error", "", " ".join(str(refused).split()))


def bindings(places: Iterable[Path]) -> Iterable[Finding]:
    """Our own look at required bindings and the types of references."""
    checker = Checker(RESOURCES)
    for file in _files(places):
        for place, message in checker.faults(json.loads(file.read_text())):
            yield Finding(file, "error", place, message)


def hapi(places: Iterable[Path]) -> Iterable[Finding]:
    """The FHIR instance validator, as HAPI brings it."""
    main_class = tools.HERE / "java" / "Validate.java"
    return _told("java", "-Xmx1500m", "-cp", tools.jars(), main_class, RESOURCES, *places)


def medplum(places: Iterable[Path]) -> Iterable[Finding]:
    """@medplum/core: a second opinion by somebody else."""
    env = {**os.environ, "NODE_PATH": str(tools.node() / "node_modules")}
    return _told("node", tools.HERE / "node" / "medplum.cjs", RESOURCES, *places, env=env)


def fhircraft(places: Iterable[Path]) -> Iterable[Finding]:
    """fhircraft, with our own look at what it does not see."""
    places = list(places)
    yield from _told(tools.fhircraft(), tools.HERE / "with_fhircraft.py", RESOURCES, *places)
    yield from bindings(places)


VALIDATORS: dict[str, Callable[[Iterable[Path]], Iterable[Finding]]] = {
    "parse": parse,
    "bindings": bindings,
    "hapi": hapi,
    "cards": hapi,
    "medplum": medplum,
    "fhircraft": fhircraft,
}


# ---- Logic ------------------------------------------------------------------------------------------------


def agreed() -> bool:
    """Whether the FHIRPath of the plans says of every evaluation what the service decided."""
    definitions = [json.loads(file.read_text()) for file in RESOURCES.glob("*Definition-*.json")]
    artefacts = {f"{made['resourceType']}/{made['id']}": made for made in definitions}
    evaluations = sorted(EMITTED.glob("evaluated-*.json"))
    program = tools.HERE / "node" / "logic.cjs"
    env = {**os.environ, "NODE_PATH": str(tools.node() / "node_modules")}
    said = logic.said_of(tools.run("node", program, RESOURCES, *evaluations, env=env).splitlines())
    wrong = [
        f"error: {file.stem}: {fault}"
        for file in evaluations
        for fault in logic.faults(_read(file), _read(_applied(file)), said[file], artefacts)
    ]
    print(*wrong, sep="\n")
    print(f"logic: {len(evaluations)} evaluations, {len(wrong)} disagreements")
    return not wrong


def _applied(evaluated: Path) -> Path:
    return evaluated.with_name(evaluated.name.replace("evaluated-", "applied-", 1))


def _read(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(file.read_text())
    return read


def _told(*command: str | Path, env: dict[str, str] | None = None) -> list[Finding]:
    lines = tools.run(*command, env=env).splitlines()
    parted = (line.split("\t", 3) for line in lines)
    return [
        Finding(Path(file).resolve(), severity, place, message) for file, severity, place, message in parted
    ]


def _files(places: Iterable[Path]) -> list[Path]:
    return [file for place in places for file in sorted(place.rglob("*.json"))]


if __name__ == "__main__":
    sys.exit(main())
