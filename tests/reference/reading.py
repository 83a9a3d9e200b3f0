"""What a Bundle states about one patient on one day (decision model §2)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from tests.reference import terms
from tests.reference.days import NO, UNKNOWN, YES, Span, instant, span_of
from tests.reference.medicines import Medicine, read_medicine

SYMPTOM_DAYS = 90
HABIT_DAYS = 180
Json = dict[str, Any]

# Own codes that state a finding by a boolean.
OWN_FINDINGS = ("difficulty-gripping", "difficulty-climbing-stairs", "split-hand")
# Own codes whose value is kept as it is: the newest counts.
OWN_VALUES = {
    "twitch-course": SYMPTOM_DAYS, "twitch-frequency": SYMPTOM_DAYS, "twitch-at-rest": SYMPTOM_DAYS,
    "twitch-trigger": SYMPTOM_DAYS, "twitch-persists-despite-lifestyle": SYMPTOM_DAYS,
    "weakness-progressive": SYMPTOM_DAYS, "weight-loss-intended": SYMPTOM_DAYS,
    "vision-interference": SYMPTOM_DAYS, "weakness-onset": SYMPTOM_DAYS, "twitch-onset": SYMPTOM_DAYS,
    "sudden-onset": SYMPTOM_DAYS, "recent-exertion": SYMPTOM_DAYS, "family-history-of-mnd": SYMPTOM_DAYS,
}  # fmt: skip
# Signs are examined, whoever states them (§2 "Reported or examined").
SIGNS = (
    "foot-drop", "head-drop", "wrist-drop", "monoparesis", "monoparesis-arm", "monoparesis-leg",
    "weakness-of-leg",
    "hemiplegia", "paraplegia",
)  # fmt: skip
# §10: what the questionnaire's link ids ask, where they are named otherwise than the concept.
LINKS = {
    "speech-difficulty": ("dysarthria",),
    "swallowing-difficulty": ("dysphagia",),
    "sensory-change": ("numbness", "paraesthesia"),
    "upper-motor-neuron-signs": ("hyperreflexia",),
}


@dataclass(frozen=True)
class Statement:
    """One statement of one finding."""

    concept: str
    truth: int
    source: str
    recorded: Span | None
    onset: Span | None = None
    sites: tuple[str, ...] = ()
    kind: str = "observation"  # condition | observation | answer
    examined: bool = False
    suspected: bool = False
    visit: bool = False
    ended: bool = False
    abated: bool = False
    own_onset: bool = True  # False: the onset is that of `weakness-onset` or `twitch-onset`

    @property
    def dated(self) -> Span | None:
        """§2: by recordedDate, else onset, else effective date."""
        return self.recorded or self.onset


@dataclass(frozen=True)
class Value:
    """One value of one of our own codes, with the day on which it was stated."""

    value: Any
    said: Span
    source: str
    kind: str


@dataclass(frozen=True)
class Result:
    """A measured value as a range; `open_low` and `open_high` say that the end itself is excluded."""

    analyte: str
    at: datetime
    day: date
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    normal_low: float | None = None
    normal_high: float | None = None
    has_range: bool = False
    held: bool = False  # a value stands there that a clinician can read, though we cannot

    @property
    def readable(self) -> bool:
        """Whether it has a value that is understood."""
        return self.low is not None or self.high is not None


@dataclass
class Record:
    """Everything that is read."""

    on: date
    born: Span | None = None
    deceased: bool = False
    statements: list[Statement] = field(default_factory=list)
    values: dict[str, list[Value]] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    medicines: list[Medicine] = field(default_factory=list)
    done: list[tuple[str, date]] = field(default_factory=list)
    ordered: list[tuple[str, date]] = field(default_factory=list)
    referrals: list[date] = field(default_factory=list)
    studies: list[tuple[str, bool, date]] = field(default_factory=list)  # emg | ncs, abnormal?, day
    relatives: list[int] = field(default_factory=list)
    texts: list[tuple[str, Span | None]] = field(default_factory=list)
    normal_pregnancy: list[Value] = field(default_factory=list)
    unreadable_grades: list[Span] = field(default_factory=list)
    other_subjects: int = 0


def read(bundle: Json, on: date) -> Record:
    """The record of the one Patient of the Bundle (else of its one subject)."""
    record = Record(on)
    resources = [entry["resource"] for entry in bundle.get("entry", ())]
    patients = [one for one in resources if one["resourceType"] == "Patient"]
    patient = patients[0]["id"] if patients else None
    medications = {f"Medication/{one['id']}": one for one in resources if one["resourceType"] == "Medication"}
    for one in resources:
        subject = one.get("subject") or one.get("patient")
        if patient and subject and _id_of(subject) != patient:
            record.other_subjects += 1
            continue
        _read_one(one, record, medications)
    _end_observations(record)
    _give_onsets(record)
    return record


def _id_of(reference: Json) -> str:
    """The id in a reference, without a version."""
    return str(reference.get("reference", "")).split("/_history/")[0].split("/")[-1]


def _read_one(one: Json, record: Record, medications: dict[str, Json]) -> None:
    kind = one["resourceType"]
    if kind == "Patient":
        _read_patient(one, record)
    elif kind == "Condition":
        _read_condition(one, record)
    elif kind == "Observation":
        _read_observation(one, record)
    elif kind in ("MedicationRequest", "MedicationStatement"):
        medicine = read_medicine(one, record.on, medications)
        if medicine:
            record.medicines.append(medicine)
    elif kind in ("Procedure", "DiagnosticReport", "ServiceRequest"):
        _read_activity(one, record)
    elif kind == "FamilyMemberHistory":
        _read_relative(one, record)
    elif kind == "QuestionnaireResponse":
        _read_answers(one, record)


def _source(one: Json) -> str:
    return f"{one['resourceType']}/{one['id']}"


def _code(concept: Any) -> str:
    """The code of a status, whatever its system."""
    return next((coding.get("code", "") for coding in (concept or {}).get("coding", ())), "")


def _read_patient(one: Json, record: Record) -> None:
    record.born = span_of(one.get("birthDate"))
    died = span_of(one.get("deceasedDateTime"))
    record.deceased = one.get("deceasedBoolean") is True or (died is not None and died.low <= record.on)


# ---- Condition --------------------------------------------------------------------------------------


def _read_condition(one: Json, record: Record) -> None:
    verification = _code(one.get("verificationStatus")) or "confirmed"
    if verification == "entered-in-error":
        return
    recorded = span_of(one.get("recordedDate"))
    onset = _condition_onset(one, record)
    dated = recorded or onset
    if dated and dated.low > record.on:
        return  # §2: a statement dated after `on` is ignored
    _read_words(one, record, verification, dated)
    sites = _condition_sites(one)
    ended, abated, end = _end(one, record.on, recorded)
    for concept in terms.concepts(one.get("code")):
        statement = Statement(
            concept,
            YES,
            _source(one),
            recorded,
            onset,
            sites or _site_by_concept(concept),
            "condition",
            examined=concept != "subjective-weakness",
            suspected=verification in ("unconfirmed", "provisional", "differential"),
            visit="encounter-diagnosis" in [_code(category) for category in one.get("category", ())],
        )
        if verification == "refuted":
            statement = replace(statement, truth=NO, suspected=False)
        elif ended == YES and end is None:
            statement = replace(statement, truth=UNKNOWN, ended=True)  # §2: it answers UNKNOWN, not NO
        elif ended == YES:
            statement = replace(statement, truth=NO, ended=True, abated=abated, recorded=end, onset=onset)
        elif ended == UNKNOWN:
            statement = replace(statement, truth=UNKNOWN)
        record.statements.append(statement)


def _condition_onset(one: Json, record: Record) -> Span | None:
    if "onsetAge" in one and record.born:
        years = int(one["onsetAge"]["value"])
        low = record.born.low.replace(year=record.born.low.year + years)
        return Span(low, low.replace(year=low.year + 1) - timedelta(days=1))
    return span_of(one.get("onsetDateTime") or one.get("onsetPeriod", {}).get("start"))


def _condition_sites(one: Json) -> tuple[str, ...]:
    found = [site for body in one.get("bodySite", ()) for site in terms.site_of_codings(body)]
    return tuple(found) or tuple(terms.site_of_icd(one.get("code")))


def _site_by_concept(concept: str) -> tuple[str, ...]:
    return (terms.SITE_OF_CONCEPT[concept],) if concept in terms.SITE_OF_CONCEPT else ()


def _end(one: Json, on: date, recorded: Span | None) -> tuple[int, bool, Span | None]:
    """§2: whether it has ended, whether an abatement says so, and its end: its abatement, else its
    recordedDate.
    """
    status = _code(one.get("clinicalStatus"))
    abatement = span_of(one.get("abatementDateTime") or one.get("abatementPeriod", {}).get("end"))
    if one.get("abatementString") or one.get("abatementBoolean"):
        return YES, True, abatement or recorded
    if status in ("resolved", "inactive", "remission"):
        return YES, abatement is not None, abatement or recorded
    if abatement is None or abatement.low > on:
        return NO, False, None
    if abatement.high <= on:
        return YES, True, abatement
    return (NO if status else UNKNOWN), False, None


# ---- Observation ------------------------------------------------------------------------------------


def _read_observation(one: Json, record: Record) -> None:
    if one.get("status") in ("entered-in-error", "cancelled"):
        return
    text = one.get("effectiveDateTime") or one.get("effectivePeriod", {}).get("start") or one.get("issued")
    said = span_of(text)
    if text is None or said is None or said.low > record.on:
        return
    examined = "exam" in [_code(category) for category in one.get("category", ())]
    for part in [one, *one.get("component", ())]:
        where = part.get("bodySite") or one.get("bodySite")
        sites = tuple(terms.site_of_codings(where))
        _read_part(one, part, record, text, said, sites, examined)


def _read_part(
    one: Json, part: Json, record: Record, text: str, said: Span, sites: tuple[str, ...], examined: bool
) -> None:
    analyte = terms.analyte(part.get("code"))
    if analyte:
        record.results.append(_result(analyte, part, one, text, said.low))
        return
    asked = terms.concepts(part.get("code"))
    found = _finding_as_value(part)
    for concept in found:
        if concept not in asked:
            _state(record, concept, YES, one, said, sites, examined)
    for name in asked:
        if name in OWN_VALUES:
            _keep(record, name, part, one, said)
        elif name == "mrc-grade":
            _read_grade(part.get("valueInteger"), record, one, said, sites, "observation")
        elif name == "pregnancy-status":
            if "pregnancy" in found:
                _state(record, "pregnancy", YES, one, said, (), examined)
        else:
            truth = _truth_of(part, one, by_itself=part is one)
            if truth is not None:
                _state(record, name, truth, one, said, sites, examined)


def _finding_as_value(part: Json) -> list[str]:
    """§2: the finding as a value states it."""
    known = terms.concepts(part.get("valueCodeableConcept"))
    return [one for one in known if one in terms.CONCEPTS and one not in ("yes", "no", "normal", "abnormal")]


def _truth_of(part: Json, one: Json, *, by_itself: bool) -> int | None:
    """What the value says of the finding that the code asks about; None where it says nothing."""
    if "valueBoolean" in part:
        return YES if part["valueBoolean"] else NO
    said = terms.concepts(part.get("valueCodeableConcept"))
    if "yes" in said:
        return YES
    if "no" in said:
        return NO
    if any(key.startswith("value") for key in part) or "dataAbsentReason" in part:
        return None
    finding = any(system == "SNOMED" for system, _ in terms.codings(part.get("code")))
    return YES if finding and by_itself and one.get("status") in ("final", "amended", "corrected") else None


def _state(
    record: Record, concept: str, truth: int, one: Json, said: Span, sites: tuple[str, ...], examined: bool
) -> None:
    record.statements.append(
        Statement(
            concept,
            truth,
            _source(one),
            said,
            sites=sites or _site_by_concept(concept),
            examined=examined or concept in SIGNS,
        )
    )


def _read_grade(grade: Any, record: Record, one: Json, said: Span, sites: tuple[str, ...], kind: str) -> None:
    """§2: below 5 is examined weakness; 5 denies its site alone; without a site it denies nothing."""
    if not isinstance(grade, int):
        return
    if not 0 <= grade <= 5:
        record.unreadable_grades.append(said)
        return
    if grade == 5 and not sites:
        return
    truth = NO if grade == 5 else YES
    record.statements.append(
        Statement("mrc-grade", truth, _source(one), said, sites=sites, kind=kind, examined=True)
    )


def _keep(record: Record, name: str, part: Json, one: Json, said: Span) -> None:
    if "dataAbsentReason" in part:
        return
    value: Any = part.get("valueBoolean")
    if name in ("twitch-course", "twitch-frequency", "twitch-trigger"):
        value = _code(part.get("valueCodeableConcept")) or None
    if name in ("weakness-onset", "twitch-onset"):
        value = span_of(part.get("valueDateTime"))
    if value is not None:
        record.values.setdefault(name, []).append(Value(value, said, _source(one), "observation"))


def _result(analyte: str, part: Json, one: Json, text: str, day: date) -> Result:
    empty = Result(analyte, instant(text), day, held=any(key.startswith("value") for key in part))
    quantity = part.get("valueQuantity")
    factors = terms.ANALYTES[analyte][1]
    unit = (quantity or {}).get("code") or (quantity or {}).get("unit")
    if one.get("status") == "registered":
        return replace(empty, held=False)  # not yet measured
    if unit is None and "{score}" in factors:
        unit = "{score}"  # a score has no unit
    if not quantity or "value" not in quantity or unit not in factors:
        return empty
    value = quantity["value"] * factors[unit]
    made = {
        None: replace(empty, low=value, high=value),
        "<": replace(empty, high=value, open_high=True),
        "<=": replace(empty, high=value),
        ">": replace(empty, low=value, open_low=True),
        ">=": replace(empty, low=value),
    }[quantity.get("comparator")]
    for limits in part.get("referenceRange", ())[:1]:
        low, high = (limits.get(end, {}).get("value") for end in ("low", "high"))
        made = replace(
            made,
            normal_low=None if low is None else low * factors[unit],
            normal_high=None if high is None else high * factors[unit],
            has_range=low is not None or high is not None,
        )
    return made


# ---- What ends, and what dates ----------------------------------------------------------------------


def _end_observations(record: Record) -> None:
    """§2: an ended Condition that is no visit diagnosis ends the Observations of the same finding made
    before.
    """
    ends = [s for s in record.statements if s.ended and not s.visit and s.recorded]
    record.statements = [s for s in record.statements if not (_is_seen(s) and any(_ends(e, s) for e in ends))]


def _is_seen(statement: Statement) -> bool:
    return statement.kind != "condition" and statement.truth == YES and statement.concept != "mrc-grade"


def _ends(end: Statement, seen: Statement) -> bool:
    """On the day of the end itself YES wins. One without a site ends the finding at any site."""
    assert end.recorded and seen.recorded
    same_site = not end.sites or any(covers(site, end.sites) for site in seen.sites or ("",))
    return end.concept == seen.concept and same_site and seen.recorded.high < end.recorded.low


def covers(site: str, denied: tuple[str, ...]) -> bool:
    """Whether a denial of these sites speaks for `site`: a hand for the left hand, not the other way
    round.
    """
    return site in denied or terms.bare_site(site) in denied


def _give_onsets(record: Record) -> None:
    """§2: `weakness-onset` and `twitch-onset` date what is stated without an onset of its own; the newest
    counts.
    """
    for name, names in (("weakness-onset", WEAKNESS), ("twitch-onset", TWITCH)):
        onset = newest_value(record, name)
        if onset is not None:
            record.statements = [
                replace(s, onset=onset.value, own_onset=False)
                if s.concept in names and s.truth == YES and s.onset is None
                else s
                for s in record.statements
            ]


def newest_value(record: Record, name: str, days: int | None = None) -> Value | None:
    """The newest value of an own code within its window; of one day the last in the record's own order of
    values.
    """
    limit = record.on - timedelta(days=days if days is not None else OWN_VALUES[name])
    found = [value for value in record.values.get(name, ()) if value.said.low >= limit]
    if not found:
        return None
    last = max(value.said for value in found)
    same_day = [value for value in found if value.said == last]
    return next((value for value in same_day if value.value is True), same_day[0])


WEAKNESS = (
    "muscle-weakness", "subjective-weakness", "weakness-of-hand", "weakness-of-arm", "monoparesis-arm",
    "monoparesis-leg", "weakness-of-leg", "weakness-of-limb", "monoparesis", "proximal-weakness",
    "distal-weakness",
    "hemiplegia", "paraplegia", "facial-weakness", "foot-drop", "wrist-drop", "head-drop", "bulbar-weakness",
    "mrc-grade", "difficulty-gripping", "difficulty-climbing-stairs", "weakness-progressive",
)  # fmt: skip
TWITCH = (
    "fasciculation", "myokymia", "eyelid-twitch", "tongue-fasciculation", "facial-myokymia",
    "benign-fasciculation",
    "twitch-course", "twitch-frequency",
)  # fmt: skip


# ---- The rest ---------------------------------------------------------------------------------------

MENTIONED = ("twitch", "fasciculation", "myokymia")
NOT_MENTIONED = (
    "no", "denies", "denied", "without", "ruled", "resolved", "family", "mother", "father", "history",
    "h/o", "hx",
)  # fmt: skip


def _read_words(one: Json, record: Record, verification: str, dated: Span | None) -> None:
    """§2: an active Condition whose words name a twitch without a negation, a relative, an end or a
    history.
    """
    if verification == "refuted" or _end(one, record.on, None)[0] != NO:
        return
    named = set(terms.concepts(one.get("code"))) - {"other-involuntary-movement"}
    code = one.get("code", {})
    texts = [code.get("text", "")] + [
        coding.get("display", "")
        for coding in code.get("coding", ())
        if coding.get("system") not in terms.SYSTEMS
    ]
    for text in texts:
        words = text.lower().replace(",", " ").replace(":", " ").split()
        asks = any(word.startswith(MENTIONED) for word in words)
        if asks and not named and not set(words) & set(NOT_MENTIONED):
            record.texts.append((_source(one), dated))
            return


def _read_activity(one: Json, record: Record) -> None:
    """§2: Procedure and DiagnosticReport, done or ordered; ServiceRequest, in place."""
    status = one.get("status")
    text = next(
        (one[key] for key in ("performedDateTime", "effectiveDateTime", "authoredOn") if key in one), None
    )
    said = span_of(text)
    if said is None or said.low > record.on:
        return
    names = terms.concepts(one.get("code"))
    loinc = [code for system, code in terms.codings(one.get("code")) if system == "LOINC"]
    names += [name for code in loinc for name in terms.PANELS.get(code, ())]
    measured = terms.analyte(one.get("code"))
    names += [measured.removeprefix("total-").removeprefix("adjusted-")] if measured else []
    if "neurophysiology" in names:
        names += ["emg", "ncs"]
    if one["resourceType"] == "ServiceRequest":
        _read_order(one, record, names, said.low)
        return
    done = status in ("completed", "in-progress", "final", "amended", "corrected", "preliminary", "partial")
    if done:
        record.done += [(name, said.low) for name in names]
        _read_study(one, record, names, said.low)
    elif status in ("preparation", "registered"):
        record.ordered += [(name, said.low) for name in names]


def _read_order(one: Json, record: Record, names: list[str], day: date) -> None:
    fresh = one.get("status") == "draft" and day >= record.on - timedelta(days=14)
    in_place = one.get("status") in ("active", "on-hold", "completed") or fresh
    if one.get("doNotPerform") or not in_place:
        return
    (record.done if one.get("status") == "completed" else record.ordered).extend(
        (name, day) for name in names
    )
    to_neurology = "specialist-referral" in names and "neurology" in terms.concepts(one.get("performerType"))
    if "neurology-referral" in names or to_neurology:
        record.referrals.append(day)


def _read_study(one: Json, record: Record, names: list[str], day: date) -> None:
    """§4 `abnormal-emg`: a report whose conclusion is coded normal or abnormal."""
    said = [word for concept in one.get("conclusionCode", ()) for word in terms.concepts(concept)]
    for study in ("emg", "ncs"):
        if study in names and ("abnormal" in said or "normal" in said):
            record.studies.append((study, "abnormal" in said, day))


FIRST_DEGREE = ("NMTH", "NFTH", "FTH", "MTH", "SIS", "BRO", "SON", "DAU", "CHILD", "PRN", "SIB")
FURTHER = ("UNCLE", "AUNT", "GRFTH", "GRMTH", "COUSN", "HSIS", "HBRO")


def _read_relative(one: Json, record: Record) -> None:
    if one.get("status") not in ("completed", "partial"):
        return
    role = _code(one.get("relationship"))
    for condition in one.get("condition", ()):
        if {"motor-neuron-disease", "frontotemporal-dementia"} & set(terms.concepts(condition.get("code"))):
            record.relatives.append(YES if role in FIRST_DEGREE else NO if role in FURTHER else UNKNOWN)


def _read_answers(one: Json, record: Record) -> None:
    """§10: link ids read as Observations of the same names."""
    if one.get("status") not in ("completed", "amended", "in-progress"):
        return
    said = span_of(one.get("authored"))
    if said is None or said.low > record.on:
        return
    _read_items(one, one.get("item", ()), record, said)


def _read_items(one: Json, items: list[Json], record: Record, said: Span) -> None:
    """Items stand within items, and within answers."""
    for item in items:
        _read_items(one, item.get("item", ()), record, said)
        for answer in item.get("answer", ()):
            _read_items(one, answer.get("item", ()), record, said)
            values = {key: value for key, value in answer.items() if key.startswith("value")}
            if values:
                _read_answer(one, item["linkId"], values, record, said)


def _read_answer(one: Json, link: str, answer: Json, record: Record, said: Span) -> None:
    value = next(iter(answer.values()))
    if link in terms.ANALYTES:
        part = {"valueQuantity": value}
        record.results.append(_result(link, part, one, one["authored"], said.low))
    elif link == "mrc-grade":
        _read_grade(value, record, one, said, (), "answer")
    elif link in OWN_VALUES:
        kept = (
            value["code"] if isinstance(value, dict) else span_of(value) if isinstance(value, str) else value
        )
        record.values.setdefault(link, []).append(Value(kept, said, _source(one), "answer"))
    elif isinstance(value := _yes_or_no(value), bool):
        names = LINKS.get(link, (link,))
        for name in names[:1] if value else names:
            truth = YES if value else NO
            record.statements.append(
                Statement(
                    name, truth, _source(one), said, sites=_site_by_concept(name), kind="answer",
                    examined=name in SIGNS,
                )
            )  # fmt: skip


def _yes_or_no(value: Any) -> Any:
    """A coded yes or no as a boolean."""
    said = terms.concepts({"coding": [value]}) if isinstance(value, dict) else []
    return True if "yes" in said else False if "no" in said else value
