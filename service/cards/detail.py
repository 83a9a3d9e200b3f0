"""The detail of a card: what the record says, what it leaves open, what to do and why.

A clinician reads it in 15 seconds, so nothing is said twice. Whatever derives from the
record is escaped; the words of our own knowledge are not markup either, and are too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from service.answers import NOT_RECORDED, Basis
from service.cards.card import Kind
from service.cards.markdown import bullets, capital, escaped, link, own, plain, section, small, table
from service.cards.suggestions import suggested
from service.cards.summary import diagnosis_words, listed
from service.findings import Assessment, OpenQuestion, SuggestedTest
from service.knowledge import Knowledge
from service.knowledge.advice import Claim

_MOST_ROWS, _MOST_QUESTIONS, _MOST_SOURCES, _MOST_UNREADABLE = 6, 3, 2, 3
_GUIDELINE = re.compile(r"\b(?:NG|CG|QS|G)\d{2,4}\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# A statement that names a place: "muscle twitching, left hand", "weakness, right foot (examined)".
_PLACED = re.compile(r"(?P<what>.+), (?P<place>[a-z ]+?)(?P<how> \([a-z]+\))?")
# What tells of the twitch only how it goes on: a row for it says nothing without its answer.
_COURSE = ("twitch-course", "twitch-frequency")
# What a clinician says for short.
SPOKEN: Mapping[str, str] = {
    "emg": "EMG",
    "calcium": "calcium",
    "b12": "B12",
    "vitamin-d": "vitamin D",
    "ck": "CK",
    "blood-count": "blood count",
    "ana": "ANA",
    "anti-gm1": "anti-GM1",
}
SOURCES: Mapping[str, str] = {
    "Condition": "condition",
    "Observation": "observation",
    "MedicationRequest": "prescription",
    "MedicationStatement": "medicine",
    "QuestionnaireResponse": "questionnaire",
    "FamilyMemberHistory": "family",
}
# Medicines whose overdose or interaction twitches too, in ways that no coded record shows.
_POISONOUS = frozenset(("lithium", "ssri-snri", "cholinesterase-inhibitor"))


def detail_of(kind: Kind, assessment: Assessment, knowledge: Knowledge, *, home: str) -> str:
    """The Markdown of an assessment's first card; `home` is what the patient takes home, as Markdown."""
    parts = [
        _from_the_record(assessment, knowledge),
        _not_documented(assessment.open_questions),
        _suggested(kind, assessment, knowledge),
        _why(assessment, knowledge),
        home,
        _notes(kind, assessment, knowledge),
    ]
    return "\n\n".join(filter(None, parts))


def _from_the_record(assessment: Assessment, knowledge: Knowledge) -> str:
    """One row a finding, those of the most urgent findings first; its sites share the row."""
    deciding = [c for c in assessment.contributors if c.disposition == assessment.disposition]
    said = [basis for c in deciding for basis in c.basis]
    said += [basis for finding in assessment.raised for basis in finding.answer.basis]
    said += assessment.twitch.present.basis
    course = {knowledge.words(name) for name in _COURSE if name in knowledge.concepts}
    told = [b for b in dict.fromkeys((b.fact, b.source, b) for b in said) if b[0] not in course]
    unique = {(fact, source): basis for fact, source, basis in reversed(told)}
    rows = _rows(list(reversed(unique.values())))
    if not rows:
        return ""
    if len(rows) == 1:
        fact, since, source = rows[0]
        return section("From the record", f"{', '.join(filter(None, (fact, since)))} ({source})")
    shown = table(("Finding", "Date", "Source"), rows[:_MOST_ROWS])
    more = len(rows) - _MOST_ROWS
    return section("From the record", shown) + (f"\n\nand {more} more in the record" if more > 0 else "")


def _rows(said: Sequence[Basis]) -> list[tuple[str, str, str]]:
    """The statements as rows; one finding at several places is one row, with its dates where they differ."""
    together: dict[tuple[str, ...], list[tuple[Basis, str]]] = {}
    for basis in said:
        placed = _PLACED.fullmatch(basis.fact)
        what, place, how = placed.group("what", "place", "how") if placed else (basis.fact, "", "")
        key = (
            (what, how or "", basis.note or "")
            if placed
            else (basis.fact, basis.source or "", basis.note or "")
        )
        together.setdefault(key, []).append((basis, place))
    return [_row(key[0], group) for key, group in together.items()]


def _row(what: str, group: Sequence[tuple[Basis, str]]) -> tuple[str, str, str]:
    first = group[0][0]
    fact = capital(first.fact)
    if len(group) > 1:
        places = [f"{place} ({_date(b)})" if _date(b) != _date(first) else place for b, place in group]
        fact = f"{capital(what)}: {', '.join(dict.fromkeys(places))}"
    note = f" ({escaped(first.note)})" if first.note else ""
    since = f"since {escaped(first.onset.text, 10)}" if first.onset else escaped(first.date or "", 10)
    sources = dict.fromkeys(_source(basis.source or "") for basis, _ in group)
    return escaped(fact, 300) + note, since, escaped(listed(list(sources)), 80)


def _source(reference: str) -> str:
    """Where in the record it stands; its id, which nobody reads, is in the orders and the assessment."""
    kind = reference.partition("/")[0]
    return SOURCES.get(kind, kind)


def _date(basis: Basis) -> str:
    return plain(basis.onset.text if basis.onset else basis.date or "", 10)


def _not_documented(questions: Sequence[OpenQuestion]) -> str:
    """What to ask, in the order of what it could change; with the reason where it is not plain silence."""
    if not questions:
        return ""
    items = [_question(question) for question in questions[:_MOST_QUESTIONS]]
    more = len(questions) - _MOST_QUESTIONS
    return section("Not documented", bullets(items + ([f"and {more} more"] if more > 0 else [])))


