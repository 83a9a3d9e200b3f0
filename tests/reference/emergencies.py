"""The same-day rules (decision model §4 "Same day")."""

from __future__ import annotations

from datetime import date, timedelta

from tests.reference.contributors import medicine_classes
from tests.reference.days import NO, UNKNOWN, YES, Span, age, within
from tests.reference.findings import Answer, answer, is_known, progressive, since, standing, stated
from tests.reference.flags import (
    EXPLAIN_ALL,
    EXPLAIN_DYSPNOEA,
    Flag,
    beyond_stairs,
    explainers,
    is_long_standing,
)
from tests.reference.measured import Test, at_least, at_most, below, latest, results, worst
from tests.reference.reading import WEAKNESS, Record, Statement, newest_value
from tests.reference.twitch import Twitch

ACUTE = ("acute-respiratory-failure", "acute-on-chronic-respiratory-failure")
CHRONIC_LUNG = (
    "copd", "emphysema", "bronchiectasis", "interstitial-lung-disease", "cystic-fibrosis",
    "chronic-respiratory-failure",
)  # fmt: skip
KINDS = ("orthopnoea", "dyspnoea-at-rest", *ACUTE)
CRITICAL: dict[str, tuple[float | None, float | None]] = {
    "potassium": (2.5, 6.5),
    "sodium": (120, 160),
    "calcium": (1.8, 3.5),
    "magnesium": (0.4, None),
}


def emergencies(record: Record, twitch: Twitch, flags: dict[str, Flag]) -> dict[str, Flag]:
    """Every same-day rule; in force while a twitch is present or recent."""
    truths = {
        "respiratory-compromise": respiratory_compromise(record, flags),
        "critical-electrolytes": critical_electrolytes(record),
        "lithium-toxicity": lithium_toxicity(record),
        "rapid-weakness": rapid_weakness(record),
        "sudden-deficit": sudden_deficit(record),
        "saddle-numbness": answer(record, "saddle-numbness").truth,
    }
    raised = twitch.present == YES or twitch.recent
    return {
        rule: Flag(rule, truth, force=5 if truth == YES and raised else None)
        for rule, truth in truths.items()
    }


# ---- Breathing --------------------------------------------------------------------------------------


def respiratory_compromise(record: Record, flags: dict[str, Flag]) -> int:
    """A motor side and a breathing sign; in known ALS/MND the diagnosis and a sign that is new."""
    if is_known(record, "motor-neuron-disease"):
        return _in_known_mnd(record)
    motor, explained_only = _motor_side(record, flags)
    if motor == NO:
        return NO
    measured = _measured_signs(record)
    symptoms, conditions = _symptom_signs(record, flags)
    if motor == YES and explained_only and is_known(record, *EXPLAIN_ALL, *EXPLAIN_DYSPNOEA):
        conditions = min(conditions, UNKNOWN)
    sign = max(measured, symptoms, conditions)
    return min(motor, sign)


def _motor_side(record: Record, flags: dict[str, Flag]) -> tuple[int, bool]:
    """Weakness, speech, swallowing, tongue.

    The second says that all that is YES is explained by a diagnosis.
    """
    sides = [
        flags[r]
        for r in ("muscle-weakness", "speech-difficulty", "swallowing-difficulty", "tongue-fasciculation")
    ]
    truths = [UNKNOWN if flag.long_standing else flag.truth for flag in sides]
    weakness = sides[0]
    stairs_alone = weakness.truth == YES and not beyond_stairs(weakness.statements)
    if stairs_alone and is_known(record, *EXPLAIN_ALL, *EXPLAIN_DYSPNOEA):
        truths[0] = UNKNOWN
    yes = [flag for flag, truth in zip(sides, truths, strict=True) if truth == YES]
    return max(truths), bool(yes) and all(flag.explained_by for flag in yes)


def _spo2_limit(record: Record) -> float:
    return 88 if is_known(record, *CHRONIC_LUNG) else 92


def _measured_signs(record: Record) -> int:
    spo2 = worst(results(record, "spo2", 7), below(_spo2_limit(record)))
    fvc = worst(results(record, "fvc", 90), below(50))
    rate = worst(results(record, "respiratory-rate", 7), at_least(25))
    years = age(record.born, record.on)
    if years is not None and years < 16:
        rate = UNKNOWN
    return max(spo2, fvc, rate)


