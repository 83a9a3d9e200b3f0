"""What we know: codes, numbers, words and evidence, as data that a clinician can check.

`load()` reads the TOML files and the list of products beside this module, cross-checks them and returns a
`Knowledge`, or raises `KnowledgeInvalid` with every problem at once. A deployment
may lay its own TOML file over thresholds, pathways, codes and words.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from service import __version__
from service.assessment import Disposition
from service.errors import KnowledgeInvalid
from service.facts.truth import Truth
from service.knowledge.advice import (
    Claim,
    Diagnosis,
    LifestyleStep,
    Pathway,
    RuleWords,
    Thresholds,
    read_claim,
    read_diagnosis,
    read_pathway,
    read_rule_words,
    read_step,
)
from service.knowledge.checks import problems_in
from service.knowledge.codes import (
    PREFIX_SYSTEMS,
    Concept,
    Index,
    indexed,
    place_rows,
    read_concept,
    read_places,
)
from service.knowledge.measures import (
    Analyte,
    MedicineClass,
    Test,
    index_of,
    read_analyte,
    read_medicine,
    read_test,
    rows,
)
from service.knowledge.names import MedicineNames
from service.knowledge.overlay import Changes, changes_of, lay_over, problems_of
from service.knowledge.products import PRODUCTS, Product, medicine_codes, product_problems, products_in
from service.knowledge.twitch_words import TwitchWords

FILES = (
    *(
        "analytes",
        "answers",
        "cards",
        "codes",
        "diagnoses",
        "evidence",
        "lifestyle",
        "medicines",
        "mentions",
        "naming",
    ),
    *(
        "own",
        "pathways",
        "phrases",
        "questions",
        "reasons",
        "relatives",
        "rules",
        "sites",
        "systems",
        "tests",
    ),
    *("thresholds", "units"),
)

BLOOD_PANEL, REFERRAL = "blood-panel", "neurology-referral"


@dataclass(frozen=True)
class Knowledge:
    """Everything that reading, deciding and wording need to know; `version` names exactly this content."""

    version: str
    systems: Mapping[str, str]
    uris: Mapping[str, str]
    concepts: Mapping[str, Concept]
    meanings: Index
    places: Index
    sides: Mapping[str, str]
    coded_answers: Mapping[tuple[str, str], Truth]
    own: Mapping[str, Mapping[str, Any]]
    analytes: Mapping[str, Analyte]
    analyte_codes: Index
    units: Mapping[str, str]
    medicines: Mapping[str, MedicineClass]
    medicine_codes: Index
    medicine_names: MedicineNames
    products: Mapping[str, Product]
    tests: Mapping[str, Test]
    test_codes: Index
    panel_codes: Index
    neurology: frozenset[tuple[str, str]]
    generic_referrals: frozenset[tuple[str, str]]
    relatives: Mapping[str, Any]
    thresholds: Thresholds
    pathways: Mapping[str, Pathway]
    rules: Mapping[str, RuleWords]
    diagnoses: Mapping[str, Diagnosis]
    questions: Mapping[str, str]
    lifestyle: tuple[LifestyleStep, ...]
    daily: Mapping[str, str | None]
    safety_net: Mapping[str, Any]
    evidence: Mapping[str, Claim]
    reasons: Mapping[str, str]
    phrases: Mapping[str, str]
    sites: Mapping[str, str]
    twitch_words: TwitchWords
    conclusions: Mapping[tuple[str, str], bool]
    cards: Mapping[str, Mapping[str, str]]

    @cached_property
    def _exact(self) -> frozenset[tuple[str, str]]:
        """The codes of all indexes in systems that match to the letter."""
        indexes = (self.meanings, self.analyte_codes, self.medicine_codes, self.test_codes, self.panel_codes)
        coded = frozenset((s, c) for i in indexes for s, codes in i.entries.items() for c in codes)
        return coded | self.generic_referrals | {("own", name) for name in self.own}

    @cached_property
    def medicines_to_review(self) -> Mapping[str, MedicineClass]:
        """The classes that are contributors in their own right: not what is otherwise a habit."""
        return {name: c for name, c in self.medicines.items() if not c.also_a_habit}

    def speaks(self, system: str, code: str) -> bool:
        """Whether any rule asks about the code (`system` is our short name)."""
        if system not in PREFIX_SYSTEMS:
            return (system, code) in self._exact
        return bool(self.meanings.find(system, code) or self.medicine_codes.find(system, code))

    def disposition(self, rule: str, pathway: str) -> Disposition:
        """What the pathway asks for when the rule is YES."""
        return self.pathways[pathway].dispositions[rule]

    def words(self, fact: str) -> str:
        """A fact's id in words: of a concept, an analyte or a class of medicines."""
        for known in (self.concepts, self.analytes, self.medicines):
            if fact in known:
                return str(known[fact].words)
        return fact.replace("-", " ")


def load(overlay: Path | None = None) -> Knowledge:
    """The packaged knowledge, with a deployment's own file laid over it.

    Raises:
        KnowledgeInvalid: a file cannot be read, or the content contradicts itself; lists every problem.
    """
    tables, content = _packaged()
    products, problems = products_in((listed := (files(__name__) / PRODUCTS).read_bytes()).decode())
    content += listed
    if overlay is not None:
        raw, own = _overlay(overlay)
        content += raw
        problems += problems_of(own, tables)
        lay_over(tables, own)
    problems += problems_in(tables)
    problems += product_problems(products, tables["medicines"])
    if problems:
        raise KnowledgeInvalid(problems)
    return _build(tables, products, f"{__version__}+{hashlib.sha256(content).hexdigest()[:12]}")


