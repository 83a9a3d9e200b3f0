"""The cases of cases/*.toml, as pytest's parameters."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

FOLDER = Path(__file__).with_name("cases")


class Case(NamedTuple):
    """What a rule (or another thing decided on) makes of given facts, and the sentence that says so.

    Where the case names them: `rests_on` holds the sources of the answer's reasons, `lacks` what an UNKNOWN
    lacks, as "fact: why", with a "!" before what the record itself left open.
    """

    of: str
    case: str
    given: Mapping[str, Any]
    expect: Any
    pathway: str = "early-referral"
    rests_on: list[str] | None = None
    lacks: list[str] | None = None


def cases(*files: str) -> list[Any]:
    """The cases of these files, each with its sentence as the test's name."""
    tables = {file: tomllib.loads((FOLDER / f"{file}.toml").read_text()) for file in files}
    listed = [Case(of, **case) for table in tables.values() for of, found in table.items() for case in found]
    return [pytest.param(case, id=f"{case.of}: {case.case}") for case in listed]
