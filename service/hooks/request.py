"""A call as CDS Hooks brings it, after its envelope was understood and before its resources are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

# CDS Hooks lets these roles view a chart, too; what our cards say is meant for clinicians.
NOT_CLINICIANS = ("Patient", "RelatedPerson")


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One call of a CDS service.

    `patient` and `encounter` are ids without a type. The values of `prefetch` are JSON
    that nobody has parsed yet. `authorization` may hold a token: it is never shown.
    """

    hook: str
    hook_instance: str
    user: str
    patient: str
    encounter: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict, repr=False)
    prefetch: Mapping[str, msgspec.Raw] = field(default_factory=dict, repr=False)
    fhir_server: str | None = None
    authorization: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def by_clinician(self) -> bool:
        """Whether a clinician looks at the chart, and not the patient or a relative."""
        return self.user.rpartition("/")[0].rpartition("/")[2] not in NOT_CLINICIANS

    @property
    def encounter_reference(self) -> str | None:
        """The encounter as a reference."""
        return f"Encounter/{self.encounter}" if self.encounter else None

    @property
    def bearer_token(self) -> str | None:
        """The token for the FHIR server; None without one, or with one of another type than Bearer."""
        given = self.authorization or {}
        kind, token = given.get("token_type", "Bearer"), given.get("token")
        is_bearer = isinstance(kind, str) and kind.lower() == "bearer"
        return token if is_bearer and isinstance(token, str) else None
