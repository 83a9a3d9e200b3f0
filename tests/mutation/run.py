"""Mutation testing of the clinical core: `python3 dev.py mutants [--again] [paths]`.

A mutant is the core with one small change: `<` for `<=`, `|` for `&`, None for an argument. Where no test
notices, either a test is missing or the change changes nothing. The latter are listed, with the reason,
in explained.toml; every other survivor fails the run, and so does an explanation whose mutant is gone.
`--again` tries only those that lived the last time unexplained, with the tests as they are now; all of
them where the core has changed since.

mutmut makes the mutants of [tool.mutmut] in a copy under .cache/mutants; each_mutant runs the tests there.
What stands outside of functions (tables, defaults of fields) is not changed: other tests hold it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from pathlib import Path

from tests.mutation.mutate import Mutant, copied, module_of, mutated
from tests.validators.tools import once, run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOOL, COPY = ROOT / ".cache" / "mutation", ROOT / ".cache" / "mutants"
LAST = ROOT / ".cache" / "mutants.json"
LOCK, EXPLAINED = ROOT / "requirements-mutation.lock", HERE / "explained.toml"
KILLED = "killed"


def main(*arguments: str) -> int:
    """Make the mutants of these files (of all, without any), run the tests on each, and say which live."""
    start = time.monotonic()
    once(TOOL, [LOCK], _install)
    sys.path.append(str(TOOL))
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    files = _chosen(settings, [path for path in arguments if path != "--again"])
    copied(ROOT, COPY)
    mutants = mutated(COPY, files)
    explained = _explained([module_of(file) for file in files])
    core = _digest(settings)
    known = _last(core) if "--again" in arguments else {}
    verdicts = {
        name: known[name]
        for name, mutant in mutants.items()
        if name in known and (known[name] == KILLED or mutant in explained)
    }
    verdicts |= _tried(mutants.keys() - verdicts.keys(), settings["pytest_add_cli_args_test_selection"])
    LAST.write_text(json.dumps({"core": core, "verdicts": {**known, **verdicts}}))
    failed = _report(mutants, verdicts, explained)
    print(f"{time.monotonic() - start:.0f} s")
    return int(failed)


def _install() -> None:
    """Put mutmut and what it needs beside the environment of the tests, which it shares."""
    shutil.rmtree(TOOL, ignore_errors=True)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps")
    run(*pip, "--require-hashes", "--target", TOOL, "-r", LOCK)


def _chosen(settings: Mapping[str, Sequence[str]], paths: Sequence[str]) -> list[str]:
    """The files to mutate that lie at or under one of the paths."""
    globs = [ROOT.glob(pattern) for pattern in settings["only_mutate"]]
    core = {str(file.relative_to(ROOT)) for file in chain(*globs)} - {*settings["do_not_mutate"]}
    wanted = [Path(path) for path in paths] or [Path()]
    return sorted(f for f in core if any(path in Path(f).parents or path == Path(f) for path in wanted))


def _digest(settings: Mapping[str, Sequence[str]]) -> str:
    """A hash over the core: mutants are numbered, and a change of the code gives the numbers to others."""
    return hashlib.sha256(
        "".join(Path(file).read_text() for file in _chosen(settings, [])).encode()
    ).hexdigest()


def _last(core: str) -> dict[str, str]:
    """What became of each mutant the last time; nothing where the core has changed since."""
    last = json.loads(LAST.read_text()) if LAST.exists() else {}
    return last["verdicts"] if last.get("core") == core else {}


def _tried(mutants: Iterable[str], tests: Iterable[str]) -> dict[str, str]:
    """What becomes of each mutant; without pytest's other plugins, which only take time here."""
    asked, answered = COPY / "mutants.json", COPY / "verdicts.json"
    asked.write_text(json.dumps(sorted(mutants)))
    env = {**os.environ, "PYTHONPATH": f"{COPY / 'tests' / 'mutation'}:{TOOL}"}
    env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = ["-q", "-p", "each_mutant", "-p", "no:cacheprovider"]
    options += [f"--mutants={asked}", f"--verdicts={answered}"]
    done = subprocess.run([sys.executable, "-m", "pytest", *options, *tests], cwd=COPY, env=env)
    if not answered.exists():
        sys.exit(f"The tests did not run to their end (exit code {done.returncode}); see above.")
    return json.loads(answered.read_text())


def _explained(modules: Sequence[str]) -> set[Mutant]:
    """The mutants of explained.toml that are in these modules; an entry without its reason stops the run."""
    listed: set[Mutant] = set()
    for place, entries in tomllib.loads(EXPLAINED.read_text()).items():
        assert all(entry["why"] for entry in entries), f"{place} is not explained"
        listed |= {Mutant(place, entry["was"], entry["becomes"]) for entry in entries}
    return {mutant for mutant in listed if f"service.{mutant.place.partition(':')[0]}" in modules}


def _report(
    mutants: Mapping[str, Mutant], verdicts: Mapping[str, str], explained: AbstractSet[Mutant]
) -> bool:
    """Print a line a module and what is wrong; True where something is."""
    living = {name: mutants[name] for name, verdict in verdicts.items() if verdict != KILLED}
    gone = explained - set(living.values())
    still_open = {name: mutant for name, mutant in living.items() if mutant not in explained}
    print(f"{'':32}{'mutants':>10}{'killed':>10}{'explained':>10}{'open':>10}")
    modules = dict.fromkeys(name.rpartition(".")[0] for name in mutants)
    for module in (*modules, "service"):
        made, lived, left = (_count(names, module) for names in (mutants, living, still_open))
        print(f"{module:32}{made:10}{made - lived:10}{lived - left:10}{left:10}")
    for name, mutant in sorted(still_open.items()):
        print(f"\n{name}: {verdicts[name]}\n{mutant}")
    for mutant in sorted(gone):
        print(f"\nexplained, but there is no such survivor:\n{mutant}")
    return bool(gone or still_open)


def _count(names: Iterable[str], module: str) -> int:
    """How many of these are in the module; "service" stands for all."""
    return sum(module in ("service", name.rpartition(".")[0]) for name in names)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
