"""What a record says about one patient on one day, ready for rules to ask.

A question is answered YES, NO or UNKNOWN, with its reasons; what nobody recorded
is UNKNOWN. Statements say that something is so or is not so (`statements`), results
are measurements (`results`), and what the statements of twitching say together is
worked out in `twitch`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from service.facts.amounts import Amount, Span
from service.facts.answers import NO, Answer, Basis, Gap, not_recorded, unknown
from service.facts.mentions import Mention
from service.facts.reasons import NOT_RECORDED, reason
from service.facts.results import Measured, Result, not_measured, the_latest
from service.facts.statements import Form, Statement, basis_among
from service.facts.truth import Truth
from service.facts.twitch import Twitch, of_the_twitch

UNSPECIFIC, MND = "unspecific", "motor-neuron-disease"


@dataclass(frozen=True, slots=True)
class MedicineUse:
    """A medicine of a class, in use on the day or within the last weeks (`truth` NO: stated as not taken)."""

    medicine: str
    truth: Truth
    basis: Basis


@dataclass(frozen=True, slots=True)
class UnreadMedicine:
    """Something that is taken, or was within the last weeks, and that nothing tells: no known code, no name.

    `date` is the day as the record writes it.
    """

    source: str
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A test or referral that was done or ordered; `id` is a test's or analyte's."""

    id: str
    done: bool
    when: Span | None
    source: str


