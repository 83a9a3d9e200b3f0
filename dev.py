#!/usr/bin/env python3
"""Set up, run and check twitch-cds. Needs Python 3.11 or newer on Linux or macOS, and nothing else.

    python3 dev.py setup                          make .venv with everything the service needs
    python3 dev.py serve [--port N] [--host H]    set up, then run the service
    python3 dev.py test [pytest arguments]        set up, then every check; with arguments, only pytest
    python3 dev.py lint                           set up, then style, types and who may import whom
    python3 dev.py fhir [--write]                 set up, then rebuild, compare and validate fhir_profiles/
    python3 dev.py package                        set up, then build the FHIR package in dist/
    python3 dev.py conformance [--write]          set up, then compare the table of conformance with the tests
    python3 dev.py cards [stories]                set up, then draw the golden patients' cards in .cache/cards
    python3 dev.py bench [arguments]              set up, then measure how fast a hook is answered
    python3 dev.py mutants [--again] [paths]      set up, then see whether tests notice changes of the core
    python3 dev.py lock [--upgrade]               write the requirements*.lock files from pyproject.toml
    python3 dev.py clean                          remove .venv, caches and build results

What is installed is pinned and hashed in requirements.lock (the service), requirements-test.lock (the
same and the tests' tools), requirements-build.lock (what installs them), and for each tool with an
environment of its own under .cache: requirements-fhir.lock (a validator), requirements-clients.lock (a
client) and requirements-mutation.lock (mutmut). A second run finds its stamp and starts at once.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMP = VENV / "set-up.json"
SERVICE_LOCK, TEST_LOCK, BUILD_LOCK = "requirements.lock", "requirements-test.lock", "requirements-build.lock"
FHIR_LOCK, CLIENTS_LOCK = "requirements-fhir.lock", "requirements-clients.lock"
MUTATION_LOCK = "requirements-mutation.lock"
CLINICAL_CORE = "facts/* assessment.py assess.py rules/*"
# The tests that show every line and branch of the core. To trace the others too would double their time; who
# wants to see what they reach writes: python3 dev.py test --cov
CORE_TESTS = ("tests/facts", "tests/rules", "tests/cases/test_cases.py", "tests/test_rule_book.py")
LEFTOVERS = (
    ".venv .cache .coverage .coverage.* coverage.xml htmlcov .hypothesis .import_linter_cache .mypy_cache"
)
LEFTOVERS += " .pytest_cache .ruff_cache build dist **/__pycache__"


def main(command: str = "help", *arguments: str) -> int:
    """Run one command of the list above and return its exit code."""
    listed = (setup, serve, test, lint, fhir, package, conformance, cards, bench, mutants, lock, clean)
    commands = {f.__name__: f for f in listed}
    if command not in commands:
        print(__doc__)
        return 0 if command in ("help", "-h", "--help") else 2
    os.chdir(ROOT)
    return commands[command](*arguments)


def setup() -> int:
    """Make .venv hold the service and what it needs."""
    install(SERVICE_LOCK)
    return 0


def serve(*arguments: str) -> int:
    """Become the service, so that its signals and exit code are the service's own."""
    install(SERVICE_LOCK)
    os.execv(BIN / "twitch-cds", ["twitch-cds", "serve", *arguments])


def test(*arguments: str) -> int:
    """Run every check, also after one failed; with arguments run only pytest with them."""
    install(TEST_LOCK)
    remember_bytecode()
    if arguments:
        return run(BIN / "python", "-m", "pytest", *arguments)
    core = ",".join(f"service/{name}" for name in CLINICAL_CORE.split())
    pytest = ("python", "-m", "pytest", "-q", f"-n{processes()}", "--dist=loadfile")
    return check(
        *LINTERS,
        (*pytest, "--cov", "--cov-report=", *CORE_TESTS),
        ("coverage", "report", "--show-missing", "--skip-covered", "--fail-under=100", f"--include={core}"),
        (*pytest, *(f"--ignore={path}" for path in CORE_TESTS)),
    )


