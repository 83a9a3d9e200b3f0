"""The running service, read with the models of CDS Hooks of HAPI FHIR, the reference server in Java.

Maven copies its jars once, into pytest's cache.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import orjson
import pytest

from tests.conformance.clients.conftest import without
from tests.conformance.ehr import ADDRESS, CARRIES, about
from tests.conformance.served import Served
from tests.patients.stories import stories

HERE = Path(__file__).parent / "java"
HOOKS = ("patient-view", "order-sign")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def jars(request: pytest.FixtureRequest) -> Path:
    """The folder with HAPI, as pom.xml names it."""
    missing = [program for program in ("java", "mvn") if not shutil.which(program)]
    if missing:
        without(f"{' and '.join(missing)} not installed")
    folder = request.config.cache.mkdir("hapi")
    wanted = (HERE / "pom.xml").read_text()
    with (folder / "turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        stamp = folder / "installed.xml"
        if not stamp.exists() or stamp.read_text() != wanted:
            goal = (
                "dependency:copy-dependencies",
                f"-DoutputDirectory={folder / 'jars'}",
                "-DincludeScope=runtime",
            )
            command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goal]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                without(f"Maven could not copy HAPI: {done.stdout[-500:]}")
            stamp.write_text(wanted)
    return folder / "jars"


@pytest.fixture(scope="module")
def said(jars: Path, service: Served, tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """What HAPI read: the services, and an answer about every golden patient to two hooks."""
    folder = tmp_path_factory.mktemp("calls")
    for story in stories():
        for hook in HOOKS:
            call = ADDRESS[hook].encode() + b"\n" + orjson.dumps(about(story, hook))
            (folder / f"{story.name}.{hook}").write_bytes(call)
    files = sorted(map(str, folder.iterdir()))
    command = ["java", "-cp", f"{jars}/*", str(HERE / "Hapi.java"), service.base, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.mark.conformance("9", "10", "13")
def test_its_model_of_discovery_takes_ours(said: list[list[str]]) -> None:
    assert {
        hook: f"/cds-services/{name}" for kind, hook, name in (s for s in said if s[0] == "service")
    } == ADDRESS
    assert len([line for line in said if line[0] == "service"]) == len(CARRIES)


@pytest.mark.conformance("2", "40", "44", "45", "46", "48", "49", "51", "74")
def test_its_models_and_its_strict_parser_take_every_answer_and_every_order(said: list[list[str]]) -> None:
    counts = {name: list(map(int, numbers)) for kind, name, *numbers in said if kind == "answer"}

    assert len(counts) == len(stories()) * len(HOOKS)
    cards, suggestions, resources = map(sum, zip(*counts.values(), strict=True))
    assert cards > len(stories())
    assert resources >= suggestions > cards
    assert counts["twitch-gone.patient-view"] == [0, 0, 0]
