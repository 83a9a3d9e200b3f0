"""The JSON of what CDS Hooks defines: the discovery document and the cards.

CDS Hooks forbids null and empty members, so a member without a value is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.cards import Action, Card, Coding, Source, Suggestion
from service.hooks.cds_service import CdsService
from service.knowledge import Knowledge


def discovery_json(services: Iterable[CdsService], knowledge: Knowledge) -> dict[str, Any]:
    """The answer to GET /cds-services: an entry for each hook of each service."""
    return {
        "services": [
            {
                "hook": hook,
                "title": service.title,
                "description": service.description,
                "id": service.id,
                "prefetch": dict(service.prefetch(knowledge)),
                "usageRequirements": service.usage_requirements,
                "version": service.version,
            }
            for service in services
            for hook in service.hooks
        ]
    }


def cards_json(cards: Iterable[Card]) -> dict[str, Any]:
    """The answer to a hook call."""
    return {"cards": [_card(card) for card in cards]}


def _card(card: Card) -> dict[str, Any]:
    return _without_empty(
        uuid=card.uuid,
        summary=card.summary,
        indicator=card.indicator,
        source=_source(card.source),
        detail=card.detail,
        suggestions=[_suggestion(suggestion) for suggestion in card.suggestions],
        selectionBehavior=card.selection_behavior if card.suggestions else None,
        overrideReasons=[_coding(reason) for reason in card.override_reasons],
        links=[_without_empty(label=link.label, url=link.url, type=link.type) for link in card.links],
    )


def _source(source: Source) -> dict[str, Any]:
    return _without_empty(label=source.label, url=source.url, icon=source.icon, topic=_coding(source.topic))


def _coding(coding: Coding) -> dict[str, Any]:
    return _without_empty(code=coding.code, system=coding.system, display=coding.display)


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    return _without_empty(
        uuid=suggestion.uuid,
        label=suggestion.label,
        isRecommended=suggestion.is_recommended or None,
        actions=[_action(action) for action in suggestion.actions],
    )


def _action(action: Action) -> dict[str, Any]:
    return _without_empty(type=action.type, description=action.description, resource=action.resource)


def _without_empty(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, "", [], {}, ())}
