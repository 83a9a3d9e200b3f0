"""What `create_app` puts together, and every chapter of the web uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

from service.auth import Client, Clients, Keys
from service.config import Settings
from service.ehr.access import NO_ACCESS, NO_TOKEN, Access
from service.ehr.client import Fetcher
from service.errors import RequestNotUnderstood
from service.fhir.read.prefilter import Prefilter
from service.hooks.hook import CallContext
from service.hooks.request import HookRequest
from service.hooks.templates import TEMPLATES, searched_since, templates
from service.knowledge import Knowledge
from service.store import Store
from service.web.process.metrics import Metrics
from service.web.process.rates import Rates


@dataclass(frozen=True, slots=True)
class Parts:
    """The settings, knowledge, store, clients with their keys and limits, calendar and counts of one app."""

    settings: Settings
    knowledge: Knowledge
    prefilter: Prefilter
    store: Store
    clients: Clients
    keys: Keys
    fetcher: Fetcher
    today: Callable[[], date]
    metrics: Metrics
    rates: Rates

    def call_context(self, client: Client, asked: HookRequest) -> CallContext:
        """What a hook of this client is answered by today."""
        return CallContext(
            self.knowledge,
            self.prefilter,
            client.pathway or self.settings.pathway,
            self.today(),
            self._access(client, asked),
            self.settings.public_url,
            client.ask_about_words,
            client.known_mnd_card,
        )

    def _access(self, client: Client, asked: HookRequest) -> Access:
        """The FHIR server that the call names; whether it may be asked is the fetcher's to say."""
        if asked.fhir_server is None:
            return NO_ACCESS
        if asked.bearer_token is None:
            return NO_TOKEN
        return Access(
            self.fetcher,
            partial(templates, TEMPLATES, self.knowledge, searched_since(client.search, self.today())),
            {"patientId": asked.patient},
            base_url=asked.fhir_server,
            token=asked.bearer_token,
            allowed=client.fhir_servers,
            private_network=client.private_network,
            deadline_s=self.settings.fetch_deadline_s,
        )

    def pathway(self, name: str | None, client: Client) -> str:
        """A pathway by name, the client's or the configured one without a name.

        Raises:
            RequestNotUnderstood: there is no such pathway.
        """
        if name is None:
            return client.pathway or self.settings.pathway
        if name not in self.knowledge.pathways:
            known = ", ".join(self.knowledge.pathways)
            raise RequestNotUnderstood(f"Unknown pathway. Choose one of: {known}.", where="pathway")
        return name
