"""Weight loss by the scales: the latest weight against the highest of the year before it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from service.facts import Facts
from service.facts.amounts import Span
from service.facts.answers import NO, Answer, not_recorded, unknown
from service.facts.reasons import reason
from service.facts.results import Result
from service.facts.truth import Truth
from service.knowledge.advice import Thresholds

WEIGHT = "body-weight"


class Weighing(NamedTuple):
    """A weight in kg on a day."""

    day: date
    kg: float
    result: Result


def measured_weight_loss(facts: Facts, threshold: Thresholds) -> Answer:
    """Whether the latest weight lies 5 % or more below the highest of the preceding year.

    The higher weight is at least four weeks older, the latest at most 90 days old.
    """
    weighings = _weighings(facts, threshold)
    if not weighings:
        return _not_weighed(facts)
    latest = weighings[-1]
    if (facts.on - latest.day).days > threshold.weight_latest:
        return unknown(WEIGHT, reason("too-long-ago", day=Span.of(latest.day)))
    return _loss(latest, weighings, threshold)


def _not_weighed(facts: Facts) -> Answer:
    """UNKNOWN, and what is the matter with the weights that are there."""
    if WEIGHT not in facts.results:
        return not_recorded(WEIGHT)
    recorded = facts.results[WEIGHT]
    why = next((r.why for r in recorded if r.why), reason("no-exact-weight"))
    return unknown(WEIGHT, why, recorded=True)


def _loss(latest: Weighing, weighings: list[Weighing], threshold: Thresholds) -> Answer:
    earlier = [
        w
        for w in weighings
        if threshold.weight_apart <= (latest.day - w.day).days <= threshold.weight_loss_within
    ]
    if not earlier:
        return unknown(WEIGHT, "no-earlier-weight")
    highest = max(earlier, key=lambda w: w.kg)
    lost = round(100 * (highest.kg - latest.kg) / highest.kg, 9)
    basis = (highest.result.basis, latest.result.basis)
    return Answer(Truth.YES if lost >= threshold.weight_loss else Truth.NO, basis)


def _weighings(facts: Facts, threshold: Thresholds) -> list[Weighing]:
    """The weights that can be compared, oldest first, without those that their neighbours contradict.

    One weight recorded twice on a day is one weighing: a slip does not bear itself out.
    """
    distinct: dict[tuple[date, float], Weighing] = {}
    for r in facts.results.get(WEIGHT, ()):
        if r.amount and r.amount.exact and r.amount.low > 0 and r.when and r.when.exact:
            distinct.setdefault((r.when.first, r.amount.low), Weighing(r.when.first, r.amount.low, r))
    known = [distinct[key] for key in sorted(distinct)]
    return [w for w in known if not _contradicted(w, known, threshold)]


def _contradicted(weighing: Weighing, known: list[Weighing], threshold: Thresholds) -> bool:
    near = [
        w
        for w in known
        if w is not weighing and abs((w.day - weighing.day).days) <= threshold.weight_neighbours
    ]
    return bool(near) and all(100 * abs(w.kg - weighing.kg) / w.kg >= threshold.weight_outlier for w in near)


def pregnant_within(facts: Facts, days: float) -> Answer:
    """Pregnant now, or a pregnancy that ended within the last `days`."""
    now = facts.silence_is_no("pregnancy")
    if now.yes:
        return now
    past = [
        s.basis for s in facts.ever("pregnancy") if s.day and s.day.within(days, facts.on) is not Truth.NO
    ]
    return Answer(Truth.YES, tuple(past)) if past else NO
