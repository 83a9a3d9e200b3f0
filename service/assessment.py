"""What an evaluation finds: rules that answered, a disposition, and what follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from service.facts import Facts, Patient, UnreadMedicine
from service.facts.amounts import Amount
from service.facts.answers import Answer, Basis
from service.facts.mentions import Mention
from service.facts.reasons import Reason
from service.facts.truth import Truth
from service.facts.twitch import Twitch


class Disposition(IntEnum):
    """How soon the patient should be seen, and by whom; the greater is the more urgent."""

    NO_ACTION = 0
    LIFESTYLE = 1
    PRIMARY_CARE_REVIEW = 2
    ROUTINE_REFERRAL = 3
    URGENT_REFERRAL = 4
    SAME_DAY = 5

    def __str__(self) -> str:
        return self.name.lower().replace("_", "-")

    @classmethod
    def named(cls, text: str) -> Disposition:
        """The disposition of this name ("urgent-referral"); KeyError for any other text."""
        return cls[text.upper().replace("-", "_")]

    @property
    def is_referral(self) -> bool:
        """Whether a neurologist is to see the patient, sooner or later."""
        return self >= Disposition.ROUTINE_REFERRAL


class RuleKind(IntEnum):
    """What a rule is for; motor and same-day rules are never reassured away."""

    SAME_DAY = 0
    MOTOR = 1
    SUSPICION = 2
    RED_FLAG = 3
    CONTRIBUTOR = 4

    def __str__(self) -> str:
        return self.name.lower().replace("_", "-")

    @classmethod
    def named(cls, text: str) -> RuleKind:
        """The kind of this name ("same-day"); KeyError for any other text."""
        return cls[text.upper().replace("-", "_")]

    @property
    def of_recent_twitch(self) -> bool:
        """Whether such a rule is also asked where the twitch is over, but recent."""
        return self in (RuleKind.SAME_DAY, RuleKind.MOTOR, RuleKind.SUSPICION)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's answer about one patient.

    `disposition` is the one in force: None where the answer is not YES, a known diagnosis
    explains the finding, or it is only named (`only_named`: cramps of the first two weeks). One
    UNKNOWN has a disposition: breathlessness that a heart or lung diagnosis may explain. `could` is
    what the rule would ask for if it were YES. A `long_standing` flag is YES, and no motor flag
    for any other purpose.
    """

    rule: str
    kind: RuleKind
    answer: Answer
    says: str
    why: str
    evidence: tuple[str, ...]
    could: Disposition
    disposition: Disposition | None = None
    explained_by: str | None = None
    long_standing: bool = False
    only_named: bool = False

    @property
    def truth(self) -> Truth:
        """The rule's answer without its reasons."""
        return self.answer.truth

    @property
    def in_force(self) -> bool:
        """Whether the finding asks for anything."""
        return self.disposition is not None

    @property
    def is_motor(self) -> bool:
        """Whether it is a motor flag in force, and not one that has been there for years."""
        yes = self.in_force and self.truth is Truth.YES
        return yes and self.kind is RuleKind.MOTOR and not self.long_standing


@dataclass(frozen=True, slots=True)
class Contributor:
    """Something that may explain the twitch or feed it; never a reason to drop a red flag."""

    id: str
    words: str
    basis: tuple[Basis, ...]
    disposition: Disposition | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A test is not suggested because it was done on this day, as the record writes it."""

    on: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """A test is not suggested because it was ordered on this day, as the record writes it."""

    on: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A test is left to the neurologist to whom the patient was referred on this day."""

    since: str