def _symptom_signs(record: Record, flags: dict[str, Flag]) -> tuple[int, int]:
    """Signs that are observed in the last 7 days, and signs on the problem list."""
    motor = [
        s
        for rule in (
            "muscle-weakness",
            "speech-difficulty",
            "swallowing-difficulty",
            "tongue-fasciculation",
            "muscle-atrophy",
            "upper-motor-neuron-signs",
        )
        for s in (flags[rule].statements if not flags[rule].long_standing else ())
    ]
    observed, conditions = UNKNOWN, UNKNOWN
    for s in standing(record, KINDS):
        if s.kind != "condition":
            if within(s.recorded, record.on, 7) == YES:
                observed = YES
        elif not explainers(record, s.concept) or not _before_all(s, motor):
            conditions = YES
    return observed, conditions


def _before_all(breathing: Statement, motor: list[Statement]) -> bool:
    """Whether its onset, else first record, lies before that of every motor sign, or may do so."""
    first = since(breathing)
    others = [span for s in motor if (span := since(s))]
    if first is None or len(others) < len(motor):
        return False
    return bool(others) and all(first.low < other.high for other in others)


def _in_known_mnd(record: Record) -> int:
    """The breathing sign must be new, kind by kind."""
    truths = [_new_symptom(record, kind) for kind in KINDS[:2]]
    truths += [_new_symptom(record, kind) for kind in ACUTE]
    for analyte, test, days, clear in (
        ("spo2", below(_spo2_limit(record)), 7, at_least(_spo2_limit(record) + 2)),
        ("respiratory-rate", at_least(25), 7, at_most(25 - 3)),
        ("fvc", below(50), 90, at_least(60)),
    ):
        truths.append(_new_value(record, analyte, test, days, clear))
    truths.append(YES if worst(results(record, "spo2", 7), below(88)) == YES else NO)
    return max(truths)


def _new_symptom(record: Record, kind: str) -> int:
    """Its stated onset, else the first statement of the present episode, lies within 28 days."""
    now = [
        s
        for s in standing(record, (kind,))
        if s.kind == "condition" or within(s.recorded, record.on, 7) == YES
    ]
    if not now:
        return UNKNOWN
    onsets = [s.onset for s in standing(record, (kind,)) if s.onset]
    if onsets:
        return within(min(onsets), record.on, 28)
    first = _first_of_episode(record, kind)
    return UNKNOWN if first is None else within(Span(first, first), record.on, 28)


def _first_of_episode(record: Record, kind: str) -> date | None:
    all_of = stated(record, (kind,))
    denials = [s.dated.low for s in all_of if s.truth == NO and s.dated]
    last = max(denials, default=date.min)
    days = [s.dated.low for s in all_of if s.truth == YES and s.dated and s.dated.low >= last]
    return min(days, default=None)


def _new_value(record: Record, analyte: str, test: Test, days: int, clear: Test) -> int:
    """The first value beyond the threshold of the present episode lies within 28 days."""
    years = age(record.born, record.on)
    if analyte == "respiratory-rate" and years is not None and years < 16:
        return UNKNOWN
    now = worst(results(record, analyte, days), test)
    if now != YES:
        return now
    first = None
    for result in results(record, analyte, 36500):
        if not result.readable:
            continue
        if clear(result) == YES and first is not None:
            break
        if test(result) == YES:
            first = result.day
    assert first is not None
    return YES if first >= record.on - timedelta(days=28) else NO


# ---- Electrolytes and lithium -----------------------------------------------------------------------


def _critical(low: float | None, high: float | None) -> Test:
    tests = ([at_most(low)] if low is not None else []) + ([at_least(high)] if high is not None else [])
    return lambda r: max(test(r) for test in tests)


def critical_electrolytes(record: Record) -> int:
    """The latest readable value within 7 days, at or beyond the limit."""
    return max(critical(record).values())


def critical(record: Record) -> dict[str, int]:
    """Each electrolyte by itself."""
    return {name: latest(results(record, name, 7), _critical(*limits)) for name, limits in CRITICAL.items()}


def takes_lithium(record: Record) -> int:
    """Only lithium stated as not taken is NO; an unread medicine or none recorded leaves it UNKNOWN."""
    if "lithium" in medicine_classes(record):
        return YES
    refused = any("lithium" in m.classes and not m.taken for m in record.medicines)
    unread = any(m.unread for m in record.medicines)
    return NO if refused and not unread else UNKNOWN


