"""What a FHIR reference looks like, and the addresses of our own artefacts; reading and writing share it."""

from __future__ import annotations

from collections.abc import Mapping

OWN_CANONICAL = "https://twitch-cds.example/fhir/"


def normal(reference: str, aliases: Mapping[str, str | None] | None = None) -> str:
    """A reference as Type/id: without a server's base and a version; a urn: as its Bundle resolves it."""
    known = aliases.get(reference) if aliases else None
    if known:
        return known
    parts = reference.split("/_history/")[0].rstrip("/").split("/")
    return "/".join(parts[-2:]) if len(parts) >= 2 else reference
