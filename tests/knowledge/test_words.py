"""Ids and values in words, and that the code and reasons.toml speak of the same reasons."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import service
from service.errors import KnowledgeInvalid
from service.facts.amounts import Amount, Span
from service.facts.answers import Basis, Denial, How, Kind
from service.facts.places import Place
from service.facts.reasons import Reason, reason
from service.knowledge import load
from service.knowledge.words import fact_words, notes_words, place_words, reason_words
from tests.rules.given import packaged

HAND = Place("hand", "cervical", "left")
ARM = Place(None, "cervical", "right", "upper-limb")
# The functions whose first words are the id of a reason, and in which argument.
NAMING = {"reason": 0, "Reason": 0, "unknown": 1}


def basis(concept: str, **more: Any) -> Basis:
    return Basis(concept, "Condition/x", **more)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (basis("fasciculation"), "muscle twitching"),
        (basis("fasciculation", place=HAND), "muscle twitching, left hand"),
        (basis("fasciculation", place=ARM), "muscle twitching, right arm"),
        (basis("muscle-weakness", how=How.EXAMINED), "muscle weakness (examined)"),
        (basis("muscle-weakness", how=How.REPORTED, denial=Denial.OVER), "muscle weakness (reported): over"),
        (basis("muscle-weakness", aspect="mrc-grade", place=HAND), "MRC grade, left hand"),
        (basis("muscle-weakness", aspect="mrc-grade", value=Amount.exactly(4, "1")), "MRC grade 4"),
        (basis("muscle-weakness", code=("icd-10-cm", "R53.1"), how=How.EXAMINED), "Weakness"),
        (basis("twitch-trigger", value="lack-of-sleep"), "trigger of the twitching: lack of sleep"),
        (basis("cramp", how=How.REPORTED, denial=Denial.DENIED), "muscle cramps: no"),
        (basis("cramp", denial=Denial.REFUTED), "muscle cramps: refuted"),
        (basis("potassium", kind=Kind.RESULT, value=Amount.exactly(3.1, "mmol/L")), "potassium 3.1 mmol/L"),
        (basis("lithium", kind=Kind.RESULT), "lithium level"),
        (basis("statin", kind=Kind.MEDICINE, value="atorvastatin 20 mg"), "atorvastatin 20 mg"),
        (basis("motor-neuron-disease", kind=Kind.RELATIVE), "motor neuron disease in a relative"),
        (basis("a thing that nobody knows"), "a thing that nobody knows"),
    ],
)
def test_a_fact_is_said_in_the_words_of_the_knowledge(said: Basis, words: str) -> None:
    assert fact_words(said, packaged()) == words


def test_a_code_that_names_its_place_needs_only_the_side() -> None:
    place = packaged().concepts["eyelid-twitch"].aspects[""].place
    assert place is not None

    plain = fact_words(basis("eyelid-twitch", place=place), packaged())
    sided = fact_words(basis("eyelid-twitch", place=Place(place.site, place.region, "left")), packaged())

    assert sided == f"{plain} (left)"


def test_a_place_without_words_is_not_named() -> None:
    assert place_words(Place(None, "cervical"), packaged()) == ""
    assert fact_words(basis("fasciculation", place=Place(None, "cervical")), packaged()) == "muscle twitching"


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (Reason("not-recorded"), "not recorded"),
        (
            reason("too-long-ago", day=Span.of(date(2026, 8, 1))),
            "last recorded 2026-08-01, too long ago to count",
        ),
        (
            reason("unit-not-converted", unit="g/L", analyte="b12"),
            "the unit is none that converts to g/L for vitamin B12",
        ),
        (reason("missing", path="code"), "code is missing"),
        (
            reason("not-an-element", path=""),
            "the resource is a plain value where FHIR has an element with parts",
        ),
        (
            reason("code-too-wide", concept="muscle-weakness", system="icd-10-cm", code="R53.1"),
            "recorded only as “Weakness” (R53.1), which leaves it open",
        ),
    ],
)
def test_a_reason_is_said_with_its_values(why: Reason, words: str) -> None:
    assert reason_words(why, packaged()).lower() == words.lower()


def test_notes_are_one_note() -> None:
    assert notes_words((), packaged()) is None
    assert notes_words((Reason("preliminary"), Reason("record-disagrees")), packaged()) == (
        "preliminary; the record disagrees"
    )


# --- code and file ----------------------------------------------------------------------------------


def test_every_reason_of_the_code_is_in_the_file_with_its_values_and_the_reverse() -> None:
    used: dict[str, set[str]] = {}
    for name, values in _named():
        used.setdefault(name, set()).update(values)

    declared = {name: set(block["values"]) for name, block in _blocks().items()}
    assert {name: values for name, values in declared.items() if name not in used} == {}
    assert {name: values for name, values in used.items() if values != declared.get(name)} == {}


def _blocks() -> dict[str, Any]:
    file = Path(service.__file__).parent / "knowledge" / "reasons.toml"
    return {name: {"values": [], **block} for name, block in tomllib.loads(file.read_text()).items()}


def _named() -> Iterator[tuple[str, set[str]]]:
    """The reasons that the code makes, with the names of their values; also those chosen from a table."""
    for file in Path(service.__file__).parent.rglob("*.py"):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMING:
                position = NAMING[node.func.id]
                if len(node.args) > position:
                    values = {keyword.arg or "" for keyword in node.keywords} if position == 0 else set()
                    yield from ((name, values) for name in _ids(node.args[position]))
            if isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == "_WHY_REFUSED" for target in node.targets
            ):
                assert isinstance(node.value, ast.Dict)
                yield from ((name, {"path"}) for value in node.value.values for name in _ids(value))
                yield "not-valid", {"path"}


def _ids(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_ids(node.body), *_ids(node.orelse))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[reasons.too-long-ago]\nsays = "since {when}"\n', "reasons.toml .too-long-ago. names {when}"),
        ('[reasons.too-long-ago]\nsays = "since {day"\n', "reasons.toml .too-long-ago."),
        ('[phrases.facts]\nat_place = "{what} at {where}"\n', "phrases.toml .facts. at_place names {where}"),
        ('[phrases.facts]\nat_place = "at {place}"\n', "phrases.toml .facts. at_place leaves out {what}"),
    ],
)
def test_a_placeholder_that_nothing_fills_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    overlay = tmp_path / "ours.toml"
    overlay.write_text(text)

    with pytest.raises(KnowledgeInvalid, match=problem):
        load(overlay)


def test_a_deployment_may_say_a_reason_in_its_own_words(tmp_path: Path) -> None:
    overlay = tmp_path / "ours.toml"
    overlay.write_text('[reasons.too-long-ago]\nsays = "zuletzt am {day}"\n')

    said = reason_words(reason("too-long-ago", day=Span.of(date(2026, 8, 1))), load(overlay))

    assert said == "zuletzt am 2026-08-01"