def _question(question: OpenQuestion) -> str:
    why = "" if question.why in ("", NOT_RECORDED) else f" ({escaped(question.why)})"
    return own(capital(question.ask)) + why


def _suggested(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> str:
    """What is proposed beside the referral (the summary names that), and what was withheld and why."""
    proposed = [_proposed(test, knowledge) for test in suggested(assessment)]
    withheld = [f"{listed(names)} ({why})" for why, names in _withheld(kind, assessment, knowledge).items()]
    lines = [("Suggested", proposed), ("Not suggested", withheld)]
    return "\n\n".join(section(title, escaped("; ".join(said), 600)) for title, said in lines if said)


def _proposed(test: SuggestedTest, knowledge: Knowledge) -> str:
    """A test in words; a blood panel by its analytes, as a clinician says them."""
    if not test.analytes:
        return SPOKEN.get(test.id) or knowledge.tests[test.id].words
    names = [SPOKEN.get(name) or knowledge.analytes[name].words for name in test.analytes]
    together = {"sodium", "potassium"} <= set(names)
    if together:
        names = ["electrolytes", *(name for name in names if name not in ("sodium", "potassium"))]
    return f"blood: {', '.join(names)}"


def _withheld(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> dict[str, list[str]]:
    """Reason -> what was withheld for it. A referral that the summary names is not named again."""
    reasons: dict[str, list[str]] = {}
    since = assessment.referral.in_place_since
    in_summary = kind in (Kind.IN_PLACE, Kind.EXPEDITE)
    if since and not in_summary and not assessment.referral.suggest:
        reasons[f"in place since {since}"] = ["referral to neurology"]
    for test in assessment.tests:
        for name, why in (test.withheld_analytes or {}).items():
            reasons.setdefault(why, []).append(SPOKEN.get(name) or knowledge.words(name))
        if test.withheld and test.id in knowledge.tests:
            waits = in_summary and test.withheld.startswith("neurology referral")
            why = "left to neurology" if waits else test.withheld
            reasons.setdefault(why, []).append(SPOKEN.get(test.id) or knowledge.tests[test.id].words)
    return reasons


def _why(assessment: Assessment, knowledge: Knowledge) -> str:
    """One sentence for what decides most, with where to read on."""
    asked = assessment.disposition
    deciding = [c.id for c in assessment.contributors if c.disposition == asked]
    deciding += [f.rule for f in assessment.raised if f.disposition == asked]
    return section("Why", _sentence(deciding[0], knowledge)) if deciding else ""


def _sentence(rule: str, knowledge: Knowledge) -> str:
    words = knowledge.rules[rule]
    claims = (knowledge.evidence[claim] for claim in words.evidence if claim in knowledge.evidence)
    links = {label_for(claim): url for claim in claims if (url := address(claim))}
    shown = list(links.items())[:_MOST_SOURCES]
    why = own(words.why)
    return f"{why} ({', '.join(link(label, url) for label, url in shown)})" if shown else why


@lru_cache(maxsize=1024)
def address(claim: Claim) -> str | None:
    """Where a claim can be read on; None for a local decision, or a book."""
    kind, _, number = claim.identifier.replace("PMID ", "PMID:").partition(":")
    if kind in ("http", "https"):
        return claim.identifier
    return {"doi": f"https://doi.org/{number}", "PMID": f"https://pubmed.ncbi.nlm.nih.gov/{number}/"}.get(
        kind
    )


@lru_cache(maxsize=1024)
def label_for(claim: Claim) -> str:
    """A claim in two words: "NICE NG42", "Mahoney 2022"."""
    who = re.split(r"[.,:;(]| and | [A-Z]{1,3}(?:[,.]| et al)| et al", claim.cite, maxsplit=1)[0]
    # A guideline is known by the number that its address has, not by one that it replaced.
    guideline = _GUIDELINE.search(claim.identifier.upper()) or _GUIDELINE.search(claim.cite)
    year = _YEAR.search(claim.cite)
    which = guideline or year
    return f"{who} {which[0]}" if which else who


def _notes(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> str:
    """What must be said of the assessment itself: its limits, and what it could not see."""
    notes = [escaped(note, 600) for note in assessment.notes]
    if kind is not Kind.SAME_DAY:
        notes += _explained(assessment, knowledge)
    notes += _not_evaluated(assessment)
    if any(c.id in _POISONOUS for c in assessment.contributors):
        notes.append("This service does not triage poisoning.")
    return section("Note", notes[0] if len(notes) == 1 else bullets(notes)) if notes else ""


def _explained(assessment: Assessment, knowledge: Knowledge) -> Iterator[str]:
    by: dict[str, list[str]] = {}
    for finding in assessment.findings:
        if finding.explained_by:
            by.setdefault(finding.explained_by, []).append(small(finding.says))
    for diagnosis, says in by.items():
        known = knowledge.diagnoses.get(diagnosis)
        if known and known.says in assessment.notes:
            continue
        words = diagnosis_words(diagnosis, knowledge)
        yield f"Explained by known {own(words)}: {own('; '.join(says))}."


def _not_evaluated(assessment: Assessment) -> Iterator[str]:
    if assessment.unreadable:
        named = [
            f"{escaped(u.resource, 80)} ({escaped(u.reason, 80)})"
            for u in assessment.unreadable[:_MOST_UNREADABLE]
        ]
        more = len(assessment.unreadable) - _MOST_UNREADABLE
        yield f"Could not be evaluated: {'; '.join(named)}{f' and {more} more' if more > 0 else ''}."
    if assessment.incomplete:
        yield f"Not received in full: {escaped(', '.join(assessment.incomplete))}."
