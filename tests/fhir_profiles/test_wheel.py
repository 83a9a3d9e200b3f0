"""What is installed brings the artefacts along and serves them, and nothing that only makes them."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fhir_profiles.scripts.artefact import RESOURCES, ROOT

PACKAGES = ("service", "fhir_profiles")
# In a process of its own, where the unpacked wheel is all that is known of the project.
PROGRAM = """
import service, fhir_profiles
from service.config import Settings
from service.store import Store
from service.web import create_app

store = Store("sqlite://")
store.upgrade()
client = create_app(Settings(), store=store).test_client()
for path in ("/fhir/Questionnaire/twitch-history", "/fhir/metadata", "/fhir/ValueSet"):
    print(client.get(path).status_code)
print(service.__file__)
print(fhir_profiles.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_holds_every_artefact_and_no_source_of_one(wheel: Path) -> None:
    names = [Path(name) for name in zipfile.ZipFile(wheel).namelist()]

    held = {name for name in names if name.parts[0] == "fhir_profiles"}
    expected = {Path("fhir_profiles/resources") / file.name for file in RESOURCES.glob("*.json")}
    assert held == expected | {Path("fhir_profiles/__init__.py")}


@pytest.mark.slow
def test_an_installed_wheel_serves_the_artefacts(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}

    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )

    lines = [line for line in ran.stdout.splitlines() if " answered " not in line]
    assert lines == ["200"] * 3 + [str(tmp_path / package / "__init__.py") for package in PACKAGES]
