"""The service for one registered client, in each dialect, and whatever day a patient's story has."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.config import Settings
from service.ehr.client import Fetcher
from service.hooks.dialects import DIALECTS
from service.store import Store
from service.web import create_app
from tests.conformance import ehr
from tests.patients.stories import Story, knowledge
from tests.web.conftest import logged, store, store_in_memory
from tests.web.trusted import PUBLIC_URL, registered

__all__ = ["logged", "store"]

Ask = Callable[..., Any]


@pytest.fixture
def client_with(store: Store, tmp_path: Path) -> Iterator[Callable[..., FlaskClient]]:
    """Makes the service for a client; the arguments are lines of its block and settings."""
    fetchers: list[Fetcher] = []

    def make(*lines: str, **settings: Any) -> FlaskClient:
        fetchers.append(Fetcher())
        settings = {"clients": registered(tmp_path, *lines), "public_url": PUBLIC_URL, **settings}
        app = create_app(
            Settings(**settings),
            knowledge=knowledge(),
            store=store,
            fetcher=fetchers[-1],
            today=lambda: ehr.ON,
        )
        return app.test_client()

    yield make
    for fetcher in fetchers:
        fetcher.close()


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """The service for a client of 2.0, one for all tests; who looks at what it keeps uses `client_with`."""
    settings = Settings(clients=registered(tmp_path_factory.mktemp("client")), public_url=PUBLIC_URL)
    with store_in_memory() as memory:
        yield create_app(settings, knowledge=knowledge(), store=memory, today=lambda: ehr.ON).test_client()


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """The answer about a golden patient on the day of the story, in a dialect, to a hook; asked for once."""
    days: list[date] = [ehr.ON]
    told: dict[str, Story] = {}
    clients: dict[str, FlaskClient] = {}

    @cache
    def asked(story: str, profile: str, hook: str) -> Any:
        return ehr.post(clients[profile], ehr.about(told[story], hook))

    def ask(story: Story, profile: str = "2.0", hook: str = "patient-view", *, again: bool = False) -> Any:
        days[0], told[story.name] = story.on, story
        return (asked.__wrapped__ if again else asked)(story.name, profile, hook)

    with store_in_memory() as memory:
        for profile in DIALECTS:
            file = registered(tmp_path_factory.mktemp("client"), f'profile = "{profile}"')
            settings = Settings(clients=file, public_url=PUBLIC_URL)
            app = create_app(settings, knowledge=knowledge(), store=memory, today=lambda: days[0])
            clients[profile] = app.test_client()
        yield ask
