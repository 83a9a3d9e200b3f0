"""What `create_app` puts together, and every chapter of the web uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from service.config import Settings
from service.errors import RequestNotUnderstood
from service.fhir.sieve import Sieve
from service.hooks.cds_service import Circumstances
from service.knowledge import Knowledge
from service.store import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """The settings, the knowledge, the store and the calendar of one app."""

    settings: Settings
    knowledge: Knowledge
    sieve: Sieve
    store: Store
    today: Callable[[], date]

    def circumstances(self) -> Circumstances:
        """What a hook is answered by today."""
        return Circumstances(self.knowledge, self.sieve, self.settings.pathway, self.today())

    def pathway(self, name: str | None) -> str:
        """A pathway by name, the configured one without a name.

        Raises:
            RequestNotUnderstood: there is no such pathway.
        """
        if name is None:
            return self.settings.pathway
        if name not in self.knowledge.pathways:
            known = ", ".join(self.knowledge.pathways)
            raise RequestNotUnderstood(f"There is no such pathway. Choose one of: {known}.", where="pathway")
        return name
