"""Where in the body something is."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """A site with its region and side, or (site None) a region alone; `area` names what the region is of.

    Two places are the same where site, region and side are: an area is only what was said.
    """

    site: str | None
    region: str | None
    side: str | None = None
    area: str | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The site with its side, as the assessment writes it: "hand-right"."""
        return f"{self.site}-{self.side}" if self.side else str(self.site)

    def covers(self, other: Place) -> bool:
        """Whether a statement about this place speaks of the other too; without a side it means either."""
        if self.site is None or other.site is None:
            return self.region == other.region
        return self.site == other.site and (None in (self.side, other.side) or self.side == other.side)
