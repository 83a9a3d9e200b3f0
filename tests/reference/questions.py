"""What was not documented and could raise the disposition (decision model §6 "Open questions")."""

from __future__ import annotations

from tests.reference.days import NO, UNKNOWN, YES, within
from tests.reference.emergencies import lithium_signs, takes_lithium, weaknesses
from tests.reference.findings import answer, is_known
from tests.reference.flags import CELLS, DISPOSITIONS, MOTOR, NONE, SAME_DAY
from tests.reference.plan import Case, motor_unclear
from tests.reference.reading import newest_value

ASKED = ("muscle-weakness", "muscle-atrophy", "speech-difficulty", "swallowing-difficulty")


def open_questions(case: Case, pathway: str) -> dict[str, str]:
    """The questions that the model names, each with what it could raise; those of other rules are left out."""
    if case.disposition in (NONE, SAME_DAY) or case.record.deceased:
        return {}
    found: dict[str, str] = {}
    for rule in ASKED:
        could = CELLS[rule][0 if pathway == "early-referral" else 1]
        if case.flags[rule].truth == UNKNOWN and could > case.disposition and not _only_the_eyelid(case):
            found[rule] = DISPOSITIONS[could]
    return found | _of_today(case)


def _only_the_eyelid(case: Case) -> bool:
    short = case.twitch.eyelid and case.twitch.longer_than(14) == NO
    return short and not motor_unclear(case)


def _of_today(case: Case) -> dict[str, str]:
    """Since when, is it getting worse, was it sudden, do you take lithium."""
    found = {}
    rapid = case.same_day["rapid-weakness"].truth == UNKNOWN
    weak = weaknesses(case.record)
    course = newest_value(case.record, "weakness-progressive")
    stable = course is not None and course.value is False
    if rapid and weak and not stable and any(s.onset is None for s in weak if s.concept != "weakness-progressive"):
        found["weakness-onset"] = DISPOSITIONS[SAME_DAY]
    toxic = case.same_day["lithium-toxicity"].truth == UNKNOWN
    if toxic and lithium_signs(case.record) == YES and takes_lithium(case.record) == UNKNOWN:
        found["lithium"] = DISPOSITIONS[SAME_DAY]
    return found


__all__ = ["MOTOR", "answer", "is_known", "within"]
