"""A copy of the service with every mutant inside, made by mutmut; and each mutant as a readable change."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from difflib import ndiff
from pathlib import Path
from typing import NamedTuple

from tests.mutation.plain import plainly_decorated

CLASS = "ǁ"  # stands around the class in mutmut's names
ORIGINAL = "__mutmut_orig"


class Mutant(NamedTuple):
    """One change: where it is ("rules.weight:_loss"), and the lines that differ, before and after."""

    place: str
    was: str
    becomes: str

    def __str__(self) -> str:
        was, becomes = (json.dumps(lines, ensure_ascii=False) for lines in (self.was, self.becomes))
        return f"[[{json.dumps(self.place)}]]\nwas = {was}\nbecomes = {becomes}\n"


def copied(root: Path, copy: Path) -> None:
    """A fresh copy of what the tests of the core need."""
    shutil.rmtree(copy, ignore_errors=True)
    for folder in ("service", "tests"):
        shutil.copytree(root / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", copy)


def mutated(copy: Path, files: Iterable[str]) -> dict[str, Mutant]:
    """Write the mutants of these files into the copy; the mutants by the names that mutmut gives them."""
    from mutmut.mutation.file_mutation import mutate_file_contents  # which run.py has installed by now

    mutants: dict[str, Mutant] = {}
    for file in files:
        made = mutate_file_contents(file, plainly_decorated((copy / file).read_text()))
        (copy / file).write_text(made.code)
        lines = made.code.splitlines()
        sources = {name: lines[at.start - 1 : at.end] for name, at in made.line_span_by_function_name.items()}
        module = module_of(file)
        mutants |= {f"{module}.{name}": _mutant(module, name, sources) for name in made.mutant_names}
    return mutants


def module_of(file: str) -> str:
    """The module that a file holds: "service.rules" for service/rules/__init__.py."""
    return ".".join(Path(file).with_suffix("").parts).removesuffix(".__init__")


def _mutant(module: str, name: str, sources: Mapping[str, Sequence[str]]) -> Mutant:
    """What differs between the function and its mutant."""
    mangled = name.rpartition("__mutmut_")[0]
    function = mangled.removeprefix(f"x{CLASS}").removeprefix("x_").replace(CLASS, ".")
    before = [line.replace(f"{mangled}{ORIGINAL}", function) for line in sources[f"{mangled}{ORIGINAL}"]]
    after = [line.replace(name, function) for line in sources[name]]
    changed = list(ndiff(before, after))
    was, becomes = ("\n".join(line[2:].strip() for line in changed if line[0] == sign) for sign in "-+")
    return Mutant(f"{module.removeprefix('service.')}:{function}", was, becomes)
