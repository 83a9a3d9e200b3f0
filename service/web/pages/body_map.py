"""A body, front and back, with the places that twitch numbered in the order in which they appeared.

Coordinates are in the units of the drawing (`templates/body.html`): two figures of 100 by 220, the front at
x = 0, the back at x = 110. The patient's right is on the left of the front view, as on any clinical chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.facts.places import Place
from service.facts.statements import Statement
from service.facts.twitch import Twitch

MIDDLE, BACK = 50.0, 110.0
# site -> how far from the middle line, how far down, and whether the back shows it.
SITES: dict[str, tuple[float, float, bool]] = {
    "eyelid": (5, 14, False),
    "face": (8, 22, False),
    "jaw": (7, 30, False),
    "tongue": (0, 26, False),
    "neck": (0, 37, False),
    "shoulder": (19, 46, False),
    "upper-arm": (25, 66, False),
    "forearm": (31, 91, False),
    "hand": (36, 115, False),
    "chest": (9, 58, False),
    "abdomen": (6, 86, False),
    "back": (8, 70, True),
    "hip-or-buttock": (11, 108, True),
    "thigh": (10, 137, False),
    "lower-leg": (10, 176, True),
    "foot": (11, 199, False),
}
ON_THE_LINE = {"tongue", "neck"}


@dataclass(frozen=True, slots=True)
class Dot:
    """A place on the drawing: its number, where it is, and since when, as the record writes it."""

    number: int
    name: str
    x: float
    y: float
    since: str


def dots(twitch: Twitch) -> tuple[Dot, ...]:
    """A dot for each place that twitches; a place without a side stands on both."""
    found: list[Dot] = []
    for number, (place, since) in enumerate(_first_seen(twitch), start=1):
        found += [Dot(number, place.name, x, y, since) for x, y in _points(place)]
    return tuple(found)


def _first_seen(twitch: Twitch) -> Sequence[tuple[Place, str]]:
    """Each site in the order of first appearance, with the day that its earliest statement names."""
    days: dict[str, str] = {}
    for said in sorted(twitch.twitches, key=_day):
        if said.place and said.place.site in SITES:
            span = said.onset or said.stated
            days.setdefault(said.place.name, span.text[:10] if span else "")
    return [(place, days.get(place.name, "")) for place in twitch.places if place.site in SITES]


def _day(said: Statement) -> str:
    span = said.onset or said.stated
    return span.first.isoformat() if span else "9999"


def _points(place: Place) -> list[tuple[float, float]]:
    out, down, behind = SITES[str(place.site)]
    shift = BACK if behind else 0.0
    if place.site in ON_THE_LINE or (place.side is None and out == 0):
        return [(MIDDLE + shift, down)]
    sides = [place.side] if place.side else ["left", "right"]
    # Seen from the front the patient's right is on the left of the page; seen from behind it is on the right.
    return [(MIDDLE + shift + (out if (side == "left") != behind else -out), down) for side in sides]
