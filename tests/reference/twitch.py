"""The twitch (decision model §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tests.reference import terms
from tests.reference.days import NO, UNKNOWN, YES, Span
from tests.reference.findings import is_recent, overruled
from tests.reference.reading import TWITCH, Record, Statement, newest_value

LOOKALIKES = ("blepharospasm", "hemifacial-spasm")
OWN = ("twitch-course", "twitch-frequency")


@dataclass(frozen=True)
class Twitch:
    """`low` and `high` are the days it has lasted; None where that end is not known."""

    present: int
    recent: bool
    onset: Span | None
    low: int | None
    high: int | None
    sites: tuple[str, ...]
    regions: tuple[str, ...]
    spreading: int
    eyelid: bool
    improving: bool
    began: date | None
    statements: tuple[Statement, ...]

    def longer_than(self, days: int) -> int:
        """ "Longer than two weeks" is more than 14 days."""
        if self.low is not None and self.low > days:
            return YES
        return NO if self.high is not None and self.high <= days else UNKNOWN


def twitch_of(record: Record) -> Twitch:
    """The twitch of the record."""
    yes = _yes(record, (*TWITCH, *LOOKALIKES))
    twitches = tuple(s for s in yes if s.concept not in LOOKALIKES)
    onset, low, high = _duration(record, twitches)
    sites = tuple(sorted({site for s in twitches for site in s.sites}))
    return Twitch(
        present=_present(record, yes),
        recent=_recent(record) if not yes else False,
        onset=onset,
        low=low,
        high=high,
        sites=tuple(site for site in sites if site not in _WHOLE),
        regions=tuple(sorted({region for site in sites if (region := terms.region_of(site))})),
        spreading=_spreading(twitches),
        eyelid=_confined_to_eyelid(twitches),
        improving=_improving(record, twitches),
        began=record.on - timedelta(days=low) if low is not None else None,
        statements=twitches,
    )


_WHOLE = [site + side for site in terms.WITHOUT_SITE for side in ("", "-left", "-right")]


def _yes(record: Record, concepts: tuple[str, ...]) -> list[Statement]:
    """What reads YES. For the twitch an active Condition stands against an expired denial (§2)."""
    found = [
        s
        for s in record.statements
        if s.concept in concepts and s.truth == YES and is_recent(s, record.on, 90)
    ]
    found = [s for s in found if not overruled(s, record, 90)]
    for name in OWN:
        if name in concepts:
            found += [
                Statement(name, YES, value.source, value.said, kind=value.kind)
                for value in record.values.get(name, ())
                if value.said.low >= record.on - timedelta(days=90)
            ]
    return found


def _present(record: Record, yes: list[Statement]) -> int:
    """NO only by a denial of the last 90 days, or a Condition refuted or ended: of the root, at no one
    site (§1).
    """
    if yes:
        return YES
    for s in record.statements:
        ends = s.kind != "condition" or not s.visit or not s.ended
        if (
            s.concept == "fasciculation"
            and not s.sites
            and s.truth == NO
            and is_recent(s, record.on, 90)
            and ends
            and s.dated
        ):
            return NO
    return UNKNOWN


def _recent(record: Record) -> bool:
    """Stated YES in the last 365 days, or at no stated time, and not refuted."""
    year = record.on - timedelta(days=365)
    for s in record.statements:
        if s.concept not in (*TWITCH, *LOOKALIKES) or (s.truth != YES and not s.ended):
            continue
        refuted = any(
            r.concept == s.concept and r.truth == NO and r.kind == "condition" and not r.ended
            for r in record.statements
        )
        said = s.recorded
        if not refuted and (said is None or said.low >= year):
            return True
    return any(v.said.low >= year for name in OWN for v in record.values.get(name, ()))


def _duration(record: Record, twitches: tuple[Statement, ...]) -> tuple[Span | None, int | None, int | None]:
    """The earliest of onsets and of the days on which it was recorded; a recorded day bounds from below
    only.
    """
    onsets = [s.onset for s in twitches if s.onset]
    seen = [s.recorded for s in twitches if s.recorded] + _closed_visits(record, twitches)
    by = [min(span.high, record.on) for span in onsets + seen]
    if not by:
        return None, None, None
    low = (record.on - min(by)).days
    if not onsets:
        return None, low, None
    first = min(span.low for span in onsets)
    if first > min(span.low for span in seen or onsets):
        return None, low, None
    return Span(first, min(by)), low, (record.on - first).days


def _closed_visits(record: Record, twitches: tuple[Statement, ...]) -> list[Span]:
    """A visit diagnosis that was closed without an abatement is a day on which the twitch was recorded."""
    if not twitches:
        return []
    return [
        s.recorded
        for s in record.statements
        if s.concept in TWITCH and s.ended and s.visit and not s.abated and s.recorded
    ]


def _first_day(statement: Statement) -> date | None:
    span = statement.onset or statement.recorded
    return span.low if span else None


def _confined_to_eyelid(twitches: tuple[Statement, ...]) -> bool:
    """Every stated site an eyelid, at least one, and no statement without a site older than the first
    eyelid.
    """
    sites = {terms.bare_site(site) for s in twitches for site in s.sites}
    if sites != {"eyelid"}:
        return False
    eyelid = [day for s in twitches if s.sites and (day := _first_day(s))]
    others = [day for s in twitches if not s.sites and (day := _first_day(s))]
    return not others or not eyelid or min(others) >= min(eyelid)


def _spreading(twitches: tuple[Statement, ...]) -> int:
    """A site other than the eyelid that first appears at least one day after the first site.

    One site only is UNKNOWN; several that surely began on one day are widespread, which is NO.
    """
    sites = sorted({site for s in twitches for site in s.sites if site not in _WHOLE})
    truths = [_is_new(site, sites, twitches) for site in sites]
    return max((truth for truth in truths if truth is not None), default=UNKNOWN)


def _is_new(site: str, sites: list[str], twitches: tuple[Statement, ...]) -> int | None:
    """Whether it first appeared after another site; None where there is no other."""
    others = [_first(other, twitches) for other in sites if not _same_site(other, site)]
    if not others:
        return None
    own = _first(site, twitches)
    if terms.bare_site(site) == "eyelid":
        return NO
    if own is None:
        return UNKNOWN
    known = [other for other in others if other is not None]
    if any(other.high < own.low for other in known):
        return YES
    return NO if len(known) == len(others) and all(other.low >= own.high for other in known) else UNKNOWN


def _first(site: str, twitches: tuple[Statement, ...]) -> Span | None:
    """Its first date, its onset, else when it was first recorded; a site without a side may be this one."""
    spans = [
        span
        for s in twitches
        if any(_same_site(site, other) for other in s.sites) and (span := s.onset or s.recorded)
    ]
    if not spans:
        return None
    return Span(min(span.low for span in spans), min(span.high for span in spans))


def _same_site(one: str, other: str) -> bool:
    """Left and right are different sites; a site without a side matches either."""
    if one == other:
        return True
    return terms.bare_site(one) == terms.bare_site(other) and (
        one == terms.bare_site(one) or other == terms.bare_site(other)
    )


def _improving(record: Record, twitches: tuple[Statement, ...]) -> bool:
    """Stated within 30 days, on or after the newest statement of the twitch."""
    course = newest_value(record, "twitch-course", 30)
    if course is None or course.value != "improving":
        return False
    said = [s.dated.low for s in twitches if s.dated and s.concept != "twitch-course"]
    return not said or course.said.low >= max(said)
