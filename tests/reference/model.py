"""The assessment (decision model §9): the members that decide."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.reference import plan
from tests.reference.contributors import contributors
from tests.reference.days import NAMES, NO, YES, age
from tests.reference.emergencies import emergencies
from tests.reference.findings import is_known
from tests.reference.flags import DISPOSITIONS, flags
from tests.reference.plan import Case
from tests.reference.questions import left_open, open_questions
from tests.reference.reading import Record, read
from tests.reference.twitch import Twitch, twitch_of

Json = dict[str, Any]


def assess(bundle: Json, on: date, pathway: str = "early-referral") -> Json:
    """What the model decides over a Bundle of one patient on one day."""
    record = read(bundle, on)
    twitch = twitch_of(record)
    found, review = contributors(record, twitch)
    raised = flags(record, twitch, found, pathway)
    same_day = emergencies(record, twitch, raised)
    case = Case(record, twitch, raised, same_day, found, 0)
    case.disposition = plan.disposition(record, twitch, raised, same_day, review)
    return {
        "disposition": DISPOSITIONS[case.disposition],
        "twitch": _twitch(twitch),
        "findings": _findings(case),
        "referral": plan.referral(case),
        "contributors": sorted(found),
        "tests": _tests(case),
        "lifestyle": plan.lifestyle(case),
        "considerations": plan.considerations(case),
        "mentions": _mentions(record, twitch),
        "unreadMedicines": sorted(m.source for m in record.medicines if m.unread),
        "openQuestions": open_questions(case, pathway),
        "leftOpen": left_open(case),
        "child": (age(record.born, record.on) or 99) < 18,
        "otherSubjects": record.other_subjects,
    }


def _twitch(twitch: Twitch) -> Json:
    return {
        "present": NAMES[twitch.present],
        "durationDays": [twitch.low, twitch.high],
        "sites": list(twitch.sites),
        "regions": list(twitch.regions),
        "spreading": twitch.spreading == YES,
    }


def _findings(case: Case) -> Json:
    """Every rule that is YES or UNKNOWN: truth, disposition in force, what explains it."""
    found = {}
    for rule, flag in {**case.flags, **case.same_day}.items():
        if flag.truth != NO:
            force = None if flag.force is None else DISPOSITIONS[flag.force]
            found[rule] = (NAMES[flag.truth], force, flag.explained_by)
    return found


def _tests(case: Case) -> Json:
    return {
        name: {
            "withheld": test.withheld,
            "recommended": test.recommended,
            "analytes": sorted(test.analytes),
            "withheldAnalytes": sorted(test.withheld_analytes),
            "followUp": dict(sorted(test.follow_up.items())),
        }
        for name, test in plan.tests(case).items()
    }


def _mentions(record: Record, twitch: Twitch) -> int:
    """§7a: only where no coded twitch is present or recent, and no coded denial of 90 days is as new."""
    if record.deceased or is_known(record, "motor-neuron-disease") or twitch.present == YES or twitch.recent:
        return 0
    denials = [
        s.dated.low
        for s in record.statements
        if s.concept == "fasciculation" and s.truth == NO and s.dated and (record.on - s.dated.low).days <= 90
    ]
    last = max(denials, default=date.min)
    return sum(dated is None or dated.low > last for _, dated in record.texts)
