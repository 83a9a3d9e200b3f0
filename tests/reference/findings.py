"""From statements to answers (decision model §1, and §2 "two statements on one concept that disagree")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tests.reference.days import NO, UNKNOWN, YES, Span
from tests.reference.reading import SYMPTOM_DAYS, WEAKNESS, Record, Statement, covers, newest_value
from tests.reference.terms import SITE_OF_CONCEPT

# Each rule's concepts, its root first: a denial of the root answers for the whole rule (§1).
ROOTS = {
    "muscle-weakness": ("muscle-weakness",),
    "muscle-atrophy": ("muscle-atrophy",),
    "speech-difficulty": ("dysarthria",),
    "swallowing-difficulty": ("dysphagia",),
    "upper-motor-neuron-signs": ("upper-motor-neuron",),
    "tongue-fasciculation": ("tongue-fasciculation", "tongue-wasting"),
    "sensory-change": ("numbness", "paraesthesia"),
    "ocular-weakness": ("ptosis", "diplopia"),
    "breathing-difficulty": ("dyspnoea",),
    "cramping": ("cramp",),
    "gait": ("gait-disturbance",),
    "saddle-numbness": ("saddle-numbness",),
}
CONCEPTS = {
    **ROOTS,
    "muscle-weakness": WEAKNESS,
    "muscle-atrophy": ("muscle-atrophy", "atrophy-of-hand", "distal-atrophy", "split-hand", "tongue-wasting"),
    "speech-difficulty": ("dysarthria", "slurred-speech", "anarthria"),
    "swallowing-difficulty": ("dysphagia", "oropharyngeal-dysphagia", "choking"),
    "breathing-difficulty": (
        "dyspnoea", "exertional-dyspnoea", "orthopnoea", "dyspnoea-at-rest", "respiratory-failure",
        "acute-respiratory-failure", "acute-on-chronic-respiratory-failure",
        "chronic-respiratory-failure",
    ),
    "sensory-change": (
        "numbness", "paraesthesia", "saddle-numbness", "numbness-of-hand", "numbness-of-foot",
        "numbness-of-face",
    ),
    "upper-motor-neuron-signs": (
        "upper-motor-neuron", "hyperreflexia", "spasticity", "babinski", "hoffmann", "clonus",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A truth with the statements that say YES. `unclear`: a sign is recorded, and not known to be so."""

    truth: int
    yes: tuple[Statement, ...] = ()
    unclear: bool = False


def stated(record: Record, concepts: tuple[str, ...]) -> list[Statement]:
    """The statements of these concepts; suspected diagnoses among symptoms count as stated (§2)."""
    return [s for s in record.statements if s.concept in concepts]


def standing(record: Record, concepts: tuple[str, ...], *, days: int = SYMPTOM_DAYS) -> list[Statement]:
    """The statements that read YES today: recent enough, and neither denied by a newer statement nor in
    doubt.
    """
    yes = [s for s in stated(record, concepts) if s.truth == YES and is_recent(s, record.on, days)]
    return [s for s in yes if not overruled(s, record, days) and not in_doubt(s, record, days)]


def doubtful(record: Record, concepts: tuple[str, ...], *, days: int = SYMPTOM_DAYS) -> list[Statement]:
    """Active Conditions that an expired denial, newer than they, contradicts."""
    yes = [s for s in stated(record, concepts) if s.truth == YES and is_recent(s, record.on, days)]
    return [s for s in yes if not overruled(s, record, days) and in_doubt(s, record, days)]


def is_recent(statement: Statement, on: date, days: int) -> bool:
    """§2 "old statements": an Observation counts for its window, an active Condition whatever its age."""
    if statement.kind == "condition":
        return True
    return statement.recorded is not None and statement.recorded.low >= on - timedelta(days=days)


def overruled(statement: Statement, record: Record, days: int) -> bool:
    """Whether a newer denial that still counts speaks for it."""
    return any(_denies(d, statement) and is_recent(d, record.on, days) for d in _denials(record, statement))


def in_doubt(statement: Statement, record: Record, days: int) -> bool:
    """§2: a denial older than its window against a Condition that is still active and older than the
    denial.
    """
    if statement.kind != "condition":
        return False
    return any(
        _denies(d, statement) and not is_recent(d, record.on, days) for d in _denials(record, statement)
    )


def _denials(record: Record, statement: Statement) -> list[Statement]:
    """Denials of the same concept.

    An ended Condition ends no other Condition (its Observations are ended already).
    """
    return [d for d in record.statements if d.truth == NO and not d.ended and _same_concept(d, statement)]


def _same_concept(denial: Statement, statement: Statement) -> bool:
    """MRC 5 is a denial of weakness at its site, as far as the named set is the weakness of no other kind."""
    if denial.concept == "mrc-grade":
        return statement.concept in ("mrc-grade", "muscle-weakness")
    return denial.concept == statement.concept


