"""What one CDS service is: its entry in the discovery document, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from service.assessment import Assessment
from service.cards import ABOUT_URL, Card
from service.ehr.access import NO_ACCESS, Access, Why
from service.fhir.read.prefilter import Prefilter
from service.hooks.prefetch import PrefetchTemplate, templates
from service.hooks.request import HookRequest
from service.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class CallContext:
    """What an answer depends on beside the call: our knowledge, the pathway, the day, what may be fetched.

    `public_url` is how people reach us; without one a card links to nothing of ours.
    What a client may choose: `ask_about_words`, whether a note that may speak of twitching leads to a
    card that asks; `known_mnd_card`, whether one reminds of the clinic where motor neuron disease is known.
    """

    knowledge: Knowledge
    prefilter: Prefilter
    pathway: str
    on: date
    access: Access = NO_ACCESS
    public_url: str | None = None
    ask_about_words: bool = True
    known_mnd_card: bool = False

    @property
    def about_url(self) -> str:
        """Where it says who we are."""
        return f"{self.public_url}/" if self.public_url else ABOUT_URL

    @property
    def questionnaire_url(self) -> str | None:
        """The questions of the structured history."""
        return f"{self.public_url}/questionnaire" if self.public_url else None


@dataclass(frozen=True, slots=True)
class CdsResponse:
    """The cards, and the assessment behind them; None where nothing had to be assessed.

    `not_fetched` says of each key that was asked for in vain the reason.
    """

    cards: tuple[Card, ...] = ()
    assessment: Assessment | None = None
    not_fetched: Mapping[str, Why] = field(default_factory=dict)


SILENCE = CdsResponse()


class Carried(Enum):
    """What a member of a hook's context holds, in words."""

    RESOURCES = "a Bundle of resources"
    REFERENCES = "a list of references"


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook, and the members of its context that a decision cannot do without.

    What else a hook requires (an encounter) is taken where it comes.
    """

    name: str
    carries: Mapping[str, Carried] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CdsService:
    """One service of the discovery document.

    `hooks` are listed in the order of discovery: some clients keep only the last entry
    of an id, so the hook that all of them know stands last. `respond` answers a call,
    or raises `RecordNotAvailable`.
    """

    id: str
    hooks: tuple[Hook, ...]
    title: str
    description: str
    usage_requirements: str
    version: str
    templates: tuple[PrefetchTemplate, ...]
    respond: Callable[[HookRequest, CallContext], CdsResponse]

    @property
    def hook_names(self) -> tuple[str, ...]:
        """The names of its hooks."""
        return tuple([hook.name for hook in self.hooks])

    def prefetch(self, knowledge: Knowledge, since: date | None = None) -> Mapping[str, str]:
        """The prefetch templates by key; with `since` in their second form."""
        return templates(self.templates, knowledge, since)
