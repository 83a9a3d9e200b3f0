"""The detail of a card: what the record says, what it leaves open, what to do and why.

A clinician reads it in 15 seconds, so nothing is said twice. Whatever derives from the
record is escaped; the words of our own knowledge are not markup either, and are too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from service.assessment import Assessment, Finding, Held, OpenQuestion, SuggestedTest, Waiting
from service.cards.card import Kind
from service.cards.markdown import bullets, capital, escaped, link, own, section, small
from service.cards.phrases import dated, day_words, listed
from service.cards.recorded import from_the_record
from service.cards.suggestions import SPOKEN, spoken, suggested
from service.cards.summary import diagnosis_words, newer_than_referral
from service.cards.whole import SAID_WHOLE, said_whole
from service.facts.reasons import NOT_RECORDED
from service.knowledge import Knowledge
from service.knowledge.advice import Claim
from service.knowledge.words import held_words, reason_words

# Reasons that say no more than the question itself.
SILENCE = {NOT_RECORDED.id, "course-not-recorded", "suddenness-not-recorded", "weakness-undated"}
_MOST_QUESTIONS, _MOST_SOURCES, _MOST_UNREADABLE = 3, 2, 3
_GUIDELINE = re.compile(r"\b(?:NG|CG|QS|G)\d{2,4}\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# What a question is about, in a word, where there is no room for the question: the motor signs only.
ASKED: Mapping[str, str] = {
    "muscle-weakness": "weakness",
    "muscle-atrophy": "wasting",
    "speech-difficulty": "speech",
    "swallowing-difficulty": "swallowing",
    "orthopnoea": "breathing",
    "breathing-difficulty": "breathing",
    "dyspnoea": "breathing",
    "upper-motor-neuron-signs": "reflexes",
    "tongue-fasciculation": "tongue",
}
# Medicines whose overdose or interaction twitches too, in ways that no coded record shows.
_POISONOUS = frozenset(("lithium", "ssri-snri", "cholinesterase-inhibitor"))
POISONING = "Overdose and serotonin syndrome are not assessed: this service does not triage poisoning."


def detail_of(kind: Kind, assessment: Assessment, knowledge: Knowledge, *, home: str) -> str:
    """The Markdown of an assessment's first card; `home` is what the patient takes home, as Markdown."""
    if kind in SAID_WHOLE:
        return said_whole(kind, assessment, knowledge)
    raised = _raised(kind, assessment)
    parts = [
        _now(assessment, knowledge),
        from_the_record(raised, assessment, knowledge),
        _not_documented(assessment.open_questions, knowledge),
        _suggested(kind, assessment, knowledge),
        _fits(assessment, knowledge),
        _tell(assessment, knowledge),
        _why(raised, assessment, knowledge),
        home,
        _notes(kind, assessment, knowledge),
    ]
    return "\n\n".join(filter(None, parts))


def _now(assessment: Assessment, knowledge: Knowledge) -> str:
    """What each emergency asks for, before anything else."""
    said, title = knowledge.cards["actions"], knowledge.cards["titles"]["now"]
    lines = [own(capital(said[finding.rule])) for finding in assessment.raised if finding.rule in said]
    return section(title, lines[0] if len(lines) == 1 else bullets(lines)) if lines else ""


def _fits(assessment: Assessment, knowledge: Knowledge) -> str:
    """The conditions that the findings fit, never as a diagnosis."""
    words = knowledge.cards["fits"]
    named = [
        words["known"].format(condition=words[one.id]) if one.known else words[one.id]
        for one in assessment.considerations
    ]
    if not named:
        return ""
    return section(knowledge.cards["titles"]["fits"], own(words["says"].format(conditions=", ".join(named))))


def _tell(assessment: Assessment, knowledge: Knowledge) -> str:
    """Who else has to know."""
    words = knowledge.cards["tell"]
    said = [
        words[one.whom].format(diagnosis=diagnosis_words(one.diagnosis or "", knowledge))
        for one in assessment.tell
    ]
    return "\n\n".join(own(line) for line in said)


def _raised(kind: Kind, assessment: Assessment) -> Sequence[Finding]:
    """The findings in force, the most urgent first; of a referred patient those that nobody knows of yet."""
    if kind not in (Kind.IN_PLACE, Kind.EXPEDITE):
        return assessment.raised
    newer = newer_than_referral(assessment)
    return sorted(assessment.raised, key=lambda finding: finding.rule not in newer)


