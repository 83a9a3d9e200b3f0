"""What one CDS service is: its entry in the discovery document, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from service.cards import Card
from service.fhir.sieve import Sieve
from service.findings import Assessment
from service.hooks.access import NO_ACCESS, Access
from service.hooks.prefetch import Source, templates
from service.hooks.request import HookRequest
from service.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an answer depends on beside the call: our knowledge, the pathway, the day, what may be fetched."""

    knowledge: Knowledge
    sieve: Sieve
    pathway: str
    on: date
    access: Access = NO_ACCESS


@dataclass(frozen=True, slots=True)
class Reply:
    """The cards, and the assessment behind them; None where nothing had to be assessed."""

    cards: tuple[Card, ...] = ()
    assessment: Assessment | None = None


SILENCE = Reply()


@dataclass(frozen=True, slots=True)
class CdsService:
    """One service of the discovery document.

    `hooks` are listed in the order of discovery: some clients keep only the last entry
    of an id, so the hook that all of them know stands last. `respond` answers a call,
    or raises `RecordNotAvailable`.
    """

    id: str
    hooks: tuple[str, ...]
    title: str
    description: str
    usage_requirements: str
    version: str
    sources: tuple[Source, ...]
    respond: Callable[[HookRequest, Circumstances], Reply]

    def prefetch(self, knowledge: Knowledge) -> Mapping[str, str]:
        """The prefetch templates by key."""
        return templates(self.sources, knowledge)