def lithium_toxicity(record: Record) -> int:
    """A level of 1.5 mmol/L or more within 7 days; or lithium with a speech difficulty or a gait
    disturbance.
    """
    level = latest(results(record, "lithium", 7), at_least(1.5))
    return max(level, min(takes_lithium(record), lithium_signs(record)))


def lithium_signs(record: Record) -> int:
    """Not long-standing; with a stated onset more than 28 days ago UNKNOWN."""
    truths = []
    for rule in ("speech-difficulty", "gait"):
        found = answer(record, rule)
        if found.truth != YES:
            truths.append(found.truth)
        elif is_long_standing(found.yes, record):
            truths.append(UNKNOWN)
        else:
            truths += [_is_lately(s, found.yes, record) for s in found.yes]
    return max(truths)


def _is_lately(statement: Statement, among: tuple[Statement, ...], record: Record) -> int:
    """UNKNOWN with a stated onset more than 28 days ago, be it by another statement of the same finding."""
    onset = statement.onset
    if onset is None:
        onset = min((s.onset for s in among if s.concept == statement.concept and s.onset), default=None)
    return YES if onset is None else max(UNKNOWN, within(onset, record.on, 28))


# ---- Weakness ---------------------------------------------------------------------------------------


def weaknesses(record: Record) -> tuple[Statement, ...]:
    """The statements of weakness that read YES."""
    return (*standing(record, WEAKNESS), *progressive(record))


def rapid_weakness(record: Record) -> int:
    """Weakness of at most 28 days that progresses; or Guillain-Barré syndrome, known or suspected."""
    return max(_rapid(record), guillain_barre(record))


def _rapid(record: Record) -> int:
    return min(answer(record, "muscle-weakness").truth, _progressing(record), since_weeks(record))


def _progressing(record: Record) -> int:
    """Stated as progressing in those 28 days."""
    course = newest_value(record, "weakness-progressive", 28)
    if course is None:
        return UNKNOWN
    return YES if course.value else NO


def since_weeks(record: Record) -> int:
    """Stated onset at most 28 days ago, or examined with no statement recorded more than 28 days ago."""
    found = weaknesses(record)
    if not found:
        return UNKNOWN
    found = tuple(s for s in found if s.concept != "weakness-progressive") or found
    onsets = {s.concept: s.onset for s in found if s.onset}
    truths = [within(s.onset, record.on, 28) for s in found if s.onset]
    without = [s for s in found if s.onset is None and s.concept not in onsets]
    if without:
        truths.append(_first_record(without, record))
    return max(truths)


def _first_record(without: list[Statement], record: Record) -> int:
    ever = [s.recorded for s in stated(record, WEAKNESS) if s.truth == YES and s.recorded]
    ever += [value.said for value in record.values.get("weakness-progressive", ()) if value.value is True]
    if any(within(span, record.on, 28) == NO for span in ever):
        return NO
    examined = any(s.examined and s.recorded for s in without)
    return YES if examined else UNKNOWN


def guillain_barre(record: Record) -> int:
    """Active, with an onset, else a first record, at most 56 days ago, or undated; older UNKNOWN.

    One that nobody recorded is NO: no question to a patient asks for it, and a denied weakness must answer
    the rule.
    """
    found = standing(record, ("guillain-barre",))
    if not found:
        return NO
    return max(YES if since(s) is None else max(UNKNOWN, within(since(s), record.on, 56)) for s in found)


def sudden_deficit(record: Record) -> int:
    """Weakness or speech difficulty with a stated onset today or yesterday."""
    speech = answer(record, "speech-difficulty")
    weakness = answer(record, "muscle-weakness")
    return max(_sudden(weakness, record), _sudden(speech, record))


def _sudden(found: Answer, record: Record) -> int:
    """Where only a questionnaire or our own code states the onset, `sudden-onset` must be YES too."""
    if not found.yes:
        return found.truth
    sudden = newest_value(record, "sudden-onset")
    said = UNKNOWN if sudden is None else YES if sudden.value else NO
    truths = []
    for s in found.yes:
        # what was recorded before yesterday did not begin since
        new = within(s.onset or s.recorded, record.on, 1)
        new = min(new, UNKNOWN) if s.onset is None else new
        truths.append(new if s.own_onset else min(new, said))
    return max(truths)