Held = Done | Ordered | Waiting


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An abnormal result that nothing newer takes back: its value and day, and in how many days to repeat."""

    value: Amount | None
    on: str | None
    within_days: int

    @property
    def within(self) -> str:
        """By when, as an ISO 8601 duration, in weeks where they are several whole ones: "P7D", "P12W"."""
        weeks, rest = divmod(self.within_days, 7)
        return f"P{weeks}W" if weeks > 1 and not rest else f"P{self.within_days}D"


@dataclass(frozen=True, slots=True)
class SuggestedTest:
    """A test that the pathway asks for now (`recommended`) or only offers.

    `reason` names what it rests on: ids of rules, contributors, concepts and analytes. `withheld` says why
    it is not suggested. For a blood panel `analytes` are to be ordered and `withheld_analytes` are not;
    of those to be ordered `follow_up` names the ones whose last result was abnormal.
    """

    id: str
    reason: tuple[str, ...] = ()
    withheld: Held | None = None
    analytes: tuple[str, ...] = ()
    withheld_analytes: Mapping[str, Held] | None = None
    recommended: bool = True
    follow_up: Mapping[str, FollowUp] | None = None


@dataclass(frozen=True, slots=True)
class Consideration:
    """A condition that the findings fit, never a diagnosis: on which rules it rests, and if it is known."""

    id: str
    because: tuple[str, ...]
    known: bool = False


@dataclass(frozen=True, slots=True)
class Withheld:
    """A part of the lifestyle advice that would harm this patient, and the condition because of which."""

    part: str
    because: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the lifestyle advice: the parts that stay, those that would harm, what it answers."""

    id: str
    withheld: tuple[Withheld, ...] = ()
    parts: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What is not known and could raise the disposition: why it is not, and the question to ask."""

    fact: str
    why: Reason
    ask: str
    could_raise: Disposition


@dataclass(frozen=True, slots=True)
class Referral:
    """Whether to propose a referral, how soon, and what is already under way.

    `newer` are the motor flags of which nothing was on record when the patient was referred.
    """

    suggest: bool = False
    specialty: str = "neurology"
    priority: str | None = None
    in_place_since: str | None = None
    expedite: bool = False
    note: str | None = None
    newer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tell:
    """Somebody who has to know, or be told: an id of the knowledge, and the diagnosis whose clinic it is."""

    whom: str
    diagnosis: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A resource that was set aside, and why; a reason never quotes a value."""

    resource: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that was decided about one patient on one day.

    `mentions` name a twitch in words alone, which decides nothing.
    `facts` is what it was decided on, for whoever has another question of the same record.
    """

    on: date
    pathway: str
    knowledge_version: str
    disposition: Disposition
    patient: Patient
    twitch: Twitch
    findings: tuple[Finding, ...] = ()
    referral: Referral = Referral()
    contributors: tuple[Contributor, ...] = ()
    tests: tuple[SuggestedTest, ...] = ()
    lifestyle: tuple[Step, ...] = ()
    considerations: tuple[Consideration, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()
    notes: tuple[str, ...] = ()
    tell: tuple[Tell, ...] = ()
    known_mnd: bool = False
    other_subjects: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    unread_medicines: tuple[UnreadMedicine, ...] = ()
    mentions: tuple[Mention, ...] = ()
    incomplete: tuple[str, ...] = ()
    facts: Facts | None = field(default=None, repr=False, compare=False)

    @property
    def raised(self) -> tuple[Finding, ...]:
        """The findings in force, the most urgent first."""
        forced = (f for f in self.findings if f.disposition is not None)
        return tuple(sorted(forced, key=lambda f: (-(f.disposition or 0), f.kind)))


def fingerprint_of(assessment: Assessment) -> str:
    """What the advice rests on, as a digest: it changes when there is new evidence.

    It holds the findings in force and the twitch with the sources and dates of what they rest
    on, which contributors there are, and what could not be read. A second measurement of the
    same contributor is no news; nor is what an EHR sent or left out of one call. Nothing that
    a record says goes in but ids and dates.
    """
    said = [str(assessment.disposition)]
    for finding in assessment.raised:
        said += [f"finding {finding.rule}", *_traces(finding.answer.basis)]
    said += ["twitch", *_traces(assessment.twitch.present.basis), *assessment.twitch.sites]
    said += ["contributors", *sorted(contributor.id for contributor in assessment.contributors)]
    said += ["unreadable", *sorted(lost.resource for lost in assessment.unreadable)]
    said += sorted(f"unread medicine {unread.source}" for unread in assessment.unread_medicines)
    return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


def _traces(basis: Iterable[Basis]) -> list[str]:
    """Where and when each thing was stated; an entry moves when its onset is corrected."""
    return sorted(f"{b.source} {b.date} {b.onset.text if b.onset else ''}" for b in basis)
