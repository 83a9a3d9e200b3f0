"""The detail of a card: what the record says, what it leaves open, what to do and why.

A clinician reads it in 15 seconds, so nothing is said twice. Whatever derives from the
record is escaped; the words of our own knowledge are not markup either, and are too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from service.answers import NOT_RECORDED, Basis
from service.cards.card import Kind
from service.cards.markdown import bullets, capital, escaped, link, own, section, small, table
from service.cards.suggestions import label_of, referral_label, suggested
from service.cards.summary import diagnosis_words, listed
from service.findings import Assessment, Finding, OpenQuestion
from service.knowledge import Knowledge
from service.knowledge.advice import Claim

_MOST_ROWS, _MOST_QUESTIONS, _MOST_REASONS, _MOST_SOURCES, _MOST_UNREADABLE = 8, 5, 2, 2, 3
_GUIDELINE = re.compile(r"\b(?:NG|CG|QS|G)\d{2,4}\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# Medicines whose overdose or interaction twitches too, in ways that no coded record shows.
_POISONOUS = frozenset(("lithium", "ssri-snri", "cholinesterase-inhibitor"))


def detail_of(kind: Kind, assessment: Assessment, knowledge: Knowledge, *, home: str) -> str:
    """The Markdown of an assessment's first card; `home` is what the patient takes home, as Markdown."""
    parts = [
        _from_the_record(assessment),
        _not_documented(assessment.open_questions, knowledge),
        _suggested(kind, assessment, knowledge),
        _why(assessment, knowledge),
        home,
        _notes(kind, assessment, knowledge),
    ]
    return "\n\n".join(filter(None, parts))


def _from_the_record(assessment: Assessment) -> str:
    """One row a statement, those of the most urgent findings first."""
    said = [basis for finding in assessment.raised for basis in finding.answer.basis]
    said += assessment.twitch.present.basis
    rows: dict[tuple[str, str | None], Basis] = {}
    for basis in said:
        rows.setdefault((basis.fact, basis.source), basis)
    if not rows:
        return ""
    shown = table(("Finding", "Date", "Source"), (_row(basis) for basis in list(rows.values())[:_MOST_ROWS]))
    more = len(rows) - _MOST_ROWS
    return section("From the record", shown) + (f"\n\nand {more} more in the record" if more > 0 else "")


def _row(basis: Basis) -> Sequence[str]:
    fact = escaped(capital(basis.fact)) + (f" ({escaped(basis.note)})" if basis.note else "")
    since = f"since {escaped(basis.onset.text, 10)}" if basis.onset else escaped(basis.date or "", 10)
    return fact, since, escaped(basis.source or "", 80)


def _not_documented(questions: Sequence[OpenQuestion], knowledge: Knowledge) -> str:
    """What was not asked, or not legibly answered, in the order of what it could change."""
    if not questions:
        return ""
    items = [_question(question, knowledge) for question in questions[:_MOST_QUESTIONS]]
    more = len(questions) - _MOST_QUESTIONS
    return section("Not documented", bullets(items + ([f"and {more} more"] if more > 0 else [])))


def _question(question: OpenQuestion, knowledge: Knowledge) -> str:
    words = knowledge.words(question.fact)
    why = "" if question.why in ("", NOT_RECORDED) else f" ({escaped(question.why)})"
    ask = "" if question.ask in ("", f"{words}?") else f": {own(question.ask)}"
    return own(capital(words)) + why + ask


def _suggested(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> str:
    """One line of what is proposed, and one of what was withheld with its reason."""
    referral = [referral_label(assessment.referral)] if assessment.referral.suggest else []
    proposed = referral + [label_of(test, knowledge) for test in suggested(assessment)]
    withheld = [f"{listed(names)} ({why})" for why, names in _withheld(kind, assessment, knowledge).items()]
    lines = [("Suggested", proposed), ("Not suggested", withheld)]
    return "\n\n".join(section(title, escaped("; ".join(said), 400)) for title, said in lines if said)


def _withheld(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> dict[str, list[str]]:
    """Reason -> what was withheld for it. A referral that the summary names is not named again."""
    reasons: dict[str, list[str]] = {}
    in_summary = kind in (Kind.IN_PLACE, Kind.EXPEDITE)
    if assessment.referral.in_place_since and not in_summary and not assessment.referral.suggest:
        reasons[f"in place since {assessment.referral.in_place_since}"] = ["referral to neurology"]
    for test in assessment.tests:
        for name, why in (test.withheld_analytes or {}).items():
            reasons.setdefault(why, []).append(knowledge.words(name))
        if test.withheld and test.id in knowledge.tests:
            reasons.setdefault(test.withheld, []).append(knowledge.tests[test.id].words)
    return reasons


def _why(assessment: Assessment, knowledge: Knowledge) -> str:
    """One or two sentences for the findings that decide, each with where to read on."""
    deciding = [f for f in assessment.raised if f.disposition == assessment.disposition][:_MOST_REASONS]
    seen: set[str] = set()
    sentences = [_sentence(finding, knowledge, seen) for finding in deciding]
    return section("Why", " ".join(dict.fromkeys(sentences))) if sentences else ""


def _sentence(finding: Finding, knowledge: Knowledge, seen: set[str]) -> str:
    claims = (knowledge.evidence[claim] for claim in finding.evidence if claim in knowledge.evidence)
    links = {url: label_for(claim) for claim in claims if (url := address(claim)) and url not in seen}
    shown = list(links.items())[:_MOST_SOURCES]
    seen.update(url for url, _ in shown)
    why = own(finding.why)
    return f"{why} ({', '.join(link(label, url) for url, label in shown)})" if shown else why


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
    who = re.split(r"[.,:;(]| [A-Z]{1,3}(?:[,.]| et al)| et al", claim.cite, maxsplit=1)[0]
    guideline, year = _GUIDELINE.search(claim.cite), _YEAR.search(claim.cite)
    which = guideline or year
    return f"{who} {which[0]}" if which else who


def _notes(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> str:
    """What must be said of the assessment itself: its limits, and what it could not see."""
    notes = [escaped(note, 600) for note in assessment.notes]
    if kind is not Kind.SAME_DAY:
        notes += _explained(assessment, knowledge)
    notes += _not_evaluated(assessment)
    if kind is Kind.SAME_DAY or any(c.id in _POISONOUS for c in assessment.contributors):
        notes.append("This service does not triage poisoning.")
    return section("Note", notes[0] if len(notes) == 1 else bullets(notes)) if notes else ""


def _explained(assessment: Assessment, knowledge: Knowledge) -> Iterator[str]:
    by: dict[str, list[str]] = {}
    for finding in assessment.findings:
        if finding.explained_by:
            by.setdefault(finding.explained_by, []).append(small(finding.says))
    for diagnosis, says in by.items():
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