def changes(overlay: Path) -> Changes:
    """What a deployment's file changes in the packaged knowledge, in words; `load` has to accept the file."""
    packaged, _ = _packaged()
    return changes_of(_overlay(overlay)[1], packaged)


def _packaged() -> tuple[dict[str, dict[str, Any]], bytes]:
    raw = {name: (files(__name__) / f"{name}.toml").read_bytes() for name in FILES}
    return {name: tomllib.loads(text.decode()) for name, text in raw.items()}, b"".join(raw.values())


def _overlay(path: Path) -> tuple[bytes, dict[str, Any]]:
    try:
        raw = path.read_bytes()
        own = tomllib.loads(raw.decode())
    except (OSError, ValueError) as cause:
        raise KnowledgeInvalid([f"the overlay {path} cannot be read: {cause}"]) from cause
    strange = [
        f"{path}: [{name}] is no knowledge file; known are {', '.join(FILES)}" for name in own.keys() - FILES
    ]
    if strange:
        raise KnowledgeInvalid(strange)
    return raw, own


def _build(tables: Mapping[str, dict[str, Any]], products: Sequence[Product], version: str) -> Knowledge:
    sites, thresholds = tables["sites"], Thresholds.read(tables["thresholds"])
    places = read_places(sites)
    concepts = {name: read_concept(name, table, places) for name, table in tables["codes"].items()}
    windows = {
        "laboratory": thresholds.results_count,
        "vital": thresholds.results_count,
        "habit": thresholds.habits_count,
        "score": thresholds.habits_count,
    }
    lifestyle = tables["lifestyle"]
    return Knowledge(
        version=version,
        systems={uri: name for name, s in tables["systems"].items() for uri in (s["uri"], *s["also"])},
        uris={name: s["uri"] for name, s in tables["systems"].items()},
        concepts=concepts,
        meanings=indexed((system, code, c.id, m) for c in concepts.values() for system, code, m in c.codes),
        places=indexed(place_rows(sites)),
        sides={code: side for side, codes in sites["sides"].items() for code in codes},
        coded_answers=dict(_answers(tables["answers"])),
        own=tables["own"],
        analytes={
            name: read_analyte(name, table, windows, tables["units"])
            for name, table in tables["analytes"].items()
        },
        analyte_codes=index_of(tables["analytes"]),
        units=tables["units"]["aliases"],
        medicines={name: read_medicine(name, table) for name, table in tables["medicines"].items()},
        medicine_codes=medicine_codes(tables["medicines"], products),
        medicine_names=MedicineNames(tables["medicines"], products, tables["naming"]),
        products={product.code: product for product in products},
        tests={name: read_test(name, t, _again(name, thresholds)) for name, t in tables["tests"].items()},
        test_codes=index_of(tables["tests"]),
        panel_codes=index_of({name: table.get("panels", {}) for name, table in tables["analytes"].items()}),
        neurology=frozenset(rows(tables["tests"]["neurology-referral"]["specialty"])),
        generic_referrals=frozenset(rows(tables["tests"]["neurology-referral"]["generic"])),
        relatives=tables["relatives"],
        thresholds=thresholds,
        pathways={name: read_pathway(name, table) for name, table in tables["pathways"].items()},
        rules={name: read_rule_words(table) for name, table in tables["rules"].items()},
        diagnoses={name: read_diagnosis(name, table) for name, table in tables["diagnoses"].items()},
        lifestyle=tuple(read_step(name, table) for name, table in lifestyle["steps"].items()),
        questions=tables["questions"],
        daily={line: lifestyle["daily_parts"].get(line) for line in lifestyle["daily"]},
        safety_net=lifestyle["safety_net"],
        evidence={name: read_claim(name, table) for name, table in tables["evidence"].items()},
        reasons={name: table["says"] for name, table in tables["reasons"].items()},
        phrases=tables["phrases"]["facts"],
        twitch_words=TwitchWords(tables["mentions"]),
        conclusions=_conclusions(tables["answers"]),
        cards=tables["cards"],
        sites={name: table["words"] for kind in ("sites", "areas") for name, table in sites[kind].items()},
    )


def _again(test: str, thresholds: Thresholds) -> float:
    """How long a test that was done or ordered lasts, in days; a referral has a window of its own."""
    if test == REFERRAL:
        return thresholds.referral_counts
    return float(getattr(thresholds, f"{test.replace('-', '_')}_again"))


def _conclusions(table: Mapping[str, Any]) -> dict[tuple[str, str], bool]:
    """What a conclusion calls a study, by its code: True is abnormal."""
    return {
        (system, code): word == "abnormal"
        for word in ("abnormal", "normal")
        for system, codes in table[word].items()
        for code in codes
    }


def _answers(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Truth]]:
    for word, truth in (("no", Truth.NO), ("unknown", Truth.UNKNOWN), ("yes", Truth.YES)):
        for system, codes in table.get(word, {}).items():
            yield from (((system, code), truth) for code in codes)
