"""The house: what stands where, who may use what, and that nothing was forgotten."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

import pytest

from service import errors
from service.config import Settings
from service.errors import ServiceError
from service.knowledge import FILES
from service.rules import RULES
from service.rules.contributors import TRIGGERS
from service.web.errors import STATUS

ROOT = Path(__file__).parents[1]
SERVICE = ROOT / "service"
KNOWLEDGE = SERVICE / "knowledge"

# How many modules a folder may have, and which of its folders a folder may hold: more than fourteen subjects
# on one shelf are two shelves. `cli`, `store` and `web` are the entrances' own; the root holds the waist.
MOST_MODULES = 14
PACKAGES = {
    "": "assessment and assess, its JSON, errors and settings",
    "auth": "a token -> Client",
    "cards": "an assessment in words",
    "cli": "the terminal",
    "ehr": "the only outgoing traffic",
    "facts": "what a record says about one patient on one day",
    "fhir": "FHIR R4",
    "fhir/read": "FHIR in",
    "fhir/write": "FHIR out",
    "hooks": "one CDS service a module",
    "knowledge": "codes, numbers, words and evidence",
    "rules": "one function a red flag, a contributor, a test",
    "rules/proposals": "what follows from the findings: tests, considerations, lifestyle advice",
    "screen": "a population",
    "store": "what is remembered without patients",
    "store/migrations": "alembic's",
    "store/migrations/versions": "alembic's",
    "web": "one chapter an address",
    "web/describe": "how the interface describes itself",
    "web/pages": "for people",
    "web/process": "the served process",
    "web/schemas": "the wire",
}
FORBIDDEN_NAMES = set(
    [
        "utils",
        "helpers",
        "common",
        "base",
        "core",
        "domain",
        "models",
        "engine",
        "handlers",
        "processors",
        "managers",
        "services",
    ]
)
CORE = "facts assessment assessment_json assess errors rules knowledge cards"

# Longer than 40 lines, and why.
LONG_FUNCTIONS = {
    "service/knowledge/__init__.py:_build": "one line for each of the parts of Knowledge",
    "service/store/migrations/versions/0001_audit_feedback_tokens.py:upgrade": "written by alembic",
}
# Longer than 250 lines, and why.
LONG_FILES = {
    "service/assessment.py": "the values of an assessment, most of them a line a field",
    "service/facts/facts.py": "the questions that rules put to a record, each with what keeps it open",
    "service/knowledge/checks.py": "one check after another, each of one subject",
    "service/knowledge/__init__.py": "the fields of the knowledge, one a line, and what builds them",
    "service/fhir/read/record.py": "the sorter and whom a record is about share the same raw JSON",
    "service/fhir/read/symptoms.py": "one subject: what a Condition or Observation states",
    "service/fhir/read/views.py": "a list of elements, one a line",
}
# Catches everything, and why that does not carry on as if nothing had happened.
CATCH_ALL = {
    "service/auth/keys.py": "whatever a thread raises is handed to the one who waits for it, who raises it",
    "service/store/writer.py": "the audit's thread outlives a failed row, which is logged and counted",
}


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the service by its path from the root."""
    paths = sorted(SERVICE.rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in paths}


