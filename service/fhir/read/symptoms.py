"""Conditions and Observations -> statements: what is so, what is not so, what was asked in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.facts.amounts import Amount, Span
from service.facts.mentions import Mention
from service.facts.places import Place
from service.facts.reasons import Reason, reason
from service.facts.statements import GRADE, End, Form, Statement, noted
from service.facts.truth import Truth
from service.fhir.read.dates import at_age, between_ages, span, start
from service.fhir.read.reading import Codes, Observed, Part, Reading
from service.fhir.read.record import Record
from service.fhir.read.views import CodeableConcept, Condition, NotReadable, Observation, Valued, one_of
from service.knowledge.codes import Meaning, on_side

GONE = {"inactive", "remission", "resolved"}
PRESENT = {"active", "recurrence", "relapse"}
PERHAPS_OVER = Reason("perhaps-over")
PRELIMINARY = Reason("preliminary")
EXAM = "exam"
NOT_MEANT = {"refuted", "entered-in-error"}
SUSPECTED = {"unconfirmed", "provisional", "differential"}
STATES_ITSELF = ("snomed", "hpo", "icd-10-cm", "icd-10")
ONSET = ("onset_date_time", "onset_age", "onset_period", "onset_range", "onset_string")
ABATEMENT = tuple(name.replace("onset", "abatement") for name in ONSET)
EFFECTIVE = ("effective_date_time", "effective_period", "effective_instant", "effective_timing")
FULL_STATUS = ("final", "amended", "corrected")
STATUS_NOTES = {
    "preliminary": PRELIMINARY,
    "registered": Reason("registered"),
    "unknown": Reason("unknown-status"),
}
# A question that was not asked, or that nobody could or would answer; FHIR's data-absent-reason.
NEVER_ANSWERED = (
    *("unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked"),
    *("not-applicable", "not-performed", "not-permitted"),
)
NO_STATUS = ("cancelled", "entered-in-error")
ENCOUNTER_DIAGNOSIS = "encounter-diagnosis"
WEAKNESS = "muscle-weakness"
FAMILY_HISTORY = {"10157-6", "8670-2", "281666001", "429962007"}


@dataclass(frozen=True)
class Said:
    """What one question was answered with: a truth, perhaps a coded value, and what must be noted.

    A `silent` one was not asked, or nobody knew.
    """

    truth: Truth
    value: str | None = None
    note: Reason | None = None
    silent: bool = False


@dataclass(frozen=True)
class Testimony:
    """What a resource says before it is known of what: the fields of the statements that it makes."""

    source: str
    form: Form
    truth: Truth = Truth.YES
    stated: Span | None = None
    onset: Span | None = None
    examined: bool = False
    refuted: bool = False
    end: End | None = None
    confirmed: bool = True
    counts_days: float | None = None
    value: str | Amount | None = None
    notes: tuple[Reason, ...] = ()
    silent: bool = False

    def of(
        self,
        concept: str,
        *,
        aspect: str,
        place: Place | None,
        kind: str = "symptom",
        truth: Truth | None = None,
        examined: bool | None = None,
        code: tuple[str, str] | None = None,
        notes: tuple[Reason, ...] | None = None,
    ) -> Statement:
        """The statement on a concept; `examined` where its code alone tells, else by the resource."""
        return Statement(
            concept,
            self.truth if truth is None else truth,
            self.source,
            self.form,
            kind,
            aspect,
            self.stated,
            self.onset,
            place,
            self.examined if examined is None else examined,
            self.refuted,
            self.end,
            self.confirmed,
            self.counts_days,
            self.value,
            code,
            self.notes if notes is None else notes,
            self.silent,
        )


def conditions(record: Record, reading: Reading) -> Iterator[Statement]:
    """The statements of the problem list; entries in error are as if they were not there."""
    return reading.each(record.of("Condition"), Condition, lambda source, c: _condition(source, c, reading))


def mentions(record: Record, reading: Reading) -> Iterator[Mention]:
    """The active Conditions whose words name a twitch, without a code that we know."""

    def mentioned(source: str, condition: Condition) -> Iterator[Mention]:
        day = span(condition.recorded_date) or _onset(condition, reading)
        if _codes(condition.verification_status) & NOT_MEANT or (day and day.first > reading.on):
            return
        if _names_a_twitch(condition.code, reading) and _over(condition, reading) is Truth.NO:
            yield Mention(source, day.until(reading.on) if day else None)

    return reading.each(record.of("Condition"), Condition, mentioned)


def _names_a_twitch(concept: CodeableConcept | None, reading: Reading) -> bool:
    """By its text, or the display of a code in a system that is not read; a code that is read decides."""
    if concept is None or any(reading.knowledge.meanings.find(*code) for code in reading.known(concept)):
        return False
    systems = reading.knowledge.systems
    displays = (c.display for c in concept.coding or () if c.display and (c.system or "") not in systems)
    return any(reading.knowledge.twitch_words.name_one(text) for text in (concept.text, *displays) if text)


def observed(record: Record, reading: Reading) -> Iterator[Observed]:
    """The Observations that count: neither cancelled nor in error, and not of a day to come."""
    for source, observation in reading.views(record.of("Observation"), Observation):
        if observation.status in NO_STATUS:
            continue
        try:
            day = _when(observation)
        except NotReadable as fault:
            reading.set_aside(source, fault.why)
            continue
        if day is None or day.first <= reading.on:
            parts = (observation, *(observation.component or ()))
            yield Observed(source, observation, day, [Part(p, reading.known(p.code)) for p in parts])


def observations(seen: Iterable[Observed], reading: Reading) -> Iterator[Statement]:
    """The statements of Observations and their components."""
    for one in seen:
        telling = [part for part in one.parts if _tells(part, reading)]
        if telling:
            yield from _observation(one, telling, reading)


def _when(observation: Observation) -> Span | None:
    """The day an Observation speaks of: effective, else issued."""
    one_of(observation, *EFFECTIVE)
    effective = observation.effective_date_time or observation.effective_instant
    return span(effective) or start(observation.effective_period) or span(observation.issued)


def meanings(codes: Codes, reading: Reading) -> tuple[Meaning, ...]:
    """What the codes of a CodeableConcept say, each concept once: of several the narrowest counts."""
    found: dict[str, Meaning] = {}
    for system, code in codes:
        for meaning in reading.knowledge.meanings.find(system, code):
            held = found.get(meaning.concept)
            if held is None or _narrowness(meaning) > _narrowness(held):
                found[meaning.concept] = meaning
    return tuple(found.values())


def _narrowness(meaning: Meaning) -> int:
    return 0 if meaning.unspecific else 2 if meaning.aspect else 1


def _condition(source: str, condition: Condition, reading: Reading) -> Iterator[Statement]:
    one_of(condition, *ONSET)
    one_of(condition, *ABATEMENT)
    verified = _codes(condition.verification_status)
    said = meanings(reading.known(condition.code), reading)
    recorded, onset = span(condition.recorded_date), _onset(condition, reading)
    day = recorded or onset
    if "entered-in-error" in verified or not said or (day and day.first > reading.on):
        return
    template = Testimony(
        source,
        Form.CONDITION,
        examined=True,
        stated=recorded.until(reading.on) if recorded else None,
        onset=onset.until(reading.on) if onset and onset.first <= reading.on else None,
    )
    if "refuted" in verified:
        template = replace(template, truth=Truth.NO, refuted=True)
    elif (over := _over(condition, reading)) is Truth.YES:
        template = _closed(template, condition, reading)
    elif over is Truth.UNKNOWN:
        template = replace(template, truth=Truth.UNKNOWN, end=End.PERHAPS, notes=(PERHAPS_OVER,))
    places = [p for site in condition.body_site or () for p in reading.places(site)]
    elsewhere = bool(condition.body_site) and not places
    for meaning in said:
        diagnosis = meaning.kind == "diagnosis" or meaning.concept in reading.knowledge.diagnoses
        suspected = diagnosis and bool(SUSPECTED & verified)
        said_of = replace(template, confirmed=False) if suspected else template
        yield from stated(said_of, meaning, places, elsewhere=elsewhere)


def _closed(template: Testimony, condition: Condition, reading: Reading) -> Testimony:
    """An entry that is over: since its abatement, else since it was recorded; else nobody knows since when.

    A visit's diagnosis is closed with the visit while the problem stays, so it ends nothing but itself.
    """
    abated = _ended(condition, reading)
    since = abated.until(reading.on) if abated and abated.first <= reading.on else template.stated
    if any(ENCOUNTER_DIAGNOSIS in _codes(category) for category in condition.category or ()):
        open_visit = abated is None and condition.abatement_string is None
        end = End.VISIT if open_visit else End.SILENT
    else:
        end = End.OVER if since else End.SILENT
    truth = Truth.NO if end is End.OVER else Truth.UNKNOWN
    return replace(template, truth=truth, end=end, stated=since)


def _tells(part: Part, reading: Reading) -> bool:
    """Whether its code is a concept or the MRC grade, or its value may be one; a plain result is neither."""
    coded = part.valued.value_codeable_concept is not None
    return coded or ("own", GRADE) in part.codes or bool(meanings(part.codes, reading))


def _observation(one: Observed, telling: Iterable[Part], reading: Reading) -> Iterator[Statement]:
    observation, day = one.observation, one.day
    template = Testimony(
        one.source,
        Form.OBSERVATION,
        stated=day.until(reading.on) if day else None,
        examined=EXAM in _categories(observation),
        notes=status_notes(observation.status),
    )
    places = reading.places(observation.body_site)
    elsewhere = observation.body_site is not None and not places
    for part in telling:
        yield from grades(template, part.codes, _grade(part.valued), places, reading)
        yield from _part(template, part, places, elsewhere, reading, full=observation.status in FULL_STATUS)


def grades(
    template: Testimony, codes: Codes, grade: float | None, places: Iterable[Place], reading: Reading
) -> Iterator[Statement]:
    """An MRC grade as a statement on weakness: full strength denies it there and nowhere else."""
    if ("own", GRADE) not in codes:
        return
    threshold = reading.knowledge.thresholds
    readable = grade is not None and 0 <= grade <= threshold.full_strength
    weak = readable and grade is not None and grade < threshold.full_strength
    truth = Truth.UNKNOWN if not readable else Truth.YES if weak else Truth.NO
    placed = tuple(places)
    if truth is Truth.NO and not placed:
        template = replace(template, silent=True, notes=(*template.notes, Reason("grade-without-site")))
        truth = Truth.UNKNOWN
    graded = replace(
        template,
        truth=truth,
        value=Amount.exactly(grade, "1") if readable and grade is not None else None,
        examined=True,
        counts_days=threshold.symptoms_count,
        notes=template.notes if readable else (Reason("not-a-grade"),),
    )
    for place in placed or (None,):
        yield graded.of(WEAKNESS, aspect=GRADE, place=place)


def _grade(part: Valued) -> float | None:
    if part.value_integer is not None:
        return float(part.value_integer)
    quantity = part.value_quantity
    return quantity.value if quantity and quantity.comparator is None else None


def _part(
    template: Testimony,
    part: Part,
    places: Iterable[Place],
    elsewhere: bool,
    reading: Reading,
    *,
    full: bool,
) -> Iterator[Statement]:
    """The statements of an Observation or of one of its components."""
    family = any(code in FAMILY_HISTORY for _, code in part.codes)
    asked = meanings(part.codes, reading)
    for meaning in asked:
        counts = _counts_days(meaning, reading)
        itself = full and _states_itself(part.codes, meaning, reading)
        said = _answer(meaning, part.valued, reading, states_itself=itself)
        answered = replace(
            template,
            truth=said.truth,
            value=said.value,
            counts_days=counts,
            notes=noted(*template.notes, said.note),
            confirmed=_settled(meaning, reading),
            silent=said.silent,
        )
        yield from stated(answered, meaning, places, elsewhere=elsewhere)
    if family or any(_question(m, reading).get("answers") for m in asked):
        return
    for meaning in meanings(reading.known(part.valued.value_codeable_concept), reading):
        counts = _counts_days(meaning, reading)
        found = replace(template, counts_days=counts, confirmed=_settled(meaning, reading))
        if not any(meaning.concept == a.concept for a in asked):
            yield from stated(found, meaning, places, elsewhere=elsewhere)


def stated(
    template: Testimony, meaning: Meaning, places: Iterable[Place], *, elsewhere: bool = False
) -> Iterator[Statement]:
    """The template as statements of a meaning, one a place; a site we do not know makes a NO narrower."""
    truth = Truth.UNKNOWN if meaning.unspecific and template.truth is not Truth.NO else template.truth
    wide = _too_wide(meaning) if meaning.unspecific else None
    aspect = meaning.aspect or ("elsewhere" if elsewhere and truth is Truth.NO else "")
    for place in _where(meaning.place, tuple(places)):
        yield template.of(
            meaning.concept,
            kind=meaning.kind,
            aspect=aspect,
            truth=truth,
            place=place,
            examined=_examined(template, meaning),
            code=meaning.code if meaning.unspecific else None,
            notes=noted(*template.notes, wide) if wide else None,
        )


def _examined(said: Testimony, meaning: Meaning) -> bool | None:
    """A sign was seen, unless a questionnaire tells of it; what is only ever told was not."""
    if not meaning.examined:
        return False
    return True if meaning.sign and said.form is not Form.ANSWER else None


def _where(known: Place | None, given: tuple[Place, ...]) -> tuple[Place | None, ...]:
    """The places given, unless the code names another, which takes only their sides.

    A twitching eye on the left of the face is the left eyelid.
    """
    if known is None:
        return given or (None,)
    within = tuple(p for p in given if (p.site == known.site if known.site else p.region == known.region))
    sides = dict.fromkeys(p.side for p in given if p.side and known.side is None)
    return within or tuple(on_side(known, side) for side in sides) or (known,)


def _too_wide(meaning: Meaning) -> Reason | None:
    if meaning.code is None:
        return None
    system, code = meaning.code
    return reason("code-too-wide", concept=meaning.concept, system=system, code=code)


def _question(meaning: Meaning, reading: Reading) -> Mapping[str, Any]:
    """Our own question of that name, if it is one."""
    return reading.knowledge.own.get(meaning.aspect or meaning.concept, {})


def _answer(meaning: Meaning, part: Valued, reading: Reading, *, states_itself: bool) -> Said:
    """What was answered to the question (or finding) that the code names."""
    if part.data_absent_reason is not None:
        codes = [c.code for c in part.data_absent_reason.coding or () if c.code]
        why = next((code for code in codes if code in NEVER_ANSWERED), codes[0] if codes else None)
        note = reason("absent", why=why) if why else Reason("absent-without-reason")
        return Said(Truth.UNKNOWN, note=note, silent=why in NEVER_ANSWERED)
    if part.value_boolean is not None:
        return Said(Truth.YES if part.value_boolean else Truth.NO)
    if part.value_codeable_concept is not None:
        return _coded_answer(meaning, part.value_codeable_concept, reading)
    if part.has_value:
        return Said(Truth.UNKNOWN, note=Reason("value-of-another-type"))
    interpreted = _interpreted(part, reading)
    if interpreted is not None:
        return Said(interpreted)
    if states_itself:
        return Said(Truth.YES)
    return Said(Truth.UNKNOWN, note=Reason("question-without-value"))


def _coded_answer(meaning: Meaning, value: CodeableConcept, reading: Reading) -> Said:
    answers = _question(meaning, reading).get("answers", {})
    codes = reading.known(value)
    for system, code in codes:
        if system == "own" and code in answers:
            return Said(Truth.YES, value=code)
        truth = reading.knowledge.coded_answers.get((system, code))
        if truth is not None and not answers:
            open_ = truth is Truth.UNKNOWN
            return Said(truth, note=Reason("recorded-as-unknown") if open_ else None, silent=open_)
    if any(m.concept == meaning.concept and not m.unspecific for m in meanings(codes, reading)):
        return Said(Truth.YES)
    return Said(Truth.UNKNOWN, note=Reason("value-not-known"))


def _interpreted(part: Valued, reading: Reading) -> Truth | None:
    for concept in part.interpretation or ():
        for coding in concept.coding or ():
            truth = reading.knowledge.coded_answers.get(("interpretation", coding.code or ""))
            if truth is not None:
                return truth
    return None


def _states_itself(codes: Codes, meaning: Meaning, reading: Reading) -> bool:
    return any(
        system in STATES_ITSELF and meaning in reading.knowledge.meanings.find(system, code)
        for system, code in codes
    )


def _settled(meaning: Meaning, reading: Reading) -> bool:
    """Whether an Observation can establish it: diagnoses that explain red flags are known from Conditions."""
    return meaning.concept != "motor-neuron-disease" and meaning.concept not in reading.knowledge.diagnoses


def _counts_days(meaning: Meaning, reading: Reading) -> float:
    concept = reading.knowledge.concepts[meaning.concept]
    return concept.counts_days or reading.knowledge.thresholds.symptoms_count


def _categories(observation: Observation) -> set[str]:
    return {code for category in observation.category or () for code in _codes(category)}


def _codes(concept: CodeableConcept | None) -> set[str]:
    return {c.code for c in (concept.coding or ()) if c.code} if concept else set()


def _onset(condition: Condition, reading: Reading) -> Span | None:
    known = span(condition.onset_date_time) or start(condition.onset_period)
    return (
        known
        or at_age(reading.born, condition.onset_age)
        or between_ages(reading.born, condition.onset_range)
    )


def _over(condition: Condition, reading: Reading) -> Truth:
    """Whether it is over on the day; UNKNOWN where the abatement may come before or after it."""
    status, ended = _codes(condition.clinical_status), _ended(condition, reading)
    if GONE & status or condition.abatement_string is not None:
        return Truth.YES
    if ended is None or ended.first > reading.on:
        return Truth.NO
    if ended.last <= reading.on:
        return Truth.YES
    return Truth.NO if PRESENT & status else Truth.UNKNOWN


def _ended(condition: Condition, reading: Reading) -> Span | None:
    period = condition.abatement_period
    return (
        span(condition.abatement_date_time)
        or (span(period.end or period.start) if period else None)
        or at_age(reading.born, condition.abatement_age)
        or between_ages(reading.born, condition.abatement_range)
    )


def status_notes(status: str) -> tuple[Reason, ...]:
    """What must be noted of an Observation for its status: preliminary, registered, or an unknown one."""
    return () if status in FULL_STATUS else (STATUS_NOTES[status],)
