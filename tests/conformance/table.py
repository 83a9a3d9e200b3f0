"""The table of conformance, made of items.toml and of the tests that show each item.

    python3 dev.py conformance            says what is stale or missing; 1 if anything is
    python3 dev.py conformance --write    writes deploy/CONFORMANCE.md and what GET /conformance serves

Tests are found by reading them, not by running them: a mark stands on a test function, never
within its parameters, and names items as texts. What a marked test claims the suite has to bear out.
"""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
ITEMS = Path(__file__).with_name("items.toml")
PAGE, SERVED = ROOT / "deploy" / "CONFORMANCE.md", ROOT / "service" / "web" / "describe" / "conformance.json"
STANDARD = "CDS Hooks 2.0.1"
REASONS = ("not_applicable", "not_met", "lacks")
STRENGTHS = ("SHALL", "SHALL NOT", "SHOULD", "SHOULD NOT", "MAY", "should", "practice")
# Skipped where Node or the shared data are not at hand: they prove more, and nothing alone.
SOMETIMES_SKIPPED = (
    "tests/fhir/servers/",
    "tests/conformance/clients/",
    "tests/conformance/test_real_requests",
)

Tests = Mapping[str, list[str]]


def main(*arguments: str) -> int:
    """Compare, or write with `--write`; 1 when something is stale or an item is without its ground."""
    wrong = list(problems(chapters(), tests_by_item()))
    made = contents()
    if arguments == ("--write",):
        for file, text in made.items():
            file.write_text(text, encoding="utf-8")
    else:
        wrong += [f"{file.relative_to(ROOT)} is stale: write it anew with --write" for file in stale(made)]
    print(*wrong or ["The table of conformance is complete."], sep="\n")
    return int(bool(wrong))


def stale(made: Mapping[Path, str]) -> list[Path]:
    """The files that are not there as they would be written now."""
    return [
        file for file, text in made.items() if not file.exists() or file.read_text(encoding="utf-8") != text
    ]


def chapters() -> list[dict[str, Any]]:
    """The chapters of items.toml with their items, in its order."""
    read: list[dict[str, Any]] = tomllib.loads(ITEMS.read_text(encoding="utf-8"))["chapter"]
    return read


def tests_by_item() -> Tests:
    """For each item the tests that are marked with it, as pytest names them."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for test, items in marked(ast.parse(file.read_text(encoding="utf-8"))):
            for item in items:
                found[item].append(f"{file.relative_to(ROOT).as_posix()}::{test}")
    return found


def marked(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """The test functions of a module that are marked, and the items that they are marked with."""
    for function in module.body:
        if isinstance(function, ast.FunctionDef):
            items = [item for decorator in function.decorator_list for item in _items(decorator)]
            if items:
                yield function.name, items


def _items(decorator: ast.expr) -> list[str]:
    if not isinstance(decorator, ast.Call) or ast.unparse(decorator.func) != "pytest.mark.conformance":
        return []
    return [str(ast.literal_eval(argument)) for argument in decorator.args]


def problems(read: list[dict[str, Any]], tests: Tests) -> Iterator[str]:
    """What keeps the table from being true: an item without a ground, a ground too many, an unknown item."""
    items = {name: item for chapter in read for name, item in chapter["items"].items()}
    yield from (f"{name}: marked by {tests[name][0]}, and no item" for name in tests if name not in items)
    for name, item in items.items():
        grounds = [reason for reason in REASONS if reason in item]
        shown = tests.get(name, [])
        if item["strength"] not in STRENGTHS:
            yield f"{name}: the strength is one of {', '.join(STRENGTHS)}"
        if len(grounds) > 1:
            yield f"{name}: gives several reasons ({', '.join(grounds)})"
        if not shown and not {"not_applicable", "not_met"} & set(grounds):
            yield f"{name}: has neither a test nor a reason"
        if shown and "not_applicable" in grounds:
            yield f"{name}: is shown by {shown[0]}, and called not applicable"
        if shown and all(test.startswith(SOMETIMES_SKIPPED) for test in shown):
            yield f"{name}: is shown only by tests that may be skipped"


def contents() -> dict[Path, str]:
    """What the two files hold, by their paths."""
    table = _table(chapters(), tests_by_item())
    return {PAGE: _markdown(table), SERVED: json.dumps(table, ensure_ascii=False, indent=1) + "\n"}


def _table(read: list[dict[str, Any]], tests: Tests) -> dict[str, Any]:
    return {
        "standard": STANDARD,
        "chapters": [
            {
                "title": chapter["title"],
                "place": chapter["place"],
                "items": [_row(name, item, tests.get(name, [])) for name, item in chapter["items"].items()],
            }
            for chapter in read
        ],
    }


def _row(name: str, item: Mapping[str, Any], tests: list[str]) -> dict[str, Any]:
    status = _status(item, is_shown=bool(tests))
    row = {"item": name, "text": item["text"], "strength": item["strength"], "status": status}
    if item["versions"]:
        row["versions"] = item["versions"].split()
    if because := next((item[reason] for reason in REASONS if reason in item), None):
        row["because"] = because
    return row | ({"tests": tests} if tests else {})


def _status(item: Mapping[str, Any], *, is_shown: bool) -> str:
    if "not_applicable" in item:
        return "not applicable"
    if "not_met" in item:
        return "not met"
    met = "met in part" if "lacks" in item else "met"
    return met if is_shown else "not shown"


def _markdown(table: Mapping[str, Any]) -> str:
    counts = Counter(sorted(row["status"] for chapter in table["chapters"] for row in chapter["items"]))
    said = ", ".join(f"{count} {status}" for status, count in counts.items())
    head = (
        f"# Conformance to {table['standard']}\n\n"
        "Made by `python3 dev.py conformance --write` of `tests/conformance/items.toml` and the tests; do not"
        " edit it.\nThe words are ours, the places are the standard's; beside the strength stand the versions"
        f" that ask.\n\n{counts.total()} items: {said}.\n"
    )
    return head + "".join(_chapter(chapter) for chapter in table["chapters"])


def _chapter(chapter: Mapping[str, Any]) -> str:
    head = f"\n## {chapter['title']}\n\n{chapter['place']}\n\n"
    names = "| item | asks | strength | status | shown by |\n|---|---|---|---|---|\n"
    return head + names + "".join(map(_line, chapter["items"]))


def _line(row: Mapping[str, Any]) -> str:
    because = f": {row['because']}" if "because" in row else ""
    strength = " ".join([row["strength"], *row.get("versions", [])])
    shown = "<br>".join(f"`{test}`" for test in row.get("tests", []))
    cells = (row["item"], row["text"], strength, row["status"] + because, shown)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
