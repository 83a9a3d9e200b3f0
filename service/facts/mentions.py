"""Where a twitch is named in words alone."""

from __future__ import annotations

from dataclasses import dataclass

from service.facts.amounts import Span


@dataclass(frozen=True, slots=True)
class Mention:
    """The resource that names it and when it was recorded; never the words themselves."""

    source: str
    day: Span | None

    @property
    def date(self) -> str | None:
        """The day as the record writes it."""
        return self.day.text if self.day else None
