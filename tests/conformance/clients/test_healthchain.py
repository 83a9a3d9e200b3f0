"""The running service, called by a CDS Hooks client that others wrote: HealthChain's, from PyPI.

pip installs it once, into pytest's cache, as requirements-clients.lock pins it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import orjson
import pytest

from tests.conformance.ehr import ADDRESS, about
from tests.conformance.served import ROOT, Served, served
from tests.patients.stories import Story, stories

HERE = Path(__file__).parent
LOCK = ROOT / "requirements-clients.lock"
# Its requests to other hooks lack what the hooks carry: 0.16 writes the members of every context's base only.
HOOK = "patient-view"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info >= (3, 14), reason="HealthChain is for Pythons before 3.14"),
]


@pytest.fixture(scope="session")
def python(request: pytest.FixtureRequest) -> Path:
    """The Python that has HealthChain."""
    folder = request.config.cache.mkdir("healthchain")
    wanted = f"{sys.version}\n{LOCK.read_text()}"
    with (folder / "turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        stamp, environment = folder / "installed", folder / "venv"
        if not stamp.exists() or stamp.read_text() != wanted:
            run(sys.executable, "-m", "venv", "--clear", str(environment))
            pip = (str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install")
            run(*pip, "--quiet", "--require-hashes", "-r", str(LOCK))
            stamp.write_text(wanted)
    return environment / "bin" / "python"


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        _without(f"{' '.join(command[:4])} failed: {done.stderr[-500:]}")


def _without(reason: str) -> NoReturn:
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"In CI this test must run, but {reason}.")
    pytest.skip(f"NOT TESTED with a client that we did not write: {reason}")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="module")
def said(python: Path, service: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What HealthChain made of discovery, and of the answer about every golden patient."""
    calls = tmp_path_factory.mktemp("calls") / "calls.json"
    calls.write_bytes(orjson.dumps([call(story) for story in stories()]))
    command = [str(python), str(HERE / "with_healthchain.py"), service.base, str(calls)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    read: dict[str, Any] = orjson.loads(done.stdout)
    return read


def call(story: Story) -> dict[str, Any]:
    """What the client is given; it makes the envelope by itself."""
    asked = about(story, HOOK)
    return {"hook": HOOK, "path": ADDRESS[HOOK], "context": asked["context"], "prefetch": asked["prefetch"]}


@pytest.mark.conformance("9", "10", "13")
def test_its_model_of_discovery_takes_ours(said: dict[str, Any]) -> None:
    assert {service["hook"] for service in said["services"]} == set(ADDRESS)
    assert all(service["prefetch"]["conditions"].startswith("Condition?") for service in said["services"])


@pytest.mark.conformance("27", "40", "44", "45", "48", "49", "51")
def test_its_strict_model_takes_every_answer(said: dict[str, Any]) -> None:
    answers = said["answers"]

    assert len(answers) == len(stories())
    assert all("cards" in answer for answer in answers)
    assert sum(len(answer["cards"]) for answer in answers) > len(stories())
    # As the client shows it: the story of its name, and none other.
    summaries = {story.name: answer["cards"] for story, answer in zip(stories(), answers, strict=True)}
    assert "weakness" in summaries["teacher-3-slurring"][0]["summary"]
    assert summaries["twitch-gone"] == []


@pytest.mark.conformance("71", "69")
def test_the_served_log_holds_no_patient(said: dict[str, Any], service: Served) -> None:
    log = "".join(line for line in service.log.read_text().splitlines(True) if line.startswith("{"))

    patients = {about(story, HOOK)["context"]["patientId"] for story in stories()}
    assert log.count('"route":"/cds-services/<service_id>"') == len(said["answers"])
    assert not any(f'{patient}"' in log or f"/{patient}" in log for patient in patients)