def _denies(denial: Statement, statement: Statement) -> bool:
    """The newer wins; on the same day YES wins; a denial without a date beats nothing that is dated."""
    if not _speaks_for(denial, statement):
        return False
    if denial.dated is None or statement.dated is None:
        return False  # an undated one may be the newer
    return denial.dated.low > statement.dated.high


def _speaks_for(denial: Statement, statement: Statement) -> bool:
    """One without a site speaks for all sites where it is an examination, else for one without a site."""
    if not denial.sites:
        return denial.examined or not statement.sites
    return bool(statement.sites) and all(covers(site, denial.sites) for site in statement.sites)


def denied_on(record: Record, concept: str, days: int = SYMPTOM_DAYS) -> date | None:
    """The last day on which the concept itself, at no one site, was denied, refuted or ended; None where
    not.
    """
    found = [s for s in record.statements if s.concept == concept and _denies_root(s, record.on, days)]
    return max((s.dated.low if s.dated else date.min for s in found), default=None)


def denied(record: Record, concept: str) -> bool:
    """Whether the concept itself is denied, refuted or ended today."""
    return denied_on(record, concept) is not None


def _denies_root(statement: Statement, on: date, days: int) -> bool:
    """A closed visit diagnosis says nothing of now; a site that the concept itself names is none."""
    elsewhere = statement.sites and statement.concept not in SITE_OF_CONCEPT
    closed_visit = statement.visit and statement.ended
    dated = statement.dated is not None or (statement.kind == "condition" and not statement.ended)
    return (
        statement.truth == NO
        and dated
        and not elsewhere
        and not closed_visit
        and is_recent(statement, on, days)
    )


def answer(record: Record, rule: str) -> Answer:
    """The answer to a rule of symptoms: any YES, else doubt, else the roots denied."""
    concepts = CONCEPTS[rule]
    yes = tuple(standing(record, concepts))
    if rule == "muscle-weakness":
        yes += progressive(record)
    if yes:
        return Answer(YES, yes)
    if doubtful(record, concepts):
        return Answer(UNKNOWN, unclear=True)
    denials = [denied_on(record, root) for root in ROOTS[rule]]
    last = None if None in denials else min(day for day in denials if day)
    unclear = [day for day in _unclear(record, rule) if last is None or day is None or day > last]
    if unclear:
        return Answer(UNKNOWN, unclear=True)
    return Answer(UNKNOWN if last is None else NO)


def _unclear(record: Record, rule: str) -> list[date | None]:
    """§2: the days of weakness not further specified, and of grades that cannot be read."""
    if rule != "muscle-weakness":
        return []
    limit = record.on - timedelta(days=SYMPTOM_DAYS)
    grades = [span.low for span in record.unreadable_grades if span.low >= limit]
    unspecified = standing(record, ("unspecified-weakness",))
    return [*grades, *(s.dated.low if s.dated else None for s in unspecified)]


def progressive(record: Record) -> tuple[Statement, ...]:
    """Weakness that is stated as getting worse is a weakness, reported."""
    said = newest_value(record, "weakness-progressive")
    if said is None or said.value is not True:
        return ()
    return (Statement("weakness-progressive", YES, said.source, said.said, kind=said.kind),)


def diagnosis(record: Record, concept: str) -> Statement | None:
    """§6: a known diagnosis is confirmed and active; the earliest of several. None where it is not known."""
    known = [s for s in standing(record, (concept,)) if not s.suspected]
    return min(known, key=lambda s: _first(s) or record.on) if known else None


def is_known(record: Record, *concepts: str) -> bool:
    """Whether one of these diagnoses is known."""
    return any(diagnosis(record, concept) for concept in concepts)


def suspected(record: Record, *concepts: str) -> list[Statement]:
    """Suspected, active, not refuted later."""
    return [s for s in standing(record, concepts) if s.suspected]


def _first(statement: Statement) -> date | None:
    days = [span.low for span in (statement.recorded, statement.onset) if span]
    return min(days) if days else None


def since(statement: Statement) -> Span | None:
    """Its onset, else its first record."""
    return statement.onset or statement.recorded


def began(statements: tuple[Statement, ...]) -> date | None:
    """§6: a flag is dated by the onset of its earliest statement, else by its first record."""
    days = [span.low for span in (since(s) for s in statements) if span]
    return min(days) if days else None


def began_by(statements: tuple[Statement, ...]) -> date | None:
    """The day by which a flag surely began: that of its earliest statement, a partial date by its last
    day.
    """
    spans = sorted(span for span in (since(s) for s in statements) if span)
    return spans[0].high if spans else None
