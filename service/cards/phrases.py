"""Days, durations, results and lists as a clinician says them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from service.cards.markdown import plain
from service.facts.twitch import Twitch

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# A duration is said in days up to two weeks, in weeks up to a quarter, then in months.
_DAYS_UNTIL, _WEEKS_UNTIL, _DAYS_A_MONTH = 14, 91, 30.4


@lru_cache(maxsize=4096)
def day_words(text: str, year: int) -> str:
    """A FHIR date as a clinician writes it: "20 Nov" or "Nov", with its year where that is not `year`.

    What is no date comes back as it is, cut short.
    """
    parts = text[:10].split("-")
    known = len(parts) <= 3 and all(part.isascii() and part.isdigit() for part in parts)
    if not known or (len(parts) > 1 and not 1 <= int(parts[1]) <= len(MONTHS)):
        return plain(text, 10)
    month = [MONTHS[int(parts[1]) - 1]] if len(parts) > 1 else []
    of_year = [] if month and int(parts[0]) == year else [parts[0]]
    return " ".join([*(str(int(day)) for day in parts[2:]), *month, *of_year])


def dated(words: str, year: int) -> str:
    """Words that end with a date, such as "done 2026-09-01", with that date as a clinician writes it."""
    said, _, date = words.rpartition(" ")
    return f"{said} {day_words(date, year)}" if said and date[:4].isdigit() else words


def how_long(twitch: Twitch) -> str:
    """For how long it has twitched, in words: "for 9 weeks"; empty where the record does not tell."""
    duration = twitch.duration
    if duration is None or not twitch.present.yes:
        return ""
    days = duration.low
    if days < 1:
        return "since today" if duration.exact else ""
    at_least = "" if duration.high - days <= max(days / 10, 1) else "at least "
    if days <= _DAYS_UNTIL:
        return f"for {at_least}{days:g} day{'s' if days > 1 else ''}"
    if days < _WEEKS_UNTIL:
        return f"for {at_least}{days // 7:g} weeks"
    return f"for {at_least}{days // _DAYS_A_MONTH:g} months"


def measured(fact: str) -> str:
    """A result with its unit as it is printed: UCUM writes the international unit as [IU]."""
    return fact.replace("[IU]", "IU") if "[" in fact else fact


def listed(items: Sequence[str]) -> str:
    """The items as a phrase: a, b and c."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1]))) if items else ""
