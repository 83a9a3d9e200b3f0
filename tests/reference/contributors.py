"""What may explain the twitch, and what asks for a review (decision model §5)."""

from __future__ import annotations

from tests.reference.days import NO, YES, age
from tests.reference.findings import diagnosis, standing
from tests.reference.measured import Test, above, at_least, below, latest, outside, results
from tests.reference.reading import HABIT_DAYS, Record, newest_value
from tests.reference.twitch import Twitch

RANGES: dict[str, tuple[float | None, float | None]] = {
    "sodium": (135, 145),
    "potassium": (3.5, 5.1),
    "calcium": (2.15, 2.55),
    "magnesium": (0.70, 1.00),
    "b12": (180, None),
    "vitamin-d": (50, None),
    "tsh": (0.4, 4.5),
}
# diagnoses, and the result that a newer normal one of which leaves named only
ELECTROLYTE_DIAGNOSES = {
    "low-magnesium": "magnesium", "low-calcium": "calcium", "low-potassium": "potassium",
    "low-sodium": "sodium",
    "high-potassium": "potassium", "high-calcium": "calcium", "magnesium-disorder": "magnesium",
    "calcium-disorder": "calcium",
}  # fmt: skip
NUTRITION_DIAGNOSES = {
    "b12-deficiency": "b12", "vitamin-d-deficiency": "vitamin-d", "other-vitamin-deficiency": "",
    "low-magnesium": "magnesium",
}  # fmt: skip
TRIGGERS = ("caffeine", "stress-anxiety", "exertion", "short-sleep", "dehydration")
# A trigger that is stated is named; the model does not say so, a careful neurologist would.
STATED_TRIGGERS = {"caffeine": "caffeine", "stress": "stress-anxiety", "exercise": "exertion"}
MEDICINES = (
    "corticosteroid", "diuretic", "beta-agonist", "theophylline", "stimulant", "lithium", "ssri-snri",
    "cholinesterase-inhibitor", "statin", "proton-pump-inhibitor",
)  # fmt: skip


def abnormal(analyte: str) -> Test:
    """Outside the range of §5; the high side of vitamins is not abnormal."""
    return outside(*RANGES[analyte])


def medicine_classes(record: Record) -> set[str]:
    """The classes of what is taken."""
    return {name for m in record.medicines if m.taken for name in m.classes}


def contributors(record: Record, twitch: Twitch) -> tuple[set[str], set[str]]:
    """The ids of those that are YES, and of them those that ask for `primary-care-review`."""
    classes = medicine_classes(record)
    found = {name for name, is_so in _habits(record, twitch, classes).items() if is_so}
    found |= classes & set(MEDICINES)
    review = set()
    for name, analytes, diagnoses in (
        ("electrolyte-imbalance", ("sodium", "potassium", "calcium", "magnesium"), ELECTROLYTE_DIAGNOSES),
        ("nutritional-deficiency", ("b12", "vitamin-d"), NUTRITION_DIAGNOSES),
        ("thyroid", ("tsh",), {"thyroid": "tsh"}),
    ):
        named, lifted = _metabolic(record, analytes, diagnoses)
        if name == "nutritional-deficiency" and _low_magnesium(record):
            named = lifted = True
        found |= {name} if named else set()
        review |= {name} if lifted else set()
    return found, review


def _low_magnesium(record: Record) -> bool:
    """Low magnesium is both an electrolyte imbalance and a deficiency."""
    return latest(results(record, "magnesium", 365), outside_low(0.70)) == YES


def outside_low(limit: float) -> Test:
    """Below the laboratory's own lower limit, where it has one, else below this one."""
    return lambda r: below(r.normal_low if r.normal_low is not None else limit)(r)


def _metabolic(record: Record, analytes: tuple[str, ...], diagnoses: dict[str, str]) -> tuple[bool, bool]:
    """Named; and in force: a diagnosis with a newer normal result is named and lifts nothing."""
    by_result = any(latest(results(record, name, 365), abnormal(name)) == YES for name in analytes)
    named, in_force = by_result, by_result
    for concept, analyte in diagnoses.items():
        for s in standing(record, (concept,)):
            if s.suspected:
                continue
            named = True
            in_force = in_force or not _normal_since(record, analyte, s.dated.low if s.dated else None)
    return named, in_force


def _normal_since(record: Record, analyte: str, day: object) -> bool:
    if not analyte:
        return False
    found = [r for r in results(record, analyte, 365) if r.readable]
    newest = [r for r in found if r.at == found[0].at]
    return (
        bool(newest)
        and max(abnormal(analyte)(r) for r in newest) == NO
        and (
            day is None or newest[0].day > day  # type: ignore[operator]
        )
    )


def _habits(record: Record, twitch: Twitch, classes: set[str]) -> dict[str, bool]:
    def newest(analyte: str, test: Test) -> bool:
        return latest(results(record, analyte, HABIT_DAYS), test) == YES

    def diagnosed(concept: str) -> bool:
        return diagnosis(record, concept) is not None

    years = age(record.born, record.on)
    child = years is not None and years < 16
    exertion = newest_value(record, "recent-exertion")
    trigger = newest_value(record, "twitch-trigger")
    stated = {STATED_TRIGGERS.get(trigger.value)} if trigger else set()
    by_record = {
        "stress-anxiety": diagnosed("anxiety") or (not child and newest("gad-7", at_least(10))),
        "caffeine": _caffeine(record, child) or diagnosed("high-caffeine") or "caffeine" in classes,
        "fatigue": bool(standing(record, ("fatigue",))),
        "screen-time": twitch.eyelid and newest("screen-time", above(6)),
        "short-sleep": diagnosed("insomnia") or (not child and newest("sleep-duration", below(7))),
        "dehydration": diagnosed("dehydration") or newest("fluid-intake", below(1)),
        "exertion": exertion is not None and exertion.value is True,
        "alcohol": diagnosed("alcohol") or newest("audit-c", at_least(5)),
    }
    return {name: is_so or name in stated for name, is_so in by_record.items()}


def is_pregnant(record: Record) -> bool:
    """Pregnant today, by Condition or by pregnancy status."""
    return diagnosis(record, "pregnancy") is not None


def _caffeine(record: Record, child: bool) -> bool:
    """More than 400 mg a day; 200 mg when pregnant; 3 mg/kg under 16."""
    limit = 200.0 if is_pregnant(record) else 400.0
    if child:
        weights = [r for r in results(record, "weight", 365) if r.low is not None and r.low == r.high]
        if not weights or weights[0].low is None:
            return False
        limit = min(limit, 3 * weights[0].low)
    return latest(results(record, "caffeine-intake", HABIT_DAYS), above(limit)) == YES