def _not_documented(questions: Sequence[OpenQuestion], knowledge: Knowledge) -> str:
    """What to ask, in the order of what it could change; with the reason where it is not plain silence."""
    if not questions:
        return ""
    room = _MOST_QUESTIONS - (len(questions) > _MOST_QUESTIONS)
    items = [_question(question, knowledge) for question in questions[:room]]
    items += [_also(questions[:room], questions[room:])] if questions[room:] else []
    return section("Not documented", bullets(items))


def _question(question: OpenQuestion, knowledge: Knowledge) -> str:
    silent = question.why.id in SILENCE
    why = "" if silent else f" ({escaped(reason_words(question.why, knowledge))})"
    return own(capital(question.ask)) + why


def _also(asked: Sequence[OpenQuestion], rest: Sequence[OpenQuestion]) -> str:
    """The questions for which there is no room: the motor signs by name, the others by number."""
    said = {ASKED.get(question.fact) for question in asked}
    named = dict.fromkeys(ASKED[q.fact] for q in rest if q.fact in ASKED and ASKED[q.fact] not in said)
    others = sum(question.fact not in ASKED for question in rest)
    lesser = [f"{others} {'less pressing' if named else 'more'}"] if others else []
    return f"{'also' if named else 'and'} {listed([*named, *lesser]) or 'more of these'}"


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
    return f"blood tests ({', '.join(spoken(test.analytes, knowledge))})"


def _withheld(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> dict[str, list[str]]:
    """Reason -> what was withheld for it. A referral that the summary names is not named again."""
    reasons: dict[str, list[str]] = {}
    year = assessment.on.year
    since = assessment.referral.in_place_since
    in_summary = kind in (Kind.IN_PLACE, Kind.EXPEDITE)
    if since and not in_summary and not assessment.referral.suggest:
        reasons[f"in place since {day_words(since, year)}"] = ["referral to neurology"]
    for test in assessment.tests:
        analytes: dict[Held, list[str]] = {}
        for name, why in (test.withheld_analytes or {}).items():
            analytes.setdefault(why, []).append(name)
        for why, names in analytes.items():
            reasons.setdefault(_held(why, year, knowledge), []).extend(spoken(names, knowledge))
        if test.withheld and test.id in knowledge.tests:
            waits = in_summary and isinstance(test.withheld, Waiting)
            said = "left to neurology" if waits else _held(test.withheld, year, knowledge)
            reasons.setdefault(said, []).append(SPOKEN.get(test.id) or knowledge.tests[test.id].words)
    return reasons


def _held(held: Held, year: int, knowledge: Knowledge) -> str:
    return dated(held_words(held, knowledge), year)


def _why(raised: Sequence[Finding], assessment: Assessment, knowledge: Knowledge) -> str:
    """One sentence for what decides most, with where to read on."""
    asked = assessment.disposition
    deciding = [c.id for c in assessment.contributors if c.disposition == asked]
    deciding += [f.rule for f in raised if f.disposition == asked]
    return section("Why", why_of(deciding[0], knowledge)) if deciding else ""


def why_of(rule: str, knowledge: Knowledge) -> str:
    """Why a rule or a contributor matters, as Markdown with links to the evidence."""
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
    notes += _not_evaluated(assessment, knowledge)
    if any(c.id in _POISONOUS for c in assessment.contributors):
        notes.append(POISONING)
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


def _not_evaluated(assessment: Assessment, knowledge: Knowledge) -> Iterator[str]:
    if assessment.unreadable:
        named = [
            f"{escaped(u.resource, 80)} ({escaped(reason_words(u.reason, knowledge), 80)})"
            for u in assessment.unreadable[:_MOST_UNREADABLE]
        ]
        more = len(assessment.unreadable) - _MOST_UNREADABLE
        yield f"Could not be evaluated: {'; '.join(named)}{f' and {more} more' if more > 0 else ''}."
    if assessment.unread_medicines:
        sources = [escaped(u.source, 80) for u in assessment.unread_medicines[:_MOST_UNREADABLE]]
        more = len(assessment.unread_medicines) - _MOST_UNREADABLE
        beyond = f" and {more} more" if more > 0 else ""
        yield f"Nothing tells which medicine it is: {'; '.join(sources)}{beyond}."
    if assessment.incomplete:
        yield f"Not received in full: {escaped(', '.join(assessment.incomplete))}."
