"""What was not documented and could raise the disposition (decision model §6 "Open questions")."""

from __future__ import annotations

from datetime import timedelta

from tests.reference.days import NO, UNKNOWN, YES
from tests.reference.emergencies import lithium_signs, since_weeks, takes_lithium, weaknesses
from tests.reference.findings import is_known
from tests.reference.flags import CELLS, DISPOSITIONS, NEUROPATHIES, NONE, SAME_DAY, URGENT
from tests.reference.plan import Case, motor_unclear
from tests.reference.reading import Record

ASKED = ("muscle-weakness", "muscle-atrophy", "speech-difficulty", "swallowing-difficulty")


def left_open(case: Case) -> list[str]:
    """The questions of which the model does not say whether they are asked."""
    facts: list[str] = []
    if case.twitch.present != YES:
        # the twitch is over, but recent: a flag would count, and there is no card to ask on
        facts += [*ASKED, "lithium", "weakness-onset"]
    if case.disposition >= URGENT:
        facts += ASKED  # what an answer could make of another unknown
    if lithium_signs(case.record) != YES or takes_lithium(case.record) != UNKNOWN:
        facts.append("lithium")  # asked for the medicine, or for its level
    for diagnosis, rules in NEUROPATHIES.items():
        if is_known(case.record, diagnosis):
            facts += rules  # a sign of before the diagnosis, or of its day, would be explained
    return facts


def open_questions(case: Case, pathway: str) -> dict[str, str]:
    """The questions that the model names, each with what it could raise.

    At urgent-referral the motor questions that could make it same-day are left out: how far ahead to look
    for what
    an answer could make of another unknown the model does not say.
    """
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
    """Since when, is it getting worse, do you take lithium (else its level)."""
    found = {}
    rapid = case.same_day["rapid-weakness"].truth == UNKNOWN and since_weeks(case.record) == UNKNOWN
    if weaknesses(case.record) and (rapid or _may_be_sudden(case.record)):
        found["weakness-onset"] = DISPOSITIONS[SAME_DAY]
    signs, takes = lithium_signs(case.record), takes_lithium(case.record)
    toxic = case.same_day["lithium-toxicity"].truth == UNKNOWN
    if toxic and signs == YES and takes == UNKNOWN:
        found["lithium"] = DISPOSITIONS[SAME_DAY]
    return found


def _may_be_sudden(record: Record) -> bool:
    """Weakness without an onset that was first recorded today or yesterday, or on no day."""
    yesterday = record.on - timedelta(days=1)
    return all(
        s.onset is None and (s.recorded is None or s.recorded.high >= yesterday) for s in weaknesses(record)
    )
