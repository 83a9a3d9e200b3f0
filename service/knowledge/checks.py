"""What must hold between the knowledge files; every problem is found at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from math import inf
from string import Formatter
from typing import Any

from service.assessment import Disposition, RuleKind
from service.knowledge.measures import factor_of

Tables = Mapping[str, Mapping[str, Any]]

DISPOSITIONS, KINDS = {str(d) for d in Disposition}, [str(kind) for kind in RuleKind]
CLAIM_FIELDS = ("cite", "identifier", "says", "checked", "due", "kind")
CONCEPT_KINDS = ("symptom", "diagnosis", "twitch", "look-alike")
LIFTING = {
    *("long-standing", "ocular-weakness.long-standing", "breathing-difficulty.may-be-explained"),
    *("eyelid-twitch-persisting.over-90-days", "electrolyte-imbalance", "nutritional-deficiency", "thyroid"),
}
REQUIRED = {
    "codes": ("words", "kind"),
    "analytes": ("words", "kind", "unit", "units"),
    "rules": ("kind", "says", "why", "evidence"),
    "pathways": ("describes",),
    "medicines": ("words", "why", "evidence"),
    "tests": ("words",),
    "reasons": ("says",),
    "diagnoses": ("words", "says", "explains", "explains_until", "evidence"),
}
# What is filled into each phrase of which a fact is made.
FILLED_IN = {
    "at_place": ("what", "place"),
    "at_side": ("what", "side"),
    "sided": ("side", "place"),
    "value": ("what", "value"),
    "measured": ("what", "amount"),
    **dict.fromkeys(
        ("examined", "reported", "no", "refuted", "over", "relative", "not_known", "ruled_out"), ("what",)
    ),
    **dict.fromkeys(("done", "ordered", "waiting"), ("day",)),
    "left_out": ("part", "why"),
}
NAMING = {
    "no_name": ("before", "after"),
    "between": ("salts", "strengths", "forms"),
    "local": ("words", "except"),
    "inhaled": ("words",),
    "systemic": ("words",),
    "homeopathic": ("words", "after_a_number", "before_a_number", "frequencies"),
}
EXPLAINS_UNTIL = ("diagnosis", "two years after", "always")


def problems_in(tables: Tables) -> list[str]:
    """Every contradiction and gap in the tables, each as a sentence that names file and block."""
    found: list[str] = []
    for check in (
        _complete,
        _claims,
        _evidence_cited,
        _thresholds,
        _rules,
        _pathways,
        _concepts,
        _analytes,
        _diagnoses,
        _lifestyle,
        _reasons,
        _phrases,
        _naming,
    ):
        try:
            found.extend(check(tables))
        except (KeyError, TypeError, AttributeError, ValueError) as cause:
            found.append(f"{check.__name__.strip('_')}: a block lacks or misnames something ({cause!r})")
    return found


def _claims(tables: Tables) -> Iterator[str]:
    for name, claim in tables["evidence"].items():
        for field in CLAIM_FIELDS:
            if field not in claim:
                yield f"evidence.toml [{name}] lacks {field}"
        if not claim.get("identifier") and claim.get("kind") != "local":
            yield f"evidence.toml [{name}] has no identifier and is not marked local"


def _evidence_cited(tables: Tables) -> Iterator[str]:
    claims = tables["evidence"]
    for file in ("thresholds", "medicines", "rules", "diagnoses"):
        for name, block in tables[file].items():
            cited = block.get("evidence", [])
            cited = [cited] if isinstance(cited, str) else cited
            if not cited:
                yield f"{file}.toml [{name}] cites no evidence"
            yield from (
                f"{file}.toml [{name}] cites {c}, which evidence.toml lacks" for c in cited if c not in claims
            )
    for name, block in tables["analytes"].items():
        reference = block.get("reference")
        if reference and reference.get("evidence") not in claims:
            yield f"analytes.toml [{name}] has a reference range without evidence"
        plausible = block.get("plausible")
        if plausible and plausible.get("evidence") not in claims:
            yield f"analytes.toml [{name}] says what is plausible without evidence"


def _thresholds(tables: Tables) -> Iterator[str]:
    for name, block in tables["thresholds"].items():
        value = block.get("value")
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield f"thresholds.toml [{name}].value must be a number"
        elif not 0 <= value < inf:
            yield f"thresholds.toml [{name}].value must be finite and not negative"
        if not block.get("unit"):
            yield f"thresholds.toml [{name}] has no unit"


def _rules(tables: Tables) -> Iterator[str]:
    for name, block in tables["rules"].items():
        if block["kind"] not in KINDS:
            yield f"rules.toml [{name}].kind must be one of {', '.join(KINDS)}"


def _pathways(tables: Tables) -> Iterator[str]:
    rules = {name for name, block in tables["rules"].items() if block["kind"] != "contributor"} | LIFTING
    for pathway, table in tables["pathways"].items():
        yield from (f"pathways.toml [{pathway}] lacks {rule}" for rule in sorted(rules - table.keys()))
        for rule, text in table.items():
            if rule == "describes":
                continue
            if rule.split(".")[0] not in tables["rules"] and rule not in LIFTING:
                yield f"pathways.toml [{pathway}] names {rule}, which rules.toml lacks"
            if text not in DISPOSITIONS:
                yield f"pathways.toml [{pathway}].{rule} is {text!r}, which is no disposition"
        same_day = {r for r, block in tables["rules"].items() if block["kind"] == "same-day"}
        changed = sorted(r for r in same_day if table.get(r) != "same-day")
        yield from (
            f"pathways.toml [{pathway}].{rule} must be same-day: it is never suppressed" for rule in changed
        )


def _complete(tables: Tables) -> Iterator[str]:
    for file, fields in REQUIRED.items():
        for name, block in tables[file].items():
            yield from (f"{file}.toml [{name}] lacks {field}" for field in fields if field not in block)


def _concepts(tables: Tables) -> Iterator[str]:
    places = {*tables["sites"]["sites"], *tables["sites"]["areas"]}
    for name, concept in tables["codes"].items():
        if concept.get("kind") not in CONCEPT_KINDS:
            yield f"codes.toml [{name}].kind must be one of {', '.join(CONCEPT_KINDS)}"
        for part in (concept, *concept.get("narrower", {}).values()):
            if "site" in part and part["site"] not in places:
                yield f"codes.toml [{name}] is at {part['site']}, which sites.toml lacks"


def _analytes(tables: Tables) -> Iterator[str]:
    for name, analyte in tables["analytes"].items():
        units = analyte["units"]
        if units and units.get(analyte["unit"]) != 1:
            yield f"analytes.toml [{name}].units must hold its own unit {analyte['unit']} with the factor 1"
        yield from (
            f"analytes.toml [{name}].units {u} must be positive and finite"
            for u, factor in units.items()
            if not 0 < factor_of(factor) < inf
        )
    for alias, unit in tables["units"]["aliases"].items():
        if unit in tables["units"]["aliases"]:
            yield f"units.toml {alias} leads to {unit}, which is an alias itself"


def _diagnoses(tables: Tables) -> Iterator[str]:
    for name, diagnosis in tables["diagnoses"].items():
        if name not in tables["codes"]:
            yield f"diagnoses.toml [{name}] is no concept of codes.toml"
        if diagnosis.get("explains_until") not in EXPLAINS_UNTIL:
            yield f"diagnoses.toml [{name}].explains_until must be one of {', '.join(EXPLAINS_UNTIL)}"
        kinds = diagnosis.get("kinds", {}).values()
        for rule in chain(diagnosis["explains"], diagnosis.get("explains_results", ()), *kinds):
            if tables["rules"].get(rule, {}).get("kind", "same-day") == "same-day":
                yield f"diagnoses.toml [{name}] explains {rule}, which is no rule or a same-day rule"


def _lifestyle(tables: Tables) -> Iterator[str]:
    for name, step in tables["lifestyle"]["steps"].items():
        for contributor in step.get("because", {}):
            if contributor not in tables["rules"]:
                yield f"lifestyle.toml [steps.{name}.because] names {contributor}, which rules.toml lacks"
        yield from (
            f"lifestyle.toml [steps.{name}] cites {claim}, which evidence.toml lacks"
            for claim in step["evidence"]
            if claim not in tables["evidence"]
        )


def _reasons(tables: Tables) -> Iterator[str]:
    """A sentence names only values that its reason carries; of a code also what it is called."""
    for name, block in tables["reasons"].items():
        carried = {*block.get("values", ()), *(("display",) if "code" in block.get("values", ()) else ())}
        yield from _unfilled(f"reasons.toml [{name}]", block["says"], carried)


def _phrases(tables: Tables) -> Iterator[str]:
    """A phrase names all that is filled in, and nothing else."""
    for name, phrase in tables["phrases"]["facts"].items():
        wanted = set(FILLED_IN.get(name, ()))
        where = f"phrases.toml [facts] {name}"
        yield from _unfilled(where, phrase, wanted)
        named = set(_named(phrase) or ())
        yield from (f"{where} leaves out {{{left}}}" for left in sorted(wanted - named))


def _unfilled(where: str, sentence: str, filled_in: set[str]) -> Iterator[str]:
    named = _named(sentence)
    if named is None:
        yield f"{where} has a brace too many or too few; write {{{{ or }}}} for one that is meant"
        return
    known = ", ".join(f"{{{name}}}" for name in sorted(filled_in)) or "nothing"
    yield from (f"{where} names {{{name}}}; filled in is {known}" for name in named if name not in filled_in)


def _named(sentence: str) -> list[str] | None:
    """The placeholders of a sentence; None where its braces do not pair."""
    try:
        return [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]
    except ValueError:
        return None


def _naming(tables: Tables) -> Iterator[str]:
    for name, block in tables["medicines"].items():
        for part in ("names", "by_form"):
            for called, source in block.get(part, {}).items():
                if not source or not isinstance(source, str):
                    yield f"medicines.toml [{name}.{part}] does not say who uses the name {called}"
                if not any(sign.isalpha() for sign in called):
                    yield f"medicines.toml [{name}.{part}] has a name without a letter: {called!r}"
        yield from (
            f"medicines.toml [{name}].{flag} must be true or false"
            for flag in ("inhaled", "also_a_habit")
            if not isinstance(block.get(flag, True), bool)
        )
    for name, lists in NAMING.items():
        for part in lists:
            listed = tables["naming"].get(name, {}).get(part)
            if not isinstance(listed, list) or not all(isinstance(word, str) and word for word in listed):
                yield f"naming.toml [{name}].{part} must be a list of words"
