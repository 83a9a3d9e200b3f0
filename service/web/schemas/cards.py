"""The JSON of what CDS Hooks defines, in a client's dialect: the discovery document and the cards.

CDS Hooks forbids null and empty members, so a member without a value is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from service.cards import Action, Card, Coding, Source, Suggestion
from service.hooks.dialects import Dialect
from service.hooks.hook import CdsService
from service.knowledge import Knowledge

Json = dict[str, Any]


def discovery_json(
    services: Iterable[CdsService], knowledge: Knowledge, dialect: Dialect, since: date | None = None
) -> Json:
    """The answer to GET /cds-services: an entry for each hook of each service.

    With `since` the templates ask by category and date, from that day on.
    """
    return {
        "services": [
            _without_empty(
                hook=hook,
                title=service.title,
                description=service.description,
                id=service.id,
                prefetch=dict(service.prefetch(knowledge, since)),
                usageRequirements=service.usage_requirements if dialect.since_2_0 else None,
                version=service.version if dialect.since_2_0 else None,
            )
            for service in services
            for hook in service.hook_names
            if dialect.hooks is None or hook in dialect.hooks
        ]
    }


def cards_json(cards: Iterable[Card], dialect: Dialect) -> Json:
    """The answer to a hook call."""
    return {"cards": [_card(each, dialect) for card in cards for each in _for(dialect, card)]}


def _for(dialect: Dialect, card: Card) -> Iterator[Card]:
    """The card with what the client can act on; several cards where one can carry one suggestion only."""
    suggestions = [
        each
        for whole in card.suggestions
        if dialect.updates or all(action.type != "update" for action in whole.actions)
        for each in (whole.apart() if dialect.actions == 1 else (whole,))
    ]
    kept = replace(card, suggestions=tuple(suggestions), links=card.links if dialect.links else ())
    if not dialect.apart:
        yield kept
        return
    yield replace(kept, suggestions=kept.suggestions[:1])
    for suggestion in kept.suggestions[1:]:
        yield replace(kept, summary=suggestion.label, detail="", suggestions=(suggestion,), links=())


def _card(card: Card, dialect: Dialect) -> Json:
    behavior = dialect.selection_behavior or card.selection_behavior
    return _without_empty(
        uuid=card.uuid if dialect.since_1_1 else None,
        summary=card.summary,
        indicator=card.indicator,
        source=_source(card.source, dialect),
        detail=card.detail,
        suggestions=[_suggestion(suggestion, dialect) for suggestion in card.suggestions],
        selectionBehavior=behavior if card.suggestions else None,
        overrideReasons=[_coding(reason) for reason in card.override_reasons] if dialect.since_1_1 else None,
        links=[_without_empty(label=link.label, url=link.url, type=link.type) for link in card.links],
    )


def _source(source: Source, dialect: Dialect) -> Json:
    topic = _coding(source.topic) if dialect.since_1_1 else None
    return _without_empty(label=source.label, url=source.url, icon=source.icon, topic=topic)


def _coding(coding: Coding) -> Json:
    return _without_empty(code=coding.code, system=coding.system, display=coding.display)


def _suggestion(suggestion: Suggestion, dialect: Dialect) -> Json:
    """`isRecommended` is said where it is false, too: typed clients there are insist on it."""
    return _without_empty(
        uuid=suggestion.uuid,
        label=suggestion.label,
        isRecommended=suggestion.is_recommended if dialect.since_1_1 else None,
        actions=[_action(action) for action in suggestion.actions],
    )


def _action(action: Action) -> Json:
    return _without_empty(type=action.type, description=action.description, resource=action.resource)


def _without_empty(**members: Any) -> Json:
    return {name: value for name, value in members.items() if value not in (None, "", [], {}, ())}
