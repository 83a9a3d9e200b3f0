"""The rule book: what each rule looks at, by which numbers, on what evidence, and what it asks for.

What a rule looks at is read from its source, so the book cannot fall behind the code.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from service.assessment import RuleKind
from service.knowledge import Knowledge
from service.rules.rule import RULES, Rule

KINDS = {RuleKind.SAME_DAY: "same-day", RuleKind.MOTOR: "motor flag", RuleKind.OTHER: "red flag"}
PARTS = {"twitch": "the twitch", "relatives": "family history", "medicines": "medicines"}


@dataclass(frozen=True, slots=True)
class Page:
    """One rule of the book: `thresholds` as (name, value, unit), `asks_for` as pathway to disposition."""

    id: str
    kind: str
    says: str
    reads: str
    why: str
    looks_at: tuple[str, ...]
    thresholds: tuple[tuple[str, float, str], ...]
    evidence: tuple[str, ...]
    asks_for: dict[str, str]


def rule_book(knowledge: Knowledge) -> tuple[Page, ...]:
    """A page for every rule, same-day rules first, then motor flags, then the others."""
    return tuple(_page(rule, knowledge) for rule in sorted(RULES.values(), key=lambda rule: rule.kind))


def _page(rule: Rule, knowledge: Knowledge) -> Page:
    words = knowledge.rules[rule.id]
    question = inspect.unwrap(rule.ask)
    sources = list(_sources(question, set()))
    asked = {word for tree in sources for word in _literals(tree)}
    numbers = sorted({name for tree in sources for name in _attributes(tree, "threshold")})
    parts = {PARTS[name] for tree in sources for name in _attributes(tree, "facts") if name in PARTS}
    known = {*knowledge.concepts, *knowledge.analytes, *knowledge.medicines}
    threshold = knowledge.thresholds
    return Page(
        rule.id,
        KINDS[rule.kind],
        words.says,
        inspect.getdoc(question) or "",
        words.why,
        (*sorted(parts), *sorted(asked & known)),
        tuple((name, getattr(threshold, name), threshold.unit_of(name)) for name in numbers),
        words.evidence,
        {name: str(pathway.dispositions[rule.id]) for name, pathway in knowledge.pathways.items()},
    )


def _sources(function: Callable[..., Any], seen: set[str]) -> Iterator[ast.AST]:
    """The syntax trees of a function and of the functions of the rules that it calls."""
    function = inspect.unwrap(function)
    if not isinstance(function, FunctionType) or function.__qualname__ in seen:
        return
    seen.add(function.__qualname__)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    yield tree
    for name in sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}):
        called = function.__globals__.get(name)
        yield from _called(called, seen)


def _called(called: Any, seen: set[str]) -> Iterator[ast.AST]:
    if isinstance(called, str):
        yield ast.Constant(called)
    elif callable(called) and getattr(called, "__module__", "").startswith("service.rules"):
        yield from _sources(called, seen)
    elif isinstance(called, dict) or hasattr(called, "values"):
        for value in called.values():
            yield from _called(value, seen) if callable(value) else ()


def _literals(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _attributes(tree: ast.AST, of: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == of:
            yield node.attr
