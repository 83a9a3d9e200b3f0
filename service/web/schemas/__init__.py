"""The JSON of the web: the only place with the wire names of CDS Hooks and of `/evaluate`.

In: the envelope of a hook call (`calls`). Out: the discovery document and the cards
(`cards`).
"""

from __future__ import annotations

from service.web.schemas.calls import hook_request
from service.web.schemas.cards import cards_json, discovery_json

__all__ = ["cards_json", "discovery_json", "hook_request"]
