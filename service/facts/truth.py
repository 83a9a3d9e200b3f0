"""Three-valued answers: what a record says, denies, or leaves open."""

from __future__ import annotations

from enum import Enum
from typing import NoReturn


class Truth(Enum):
    """Kleene's strong logic: `&` is the lesser, `|` the greater, `~` the mirror.

    UNKNOWN is an answer, not a gap. It has no `bool`, so `if truth:` raises
    instead of quietly reading "not recorded" as "no".
    """

    NO = 0
    UNKNOWN = 1
    YES = 2

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def __and__(self, other: Truth) -> Truth:
        """YES only where both are YES; NO as soon as one is NO."""
        return self if self.rank <= other.rank else other

    def __or__(self, other: Truth) -> Truth:
        """YES as soon as one is YES; NO only where both are NO."""
        return self if self.rank >= other.rank else other

    def __invert__(self) -> Truth:
        """YES and NO change places; UNKNOWN stays."""
        return _MIRROR[self.rank]

    def __bool__(self) -> NoReturn:
        """Always raises: compare with `is Truth.YES` and decide what UNKNOWN means."""
        raise TypeError("A Truth has three values. Compare it with `is`, and say what UNKNOWN shall mean.")


_MIRROR = (Truth.YES, Truth.UNKNOWN, Truth.NO)