def remember_bytecode() -> None:
    """Let Python keep what it compiles in .cache, also where it is told to write none beside the sources.

    Each of the processes that the tests start would compile everything anew, and take twice as long to begin.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / ".cache" / "bytecode")


def processes() -> int:
    """How many processes share the tests: one a core, but not more than the tests' servers and waits bear."""
    cores = min(os.cpu_count() or 1, 4)
    return cores if cores > 1 else 0


def lint() -> int:
    """Run the checks that read the code without running it."""
    install(TEST_LOCK)
    return check(*LINTERS)


def fhir(*arguments: str) -> int:
    """Rebuild the FHIR artefacts, compare them with what is committed, and run every validator on them."""
    install(TEST_LOCK)
    return run(BIN / "python", "tests/validators/check.py", *arguments)


def package(*arguments: str) -> int:
    """Build the FHIR package that an EHR or a FHIR server can load."""
    install(TEST_LOCK)
    return run(BIN / "python", "-m", "fhir_profiles.scripts.package", *arguments)


def conformance(*arguments: str) -> int:
    """Compare or write the table that says which tests show which item of CDS Hooks."""
    install(TEST_LOCK)
    return run(BIN / "python", "-m", "tests.conformance.table", *arguments)


def cards(*arguments: str) -> int:
    """Draw the golden patients' cards as an EHR shows them."""
    install(TEST_LOCK)
    return run(BIN / "python", "-m", "tests.patients.render", *arguments)


def bench(*arguments: str) -> int:
    """Become the measurement of speed: by time or, with `--instructions`, by what callgrind counts."""
    install(TEST_LOCK)
    counted = "--instructions" in arguments
    options = [argument for argument in arguments if argument != "--instructions"]
    measure = "tests.bench.instructions" if counted else "tests.bench.hook"
    os.execv(BIN / "python", [str(BIN / "python"), "-m", measure, *options])


def mutants(*arguments: str) -> int:
    """Change the clinical core in small ways; fail where no test notices and nobody said why."""
    install(TEST_LOCK)
    return run(BIN / "python", "-m", "tests.mutation.run", *arguments)


def lock(*arguments: str) -> int:
    """Write the lock files; pins stay as they are unless `--upgrade` or pyproject.toml move them."""
    make_venv()
    if not (BIN / "uv").exists() and run_pip("install", "--quiet", "uv"):
        return 1
    same_versions = ("--constraints", TEST_LOCK)
    return (
        compile_lock(TEST_LOCK, "pyproject.toml", "--group", "test", *arguments)
        or compile_lock(SERVICE_LOCK, "pyproject.toml", *same_versions, *arguments)
        or compile_lock(FHIR_LOCK, "--group", "pyproject.toml:fhir", *same_versions, *arguments)
        or compile_lock(CLIENTS_LOCK, "--group", "pyproject.toml:clients", *arguments)
        or compile_lock(MUTATION_LOCK, "--group", "pyproject.toml:mutation", *same_versions, *arguments)
        or compile_lock(BUILD_LOCK, "--group", "pyproject.toml:build", *same_versions, *arguments)
    )


def clean() -> int:
    """Remove what the other commands made."""
    for pattern in LEFTOVERS.split():
        for path in list(ROOT.glob(pattern)):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return 0


