"""An app with everything real but the clock: its store is a database in memory."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from service.config import Settings
from service.knowledge import Knowledge, load
from service.store import Store
from service.web import create_app

ON = date(2026, 11, 23)
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load()


@cache
def with_tables() -> sqlite3.Connection:
    """A database with the tables of the newest revision: to copy it takes a tenth of migrating another."""
    migrated, copy = Store("sqlite://"), sqlite3.connect(":memory:")
    migrated.upgrade()
    with migrated._engine.connect() as connection:
        connection.connection.driver_connection.backup(copy)
    migrated.close()
    return copy


@contextmanager
def store_in_memory() -> Iterator[Store]:
    """A store that is forgotten when it is closed."""
    memory = Store("sqlite://", hash_key="a key for tests")
    with memory._engine.connect() as connection:
        with_tables().backup(connection.connection.driver_connection)
    yield memory
    memory.close()


@pytest.fixture
def store() -> Iterator[Store]:
    with store_in_memory() as memory:
        yield memory


@pytest.fixture
def make_app(knowledge: Knowledge, store: Store) -> Callable[..., Flask]:
    """An app with settings of the test's choice."""

    def make(**settings: Any) -> Flask:
        return create_app(Settings(**settings), knowledge=knowledge, store=store, today=lambda: ON)

    return make


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def shared_client(knowledge: Knowledge) -> Iterator[FlaskClient]:
    """`client`, but one for all tests: for those to whom it is all the same what others asked it."""
    with store_in_memory() as memory:
        yield create_app(Settings(), knowledge=knowledge, store=memory, today=lambda: ON).test_client()


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """The log lines of the test."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def hook_call() -> dict[str, Any]:
    """The teacher of the examples: a patient-view with her whole record."""
    call: dict[str, Any] = orjson.loads((EXAMPLES / "hook-request.json").read_bytes())
    return call


@pytest.fixture
def teacher() -> dict[str, Any]:
    """The teacher's record as a Bundle."""
    bundle: dict[str, Any] = orjson.loads((EXAMPLES / "teacher.json").read_bytes())
    return bundle
