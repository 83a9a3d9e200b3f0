"""Medicines (decision model §2, the row on MedicationRequest and MedicationStatement, and §5's classes)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from tests.reference import terms
from tests.reference.days import span_of

Json = dict[str, Any]

# Names that need no code: "aliases of the knowledge" (§2 names these two), and names of other countries.
ALIASES = {"salbutamol": "beta-agonist", "frusemide": "diuretic"}
BEFORE = r"(?:no|not|without|stop|stopped|discontinued|avoid|former|allergy to|intolerance to)"
AFTER = r"(?:battery|batteries|level|test|strip|free|allergy|intolerance|stopped|discontinued)"
# "nothing between but a salt, strength, form or punctuation"
BETWEEN = r"(?:[^a-z]|\b(?:carbonate|citrate|sodium|hydrochloride|mg|mcg|g|ml|tablets?|capsules?|oral)\b)*"
NOT_TAKEN_IN = (
    "cream", "ointment", "lotion", "gel", "shampoo", "foam", "scalp", "topical", "eye", "ear", "nose",
    "nasal",
    "ophthalmic", "otic", "vaginal", "dental", "homeopathic",
)  # fmt: skip
INHALED = ("inhaler", "inhaled", "inhalation", "nebuliser")


@dataclass(frozen=True)
class Medicine:
    """A medicine that is taken: its classes; `unread` where neither code nor name says what it is."""

    source: str
    classes: frozenset[str]
    unread: bool = False
    taken: bool = True


def read_medicine(one: Json, on: date, medications: dict[str, Json]) -> Medicine | None:
    """What it says, or None where it does not count. `taken` is False where it is stated as not taken."""
    source = f"{one['resourceType']}/{one['id']}"
    concept = _concept(one, medications)
    if one.get("status") == "not-taken":
        classes, _ = _classes(concept, one)
        return Medicine(source, classes, taken=False)
    if not _counts(one, on):
        return None
    classes, unread = _classes(concept, one)
    return Medicine(source, classes, unread)


def _counts(one: Json, on: date) -> bool:
    """Active, or completed or stopped with its end within the last 30 days; no plan, no proposal."""
    if one.get("doNotPerform") or one.get("intent") in ("proposal", "plan"):
        return False
    begun = span_of(one.get("authoredOn") or one.get("effectivePeriod", {}).get("start"))
    if begun and begun.low > on:
        return False
    if one.get("status") == "active":
        return True
    end = one.get("effectivePeriod", {}).get("end")
    end = end or one.get("dispenseRequest", {}).get("validityPeriod", {}).get("end")
    ended = span_of(end)
    fresh = ended is not None and on - timedelta(days=30) <= ended.low <= on
    return one.get("status") in ("completed", "stopped") and fresh


def _concept(one: Json, medications: dict[str, Json]) -> Json:
    """The CodeableConcept of the medicine, contained and bundled Medications included."""
    if "medicationCodeableConcept" in one:
        return dict(one["medicationCodeableConcept"])
    reference = one.get("medicationReference", {})
    target = reference.get("reference", "")
    contained = {f"#{inner['id']}": inner for inner in one.get("contained", ())}
    found = contained.get(target) or medications.get(target) or {}
    concept = dict(found.get("code", {}))
    if reference.get("display"):
        concept["coding"] = [*concept.get("coding", ()), {"display": reference["display"]}]
    return concept


def _classes(concept: Json, one: Json) -> tuple[frozenset[str], bool]:
    """The classes, and whether it is unread."""
    texts = [coding.get("display", "") for coding in concept.get("coding", ())] + [concept.get("text", "")]
    texts = [text.lower() for text in texts if text]
    coded = frozenset(
        name for system, code in terms.codings(concept) for name in _classes_of_code(system, code)
    )
    known = any(_is_known(system, code) for system, code in terms.codings(concept))
    if not known and (not texts or any(_is_no_name(text) for text in texts)):
        return frozenset(), True
    classes = coded if known else frozenset(name for text in texts for name in _classes_of_text(text))
    dosages = one.get("dosageInstruction") or one.get("dosage") or ()
    forms = [*texts, *(dosage.get("route", {}).get("text", "").lower() for dosage in dosages)]
    words = {word for form in forms for word in re.findall("[a-z]+", form)}
    if words & set(NOT_TAKEN_IN):
        return frozenset(), False
    if words & set(INHALED):
        classes -= {"corticosteroid"}
    return classes, False


def _is_known(system: str, code: str) -> bool:
    return bool(_classes_of_code(system, code))


@cache
def _classes_of_code(system: str, code: str) -> frozenset[str]:
    """An ingredient, a product by the products' list, or an ATC code by its prefix."""
    if system == "RxNorm":
        return _rxnorm().get(code, frozenset())
    if system == "ATC":
        fits = [(len(prefix), name) for prefix, name in _atc().items() if code.startswith(prefix)]
        return frozenset({max(fits)[1]}) if fits else frozenset()
    return frozenset()


@cache
def _rxnorm() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in terms.terminology():
        if row["group"] == "medication" and row["system"] == "RxNorm" and row["concept"] in terms.CLASS_OF:
            found[row["code"]] = frozenset({terms.CLASS_OF[row["concept"]]})
    for row in terms.products():
        found[row["rxcui"]] = found.get(row["rxcui"], frozenset()) | {row["class"]}
    return found


@cache
def _atc() -> dict[str, str]:
    return {
        row["code"]: terms.CLASS_OF[row["concept"]]
        for row in terms.terminology()
        if row["system"] == "ATC" and row["concept"] in terms.CLASS_OF
    }


@cache
def names() -> dict[str, str]:
    """Ingredients, the bracketed brands of the products, and aliases, in small letters: name -> class."""
    found = dict(ALIASES)
    for row in terms.terminology():
        if row["group"] == "medication" and row["system"] == "RxNorm" and row["concept"] in terms.CLASS_OF:
            found[row["display"].lower()] = terms.CLASS_OF[row["concept"]]
    for row in terms.products():
        for brand in re.findall(r"\[([^]]+)\]", row["name"]):
            found.setdefault(brand.lower(), row["class"])
    return found


def _classes_of_text(text: str) -> set[str]:
    return {names()[name] for name in _named(text)}


def _named(text: str) -> list[str]:
    """The names that stand in the text as whole words: a word ends at anything that is not a letter."""
    return [name for name in names() if re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", text)]


def _is_no_name(text: str) -> bool:
    """§2: a word that makes it none stands directly before or after the name."""
    for name in _named(text):
        whole = rf"(?<![a-z]){re.escape(name)}(?![a-z])"
        if re.search(rf"\b{BEFORE}\b[^a-z]*{whole}", text) or re.search(
            rf"{whole}{BETWEEN}\b{AFTER}\b", text
        ):
            return not re.search(r"preservative.free", text)
    return False
