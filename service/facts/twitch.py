"""What the statements of twitching say together: since when, where, and whether it spreads.

Blepharospasm and hemifacial spasm are look-alikes: they open the door, because they
are what a patient calls an eye twitch, but count neither for duration nor for spread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property
from itertools import combinations
from math import inf

from service.facts.amounts import Amount, Span
from service.facts.answers import NO, Answer, Basis, not_recorded, unknown
from service.facts.places import Place
from service.facts.reasons import reason
from service.facts.statements import DISAGREES, End, Statement, basis_among, noted
from service.facts.truth import Truth

EYELID = "eyelid"
IMPROVING = "improving"
ROOT = "fasciculation"
COURSE = "twitch-course"
KINDS = ("twitch", "look-alike")


def of_the_twitch(statement: Statement) -> bool:
    """Whether `Twitch` reads the statement at all."""
    return statement.kind in KINDS or statement.concept == COURSE


class Twitch:
    """The patient's twitching on one day; see decision-model §3 for each word."""

    def __init__(self, statements: Mapping[str, tuple[Statement, ...]], on: date) -> None:
        self._on = on
        self._lasted: dict[float, Answer] = {}
        self._said = [s for about in statements.values() for s in about if s.kind in KINDS]
        self._denials = [s for s in self._said if s.truth is Truth.NO]
        self._course = [s for s in statements.get(COURSE, ()) if s.truth is Truth.YES]

    @cached_property
    def standing(self) -> tuple[Statement, ...]:
        """The statements that read YES on the day, look-alikes among them."""
        said = [s for s in self._said if s.truth is Truth.YES and s.counts(self._on, None) is Truth.YES]
        counting = [d for d in self._denials if d.counts(self._on, None) is not Truth.NO]
        return tuple(s for s in said if not any(_denies(d, s) for d in counting))

    @cached_property
    def present(self) -> Answer:
        """Whether the patient twitches on the day: at least one statement that reads YES."""
        if self.standing:
            return Answer(Truth.YES, tuple(self._basis(s) for s in self.standing))
        if self.denials and not any(self._leaves_open(s, self.denials) for s in self._said):
            return Answer(Truth.NO, tuple(s.basis for s in self.denials))
        return not_recorded("twitch")

    @cached_property
    def denials(self) -> tuple[Statement, ...]:
        """What denies the twitch as such, and counts on the day."""
        roots = [s for s in self._denials if s.concept == ROOT and not s.aspect and not s.place]
        return tuple(s for s in roots if s.counts(self._on, None) is Truth.YES)

    def recent(self, days: float) -> Answer:
        """Whether it twitched at some time in the last `days`, if not now, and nobody refuted it."""
        past = [s for s in self._said if (s.truth is Truth.YES or s.ended) and self._within(s, days)]
        refuted = [s for s in self._said if s.refuted]
        stated = [s.basis for s in past if not any(_denies(r, s) for r in refuted)]
        return Answer(Truth.YES, tuple(stated)) if stated else NO

    @cached_property
    def twitches(self) -> tuple[Statement, ...]:
        """The standing statements that count for duration and spread."""
        return tuple(s for s in self.standing if s.kind == "twitch")

    @cached_property
    def onset(self) -> Span | None:
        """The earliest day spoken of; `duration` says whether it may have begun before."""
        known = [s.onset for s in self.twitches if s.onset]
        recorded = [s.stated for s in (*self.twitches, *self._visits) if s.stated]
        days = [*known, *recorded]
        return min(days, key=lambda day: (day.first, day.last, day.text), default=None)

    @cached_property
    def duration(self) -> Amount | None:
        """For how long, in days. A recorded date alone bounds it from below only."""
        known = [s.onset.days_before(self._on) for s in self.twitches if s.onset]
        recorded = [s.stated.days_before(self._on) for s in (*self.twitches, *self._visits) if s.stated]
        if not known and not recorded:
            return None
        bound = max([ago.low for ago in recorded], default=0.0)
        longest = max([ago.high for ago in known], default=-inf)
        if bound > longest:
            return Amount(bound, inf, "d")
        return Amount(max(bound, *(ago.low for ago in known)), longest, "d")

    def lasted_longer_than(self, days: float) -> Answer:
        """Whether it has lasted more than `days`; UNKNOWN without a date that tells."""
        if days not in self._lasted:
            self._lasted[days] = self._longer_than(days)
        return self._lasted[days]

    def _longer_than(self, days: float) -> Answer:
        if self.duration is None:
            return unknown("twitch-onset", "no-date")
        truth = self.duration.more_than(days)
        basis = self._bases
        if truth is Truth.UNKNOWN:
            return unknown("twitch-onset", reason("lasted", duration=self.duration), basis=basis)
        return Answer(truth, basis)

    def improving(self, days: float) -> Answer:
        """Whether the newest course is improving: at most `days` old, no older than the last twitch."""
        newest = [s for s in self._course if not any(other.later_than(s) for other in self._course)]
        timely = [s for s in newest if s.counts(self._on, days) is Truth.YES and not self._twitched_after(s)]
        if not timely:
            return not_recorded(COURSE)
        better = all(s.value == IMPROVING for s in timely)
        return Answer(Truth.YES if better else Truth.NO, tuple(s.basis for s in timely))

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it twitches, each place once, in the order of first appearance."""
        placed = sorted((s for s in self.twitches if s.place), key=_first_seen)
        return tuple(dict.fromkeys(s.place for s in placed if s.place))

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites with their sides: "hand-right"."""
        return tuple(dict.fromkeys(p.name for p in self.places if p.site))

    @property
    def regions(self) -> tuple[str, ...]:
        """The body regions involved: bulbar, cervical, thoracic, lumbosacral."""
        return tuple(dict.fromkeys(p.region for p in self.places if p.region))

    def at(self, site: str) -> Answer:
        """Whether the record states a twitch at this site: a question about the record, so silence is NO."""
        here = [self._basis(s) for s in self.twitches if s.place and s.place.site == site]
        return Answer(Truth.YES, tuple(here)) if here else NO

    @cached_property
    def confined_to_eyelid(self) -> Answer:
        """Whether every stated place is an eyelid, there is one, and no twitch without a place is older."""
        here = [s for s in self.twitches if s.place]
        confined = bool(here) and all(s.place and s.place.site == EYELID for s in here)
        days = [day for s in here if (day := _first_day(s))]
        elsewhere = [day for s in self.twitches if not s.place and (day := _first_day(s))]
        if days and any(all(day.last < first.first for first in days) for day in elsewhere):
            return NO
        return Answer(Truth.YES, tuple(self._basis(s) for s in here)) if confined else NO

    @cached_property
    def spreading(self) -> Answer:
        """Whether a place other than the eyelid first appeared at least a day after the first place."""
        firsts = self._first_statements()
        if len(firsts) < 2:
            return unknown("spreading", "one-site" if firsts else "no-site")
        pairs = [(a, b) for x, y in combinations(firsts, 2) for a, b in ((x, y), (y, x)) if not _at_eyelid(b)]
        followed = [(a, b, _first_before(a, b)) for a, b in pairs]
        yes = [s for a, b, truth in followed if truth is Truth.YES for s in (a, b)]
        if yes:
            return Answer(
                Truth.YES, tuple(dict.fromkeys(self._basis(s) for s in sorted(yes, key=_first_seen)))
            )
        if any(truth is Truth.UNKNOWN for _, _, truth in followed):
            return unknown("spreading", "sites-undated", recorded=True)
        return Answer(Truth.NO, tuple(self._basis(s) for s in firsts))

    @property
    def widespread(self) -> bool:
        """Several sites that were first stated together: a weaker fact than spread."""
        return len(self._first_statements()) > 1 and not self.spreading.yes

    @cached_property
    def _bases(self) -> tuple[Basis, ...]:
        return tuple(self._basis(s) for s in self.twitches)

    def _basis(self, said: Statement) -> Basis:
        """A YES as a reason, noted where a denial of the day, or a newer one too old to count, disagrees."""
        denials = [d for d in self._denials if d.concept == said.concept]
        if any(d.overrules(said) for d in denials):
            return replace(said.basis, notes=noted(*said.notes, DISAGREES))
        return basis_among(said, denials)

    def _first_statements(self) -> tuple[Statement, ...]:
        """For each place the statement that speaks of it earliest; a place without a side means either."""
        firsts: list[Statement] = []
        for s in sorted((s for s in self.twitches if s.place), key=_first_seen):
            if not any(f.place and s.place and f.place.covers(s.place) for f in firsts):
                firsts.append(s)
        return tuple(firsts)

    def _within(self, statement: Statement, days: float) -> bool:
        """A twitch of no stated time may have been lately."""
        return statement.day is None or statement.day.within(days, self._on) is not Truth.NO

    @cached_property
    def _visits(self) -> tuple[Statement, ...]:
        """Visits for a twitch that still stands: days on which it was recorded."""
        if not self.twitches:
            return ()
        closed = [s for s in self._said if s.end is End.VISIT and s.kind == "twitch"]
        return tuple(s for s in closed if not any(_denies(d, s) for d in self._denials))

    def _leaves_open(self, statement: Statement, denials: Iterable[Statement]) -> bool:
        """Whether it might be a YES: of an uncertain day, or unreadable and older than no denial."""
        if statement.truth is Truth.YES:
            return statement.counts(self._on, None) is Truth.UNKNOWN
        unread = statement.truth is Truth.UNKNOWN and not statement.says_nothing_of_now
        return unread and not any(d.later_than(statement) for d in denials)

    def _twitched_after(self, course: Statement) -> bool:
        """Asked of the newest course, so that no other course is later."""
        others = (s for s in self.twitches if s.concept != "twitch-frequency")
        return any(s.later_than(course) for s in others)


def _denies(denial: Statement, said: Statement) -> bool:
    return denial.concept == said.concept and denial.overrules(said)


def _at_eyelid(statement: Statement) -> bool:
    return statement.place is not None and statement.place.site == EYELID


def _first_day(statement: Statement) -> Span | None:
    return statement.onset or statement.stated


def _first_seen(statement: Statement) -> tuple[date, date, str]:
    """What orders the places: their first days, and on one day their names."""
    day, place = _first_day(statement), statement.place
    name = place.name + (place.area or "") if place else ""
    return (day.first, day.last, name) if day else (date.max, date.max, name)


def _first_before(one: Statement, other: Statement) -> Truth:
    first, second = _first_day(one), _first_day(other)
    return first.before(second) if first and second else Truth.UNKNOWN