LINTERS = (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",), ("lint-imports", "--no-logo"))


def check(*steps: tuple[str, ...]) -> int:
    """Run every step, then print how each went; 1 if any failed."""
    summary = []
    for step in steps:
        print("\n==", *step, flush=True)
        start = time.monotonic()
        outcome = "FAILED" if run(BIN / step[0], *step[1:]) else "passed"
        summary.append(f"{outcome} {time.monotonic() - start:6.1f} s  {' '.join(step):.90}")
    print("", *summary, sep="\n")
    return int(any(line.startswith("FAILED") for line in summary))


def install(wanted: str) -> None:
    """Make .venv hold what the lock file `wanted` names; do nothing when it already does."""
    with Path(__file__).open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        stamp = {"root": str(ROOT), "files": digest()}
        if STAMP.exists():
            found = json.loads(STAMP.read_text())
            installed = found.pop("lock")
            if found == stamp and installed in (wanted, TEST_LOCK):
                return
            if found["root"] != stamp["root"]:
                shutil.rmtree(VENV)
            if installed == TEST_LOCK:
                wanted = TEST_LOCK
        print(f"Setting up {VENV} from {wanted}; the next run will not need to.", flush=True)
        make_venv()
        STAMP.unlink(missing_ok=True)
        if install_with_uv(wanted) and install_with_pip(wanted):
            sys.exit("Not set up: neither uv nor pip could install what is locked; see their messages above.")
        STAMP.write_text(json.dumps({**stamp, "lock": wanted}))


def digest() -> str:
    """A hash over what decides what is installed."""
    import tomllib  # here, because an older Python must get as far as its message

    locks = [Path(file).read_text() for file in (SERVICE_LOCK, TEST_LOCK, BUILD_LOCK)]
    project = tomllib.loads(Path("pyproject.toml").read_text())
    parts = [*locks, project["build-system"], project["project"]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def make_venv() -> None:
    """Create .venv with pip in it, or stop and say what is missing."""
    if (BIN / "python").exists() and (BIN / "pip").exists():
        return
    missing = "Python's venv module is incomplete here. On Debian or Ubuntu: apt install python3-venv"
    if find_spec("ensurepip") is None or run(sys.executable, "-m", "venv", "--clear", VENV):
        sys.exit(missing)


def install_with_uv(wanted: str) -> int:
    """Install with uv, which takes a quarter of pip's time. Not 0 when uv cannot be had or cannot do it."""
    return (
        run_pip("install", "--quiet", "--require-hashes", "-r", BUILD_LOCK)
        or run_uv("pip", "sync", "--quiet", "--require-hashes", wanted, BUILD_LOCK)
        or run_uv("pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
    )


def install_with_pip(wanted: str) -> int:
    """Install the same with pip alone: where uv has no wheel, or cannot reach the index that pip reaches."""
    print("uv could not do it; trying pip, which takes longer.", flush=True)
    without_uv = VENV / BUILD_LOCK
    without_uv.write_text(re.sub(r"^uv==(.*\\\n)*.*\n", "", Path(BUILD_LOCK).read_text(), flags=re.MULTILINE))
    return run_pip("install", "--quiet", "--require-hashes", "-r", wanted, "-r", without_uv) or run_pip(
        "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", "."
    )


def compile_lock(lock_file: str, *arguments: str) -> int:
    """Write one lock file: for every supported Python, with hashes, naming neither a host nor a path."""
    options = ["--universal", "--python-version", "3.11", "--generate-hashes"]
    options += ["--no-header", "--no-annotate", "--no-emit-index-url"]
    return run_uv("pip", "compile", "--quiet", *options, "--output-file", lock_file, *arguments)


def run_pip(*arguments: str | Path) -> int:
    """Run the virtual environment's pip."""
    return run(BIN / "python", "-m", "pip", "--disable-pip-version-check", *arguments)


def run_uv(*arguments: str) -> int:
    """Run the virtual environment's uv with the system's certificates and the index that pip uses."""
    ask_pip = (BIN / "python", "-m", "pip", "config", "list")
    answer = subprocess.run(ask_pip, capture_output=True, text=True).stdout
    settings = dict(re.findall(r"^(\S+)=('.*')$", answer, re.MULTILINE))
    env = {"UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never", **os.environ, "VIRTUAL_ENV": str(VENV)}
    for name in ("global.index-url", "install.index-url", ":env:.index-url"):
        if name in settings and "UV_DEFAULT_INDEX" not in os.environ:
            env["UV_DEFAULT_INDEX"] = ast.literal_eval(settings[name])
    return run(BIN / "uv", *arguments, env=env)


def run(*command: str | Path, env: dict[str, str] | None = None) -> int:
    """Run a program and return its exit code."""
    return subprocess.run(command, env=env).returncode


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit(f"twitch-cds needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")
    sys.exit(main(*sys.argv[1:]))