@dataclass(frozen=True, slots=True)
class Relative:
    """A condition of a relative; `first_degree` is UNKNOWN where the relationship is not coded."""

    concept: str
    first_degree: Truth
    basis: Basis


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom the record is about; `age` in whole years (UCUM a), a range where the birth date is partial."""

    reference: str | None = None
    age: Amount | None = None
    deceased: Truth = Truth.UNKNOWN


@dataclass(frozen=True)
class Facts:
    """Everything that the rules may ask about one patient on the day `on`.

    `answered` keeps what was answered about these facts, by the question: several rules ask the same.
    """

    on: date
    patient: Patient = Patient()
    statements: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    results: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)
    medicines: tuple[MedicineUse, ...] = ()
    relatives: tuple[Relative, ...] = ()
    past: tuple[Past, ...] = ()
    unread_medicines: tuple[UnreadMedicine, ...] = ()
    mentioned: tuple[Mention, ...] = ()
    answered: dict[object, Answer] = field(default_factory=dict, init=False, repr=False, compare=False)
    _stated: dict[tuple[str, float | None], Answer] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def twitch(self) -> Twitch:
        """What the statements of twitching say together."""
        return Twitch(self.statements, self.on)

    def mentions(self, recent: float) -> tuple[Mention, ...]:
        """What names a twitch in words and may be asked about.

        None while a coded twitch is present or was in the last `recent` days, in known motor neuron disease,
        of the deceased, and none as old as a coded denial that counts.
        """
        if not self.mentioned or self.patient.deceased is Truth.YES or self.silence_is_no(MND).yes:
            return ()
        if self.twitch.present.yes or self.twitch.recent(recent).yes:
            return ()
        denied = [d.day for d in self.twitch.denials if d.day]
        asking = (m for m in self.mentioned if not m.day or not any(m.day.first <= d.last for d in denied))
        return tuple(asking)

    def supposing(self, supposed: Statement) -> Facts:
        """The same facts if this were all that is said of its concept; answers about other concepts hold."""
        concept = supposed.concept
        statements = {**self.statements, concept: (supposed,)}
        imagined = Facts(
            self.on,
            self.patient,
            statements,
            self.results,
            self.medicines,
            self.relatives,
            self.past,
            self.unread_medicines,
            self.mentioned,
        )
        if not any(of_the_twitch(s) for s in (supposed, *self.statements.get(concept, ()))):
            imagined.__dict__["twitch"] = self.twitch
        imagined._stated.update({asked: said for asked, said in self._stated.items() if asked[0] != concept})
        return imagined

    def stated(self, concept: str, *, within: float | None = None) -> Answer:
        """Whether the record states the concept on the day.

        YES where any statement that counts says so and no newer one of the same thing
        and place denies it. NO where the concept itself is denied. `within` (days) narrows
        how long observations count; a problem-list entry counts whatever its age.
        """
        if concept not in self.statements:
            return not_recorded(concept)
        asked = (concept, within)
        if asked not in self._stated:
            self._stated[asked] = self._read(concept, within)
        return self._stated[asked]

    def _read(self, concept: str, within: float | None) -> Answer:
        standing = self.standing(concept, within=within)
        if standing:
            others = self.statements[concept]
            return Answer(Truth.YES, tuple(basis_among(s, others) for s in standing))
        disputed = self._disputed(concept)
        denials = [s for s in self._counting(concept, Truth.NO, within) if s.aspect == "" and s.place is None]
        if denials and not disputed and not self._open(concept, denials, within):
            return Answer(Truth.NO, tuple(s.basis for s in denials))
        basis = dict.fromkeys(b for s, denial in disputed for b in (s.basis, denial.basis))
        gaps = (*(_expired(concept, s, d) for s, d in disputed), *self._gaps(concept, within))
        return Answer(Truth.UNKNOWN, tuple(basis), gaps or (Gap(concept, NOT_RECORDED),))

    def standing(self, concept: str, *, within: float | None = None) -> tuple[Statement, ...]:
        """The statements that say YES, count on the day and are neither overruled nor disputed."""
        if concept not in self.statements:
            return ()
        said = self._counting(concept, Truth.YES, within)
        denials = [s for s in self.statements[concept] if s.truth is Truth.NO]
        return tuple([s for s in said if s.confirmed and not any(d.overrules(s) for d in denials)])

    def _disputed(self, concept: str) -> list[tuple[Statement, Statement]]:
        """The problems on the list, each with the newer denial that takes it back and is too old to count."""
        said = self.statements[concept]
        denials = [s for s in said if s.truth is Truth.NO]
        pairs: list[tuple[Statement, Statement]] = []
        for s in said:
            if s.truth is not Truth.YES or not s.confirmed or s.form is not Form.CONDITION:
                continue
            over = [d for d in denials if d.overrules(s)]
            if over and all(d.counts(self.on, None) is Truth.NO for d in over):
                pairs.append((s, max(over, key=_newness)))
        return pairs

    def ever(self, concept: str) -> tuple[Statement, ...]:
        """Every statement that said YES at its time, however old, and was not refuted since."""
        said = [s for s in self.statements.get(concept, ()) if s.truth is Truth.YES or s.ended]
        refuted = [s for s in self.statements.get(concept, ()) if s.refuted]
        return tuple(s for s in said if not any(r.overrules(s) for r in refuted))

    def silence_is_no(self, concept: str) -> Answer:
        """Whether the record holds it: a question about the record, not the patient, so silence is NO."""
        if concept not in self.statements:
            return NO
        answer = self.stated(concept)
        return answer if answer.yes else NO

    def suspected(self, concept: str) -> Answer:
        """Whether a diagnosis is recorded as unconfirmed, provisional or differential; silence is NO.

        One that was refuted or confirmed later is not.
        """
        refuted = [s for s in self.statements.get(concept, ()) if s.truth is Truth.NO]
        said = [s for s in self._counting(concept, Truth.YES, None) if not s.confirmed]
        standing = [s.basis for s in said if not any(r.overrules(s) for r in refuted)]
        known = self.standing(concept)
        return Answer(Truth.YES, tuple(standing)) if standing and not known else NO

    def newest(self, concept: str) -> tuple[Statement, ...]:
        """The latest statements of a coded value (several where they bear the same day)."""
        if concept not in self.statements:
            return ()
        said = self._counting(concept, Truth.YES, None)
        return tuple(s for s in said if not any(other.later_than(s) for other in said))

    def latest(self, analyte: str, *, within: float | None = None) -> Measured:
        """The newest readable result of the last `within` days; of several at one time the worse decides.

        One that cannot be read and is not older leaves a NO open, and hides nothing; nor does a range that
        does not settle the question hide an older result that answers YES.
        """
        recent = self.during(analyte, within=within)
        readable = [r for r in recent.results if r.amount is not None]
        if len(recent.results) < 2 or not readable:
            return recent
        newest = the_latest(readable)
        older = tuple(r for r in readable if r not in newest)
        lost = (r for r in recent.results if r.amount is None)
        unread = tuple(r for r in lost if not any(known.later_than(r) for known in newest))
        return Measured(analyte, newest, recent.undecided, older, unread)

    def during(self, analyte: str, *, within: float | None = None) -> Measured:
        """All results of the last `within` days; one whose date is too vague leaves the question open."""
        if analyte not in self.results:
            return not_measured(analyte)
        inside: list[Result] = []
        vague = None
        for result in self.results[analyte]:
            place = Truth.YES if within is None else _within(result, within, self.on)
            if place is Truth.YES:
                inside.append(result)
            elif place is Truth.UNKNOWN:
                vague = Gap(analyte, reason("result-undated", source=result.source), recorded=True)
        return Measured(analyte, tuple(inside), vague)

    def takes(self, medicine: str) -> Answer:
        """Whether a medicine of the class is in use, or was within the last weeks.

        NO only where it is stated as not taken: a list of medicines may lack one. A medicine that
        nothing tells may be of any class, and says so.
        """
        uses = [u for u in self.medicines if u.medicine == medicine]
        taken = [u.basis for u in uses if u.truth is Truth.YES]
        if taken:
            return Answer(Truth.YES, tuple(taken))
        denied = [u.basis for u in uses if u.truth is Truth.NO]
        if denied:
            return Answer(Truth.NO, tuple(denied))
        if self.unread_medicines:
            named = self.unread_medicines[0].source
            return unknown(medicine, reason("medicine-not-told", source=named))
        return not_recorded(medicine)

    def younger_than(self, years: float) -> Truth:
        """Whether the patient is certainly under `years` of age; UNKNOWN without a birth date."""
        return self.patient.age.less_than(years) if self.patient.age else Truth.UNKNOWN

    def _counting(self, concept: str, truth: Truth, within: float | None) -> list[Statement]:
        said = self.statements.get(concept, ())
        return [s for s in said if s.truth is truth and self._counts(s, within) is Truth.YES]

    def _open(self, concept: str, denials: Sequence[Statement], within: float | None) -> bool:
        """Whether a statement that might be a YES keeps the denials from being the last word.

        One of an uncertain day does; a code that is too wide, unless a denial is certainly newer; an answer
        that cannot be read, where it is the newest.
        """
        return any(
            _leaves_open(s, self._counts(s, within), denials)
            for s in self.statements.get(concept, ())
            if not s.says_nothing_of_now
        )

    def _counts(self, statement: Statement, within: float | None) -> Truth:
        narrowed = None if statement.form is Form.CONDITION else within
        return statement.counts(self.on, narrowed)

    def _gaps(self, concept: str, within: float | None) -> tuple[Gap, ...]:
        reasons: list[Gap] = []
        for s in self.statements.get(concept, ()):
            counts = self._counts(s, within)
            if s.is_history:
                reasons.append(Gap(concept, reason("says-nothing-of-now", source=s.source)))
            elif s.truth is Truth.UNKNOWN and counts is not Truth.NO:
                why = s.notes[-1] if s.notes else reason("no-answer", source=s.source)
                reasons.append(Gap(concept, why, recorded=not s.silent))
            elif s.truth is Truth.YES and counts is Truth.UNKNOWN:
                reasons.append(Gap(concept, reason("date-too-vague", source=s.source), recorded=True))
            elif s.truth is Truth.YES and counts is Truth.NO and s.day:
                reasons.append(Gap(concept, reason("too-long-ago", day=s.day)))
            elif s.truth is Truth.YES and not s.confirmed:
                reasons.append(Gap(concept, reason("only-suspected", source=s.source), recorded=True))
        return tuple(sorted(reasons, key=lambda gap: not gap.recorded))


def _leaves_open(s: Statement, counts: Truth, denials: Sequence[Statement]) -> bool:
    if counts is Truth.NO:
        return False
    if s.truth is Truth.YES:
        return counts is Truth.UNKNOWN
    if s.truth is not Truth.UNKNOWN:
        return False
    if s.aspect == UNSPECIFIC or s.ended:
        return not any(d.later_than(s) for d in denials)
    return all(s.later_than(d) for d in denials)


def _newness(statement: Statement) -> tuple[date, str]:
    return statement.day.last if statement.day else date.min, statement.source


def _expired(concept: str, problem: Statement, denial: Statement) -> Gap:
    """Why it is open. The denial has a day, without which nothing is certainly later."""
    day = denial.day.text if denial.day else ""
    why = reason("denial-expired", source=problem.source, denial=denial.source, day=day)
    return Gap(concept, why, recorded=True)


def _within(result: Result, days: float, on: date) -> Truth:
    return Truth.UNKNOWN if result.when is None else result.when.within(days, on)