def nodes(kind: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    for path, tree in modules().items():
        yield from ((path, node) for node in ast.walk(tree) if isinstance(node, kind))


def in_core(path: str) -> bool:
    return path.removeprefix("service/").split("/")[0].removesuffix(".py") in CORE.split()


def toml(name: str) -> dict[str, dict]:
    return tomllib.loads((KNOWLEDGE / f"{name}.toml").read_text())


# --- The tree -------------------------------------------------------------------------------------


def packages() -> dict[str, set[str]]:
    """The modules of each folder that has any, `__init__` not counted."""
    held: dict[str, set[str]] = {}
    for path in SERVICE.rglob("*.py"):
        folder = path.parent.relative_to(SERVICE).as_posix()
        held.setdefault("" if folder == "." else folder, set()).add(path.stem)
    return {folder: stems - {"__init__"} for folder, stems in held.items()}


def test_a_folder_holds_no_more_subjects_than_a_reader_can_hold() -> None:
    assert {folder for folder, modules in packages().items() if len(modules) > MOST_MODULES} == set()


def test_there_is_no_package_that_the_house_does_not_name() -> None:
    assert packages().keys() <= PACKAGES.keys()


def test_no_module_has_a_name_that_hides_its_subject() -> None:
    names = {part.removesuffix(".py") for path in modules() for part in path.split("/")[1:]}

    assert not names & FORBIDDEN_NAMES


def test_every_knowledge_file_is_loaded_and_there() -> None:
    assert {path.stem for path in KNOWLEDGE.glob("*.toml")} == set(FILES)


# --- Size -----------------------------------------------------------------------------------------


def test_a_function_over_forty_lines_has_a_reason() -> None:
    functions = chain(nodes(ast.FunctionDef), nodes(ast.AsyncFunctionDef))
    long = {
        f"{path}:{node.name}"
        for path, node in functions
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > 40
    }

    assert long == LONG_FUNCTIONS.keys()


def test_a_file_over_250_lines_has_a_reason() -> None:
    long = {path for path in modules() if len((ROOT / path).read_text().splitlines()) > 250}

    assert long == LONG_FILES.keys()


# --- What is not done -----------------------------------------------------------------------------


def test_nobody_catches_everything_without_a_reason() -> None:
    catching = {
        path
        for path, node in nodes(ast.ExceptHandler)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    }

    assert catching == CATCH_ALL.keys()


def test_nobody_prints() -> None:
    printing = {path for path, node in nodes(ast.Call) if ast.unparse(node).startswith("print(")}

    assert not printing


def test_the_core_has_no_clock_and_no_environment() -> None:
    asked = re.compile(r"(datetime\.now|datetime\.utcnow|date\.today|time\.time|os\.environ|getenv)\b")
    asking = {
        path for path, node in nodes(ast.Attribute) if in_core(path) and asked.search(ast.unparse(node))
    }

    assert not asking


def test_only_the_settings_ask_for_today() -> None:
    asked = re.compile(r"^(datetime\.now|date\.today)$")
    asking = {path for path, node in nodes(ast.Attribute) if asked.search(ast.unparse(node))}

    assert asking <= {
        "service/config.py",
        "service/store/__init__.py",
        "service/ehr/session.py",
        "service/store/writer.py",
    }


def test_the_core_reads_no_files_but_the_knowledge() -> None:
    opens = re.compile(r"(^|\.)(open|read_bytes|read_text)$")
    opening = {
        path
        for path, node in nodes(ast.Call)
        if isinstance(node, ast.Call) and in_core(path) and opens.search(ast.unparse(node.func))
    }

    assert opening == {"service/knowledge/__init__.py"}


def test_importing_the_core_imports_no_edge() -> None:
    program = "import sys, service.assess; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    edges = {"flask", "sqlalchemy", "requests", "structlog", "pydantic", "fhir.resources", "service.config"}
    assert not edges & set(loaded)


def test_no_wire_names_of_cds_hooks_outside_their_rooms() -> None:
    wire = re.compile(r"\b(hookInstance|fhirAuthorization|fhirServer|overrideReasons|selectionBehavior)\b")
    rooms = (
        "service/web/",
        "service/hooks/",
        "service/ehr/",
        "service/fhir/",
        "service/errors.py",
        "service/auth/",
        "service/cards/",
    )

    outside = {
        path for path in modules() if not path.startswith(rooms) and wire.search((ROOT / path).read_text())
    }

    assert not outside


# --- Nothing was forgotten ------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_its_words_its_cells_and_its_cases(rule: str) -> None:
    words, pathways = toml("rules"), toml("pathways")
    cases = [tomllib.loads(path.read_text()) for path in (ROOT / "tests/rules/cases").glob("*.toml")]

    told = [case["expect"] for table in cases for case in table.get(rule, ())]

    assert rule in words
    assert all(rule in pathway for pathway in pathways.values())
    assert {"YES", "NO", "UNKNOWN"} <= {answer for answer in told if isinstance(answer, str)}


def test_every_rule_in_words_is_a_rule_in_code() -> None:
    contributors = {name for name, words in toml("rules").items() if words["kind"] == "contributor"}

    assert toml("rules").keys() - contributors == RULES.keys()
    assert TRIGGERS.keys() - {"medicine"} <= contributors
    assert toml("medicines").keys() <= contributors


def test_every_rule_is_asked_and_has_its_words() -> None:
    assert RULES.keys() == {name for name, words in toml("rules").items() if words["kind"] != "contributor"}


@cache
def _asked_thresholds() -> set[str]:
    return {
        node.attr
        for _, node in nodes(ast.Attribute)
        if isinstance(node, ast.Attribute) and re.search(r"(^|\.)_?thresholds?$", ast.unparse(node.value))
    } - {"read", "unit_of"}


UNUSED = dict.fromkeys(
    (
        "emg_again",
        "ncs_again",
        "mri_brain_again",
        "mri_cervical_spine_again",
        "respiratory_function_again",
        "blood_gas_again",
        "ecg_again",
    ),
    "read by the id of the test: service/knowledge/__init__.py: _again",
)


def test_every_threshold_in_code_exists() -> None:
    assert _asked_thresholds() <= toml("thresholds").keys()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=pytest.mark.xfail(reason=UNUSED[n])) if n in UNUSED else n
        for n in toml("thresholds")
    ],
)
def test_every_threshold_is_used(name: str) -> None:
    assert name in _asked_thresholds()


def _all_errors(kind: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _all_errors(below)


@pytest.mark.parametrize("error", list(_all_errors()))
def test_every_error_has_a_status_of_its_own(error: type[ServiceError]) -> None:
    assert error in STATUS


def test_the_tree_of_errors_is_drawn_whole() -> None:
    drawn = re.findall(r"\b[A-Z][A-Za-z]+(?=\s{2,}|\n)", errors.__doc__ or "")

    defined = [n for n, k in vars(errors).items() if inspect.isclass(k) and issubclass(k, ServiceError)]
    assert set(defined) <= set(drawn)


def test_every_setting_is_in_the_example_with_its_default_and_a_comment() -> None:
    lines = (ROOT / "deploy/env.example").read_text().splitlines()
    named = {
        line.split("=")[0].lower(): before
        for before, line in pairwise(lines)
        if line.startswith("TWITCH_CDS_")
    }

    assert named.keys() == {f"twitch_cds_{field}" for field in Settings.model_fields}
    assert all(before.startswith("# ") for before in named.values())


def test_every_module_has_a_docstring() -> None:
    bare = {
        path for path, tree in modules().items() if not ast.get_docstring(tree) and "migrations" not in path
    }

    assert not bare
