"""A call of a CDS service as one value with one outcome, from which answer, metrics and audit are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.assessment import fingerprint_of
from service.auth import Client
from service.cards import Card
from service.errors import RecordNotAvailable, ServiceError
from service.hooks.hook import SILENCE, CdsResponse, CdsService
from service.hooks.request import HookRequest
from service.store import AuditEntry, CardEntry, Store


@dataclass(frozen=True, slots=True)
class Shown:
    """There are cards. `withheld` says of some, by UUID, why the clinician is not to see them.

    `fingerprint` is that of the assessment behind them (`fingerprint_of`).
    """

    response: CdsResponse
    fingerprint: str | None = None
    withheld: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Silent:
    """There is nothing to say."""

    response: CdsResponse = SILENCE


@dataclass(frozen=True, slots=True)
class Refused:
    """The call was not answered with cards, and not with silence either."""

    error: ServiceError


Outcome = Shown | Silent | Refused


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who called which service, with what, and what came of it.

    `request` is None where the call was not understood.
    """

    service: CdsService
    client: Client
    request: HookRequest | None
    outcome: Outcome

    @property
    def named(self) -> str:
        """The outcome as metrics name it: cards, withheld, silence or refused."""
        match self.outcome:
            case Refused():
                return "refused"
            case Silent():
                return "silence"
            case Shown():
                return "cards" if self.shown else "withheld"

    @property
    def cards(self) -> tuple[Card, ...]:
        """All cards, those that are withheld among them."""
        return self.outcome.response.cards if isinstance(self.outcome, Shown) else ()

    @property
    def shown(self) -> tuple[Card, ...]:
        """The cards that the clinician is to see."""
        return tuple([card for card in self.cards if self.withheld(card) is None])

    @property
    def not_fetched(self) -> Mapping[str, str]:
        """Of each prefetch key that was asked for in vain the name of the reason."""
        if not isinstance(self.outcome, Refused):
            return {key: why.name for key, why in self.outcome.response.not_fetched.items()}
        error = self.outcome.error
        return error.not_fetched if isinstance(error, RecordNotAvailable) else {}

    def withheld(self, card: Card) -> str | None:
        """Why a card is not shown; None for one that is."""
        return self.outcome.withheld.get(card.uuid) if isinstance(self.outcome, Shown) else None

    def audited(self, *, knowledge_version: str, latency_ms: float) -> AuditEntry | None:
        """What the audit keeps: no names and no resources. None for silence, of which nothing is kept."""
        if isinstance(self.outcome, Silent):
            return None
        shown = self.outcome if isinstance(self.outcome, Shown) else None
        assessment = shown.response.assessment if shown else None
        return AuditEntry(
            service=self.service.id,
            hook=self.request.hook if self.request else None,
            hook_instance=self.request.hook_instance if self.request else None,
            patient=self.request.patient if self.request else None,
            rules=tuple(finding.rule for finding in assessment.raised) if assessment else (),
            disposition=str(assessment.disposition) if assessment else None,
            cards=tuple(map(self._audited, self.cards)),
            evidence=shown.fingerprint if shown else None,
            refusal=type(self.outcome.error).__name__ if isinstance(self.outcome, Refused) else None,
            knowledge_version=knowledge_version,
            latency_ms=latency_ms,
            client=self.client.issuer or None,
            tenant=self.client.tenant,
            jti=self.client.jti,
        )

    def _audited(self, card: Card) -> CardEntry:
        """A client that takes one action a suggestion names the suggestions `apart`; both are known."""
        kinds = {each.uuid: each.kind for whole in card.suggestions for each in (whole, *whole.apart())}
        return CardEntry(
            uuid=card.uuid,
            topic=card.source.topic.code,
            rules=card.rules,
            suggestions=kinds,
            withheld=self.withheld(card),
        )


def outcome_of(response: CdsResponse, request: HookRequest, client: Client, store: Store) -> Outcome:
    """The outcome of a response: what a silent client or a clinician's own word withholds is in it."""
    if not response.cards:
        return Silent(response)
    fingerprint = fingerprint_of(response.assessment) if response.assessment else None
    return Shown(response, fingerprint, dict(_withheld(response, fingerprint, request, client, store)))


def _withheld(
    response: CdsResponse, fingerprint: str | None, request: HookRequest, client: Client, store: Store
) -> Mapping[str, str]:
    if client.silent:
        return {card.uuid: "silent" for card in response.cards}
    if not response.assessment or not fingerprint or not store.can_be_quiet:
        return {}
    return {
        card.uuid: "quiet"
        for card in response.cards
        if store.silenced(
            client.issuer or None,
            request.patient,
            card.source.topic.code,
            fingerprint,
            response.assessment.on,
            tenant=client.tenant,
        )
    }
