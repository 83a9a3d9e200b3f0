"""The database by its URL, SQLite or PostgreSQL, and its tables at the newest revision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from service.errors import ServiceError

# A call waits for its database no longer than this, in seconds; milliseconds where libpq says so.
CONNECT_S, POOL_S, UNANSWERED_MS = 2, 2.0, 5000
# How long a locked SQLite is waited for: where an answer waits, and where only rows of the audit do.
LOCKED_MS, LOCKED_ROWS_MS = 1000, 5000
KNOWN = ("sqlite", "postgresql")
NEWEST = "0002"
"""The revision of the tables that this program writes, the last one in migrations/versions."""


class NewerTables(Exception):
    """The tables are of a revision that this version of the program does not know."""


class FileReplaced(SQLAlchemyError):
    """The file of an SQLite database was deleted or replaced; what the old one is told, nobody reads."""


def engine_for(url: str) -> Engine:
    """The database of the URL, not yet connected.

    Raises:
        ArgumentError, NoSuchModuleError: the URL is none, or of a database that we do not know.
    """
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite":
        # A server that is gone must not hold up the answer, and libpq would wait for minutes.
        waits = {"connect_timeout": CONNECT_S, "tcp_user_timeout": UNANSWERED_MS}
        given = {name: value for name, value in waits.items() if name not in parts.query}
        return create_engine(parts, pool_pre_ping=True, pool_timeout=POOL_S, connect_args=given)
    if parts.database in (None, "", ":memory:"):
        # A database in memory belongs to its connection: the threads take turns with the one.
        only = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
        engine = create_engine(parts, connect_args={"check_same_thread": False}, **only)
    else:
        engine = create_engine(parts, pool_timeout=POOL_S)
    event.listen(engine, "connect", _set_up_sqlite)
    _watch_file(engine, Path(parts.database or ""))
    return engine


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest revision.

    Raises:
        SQLAlchemyError: the database cannot be had.
        NewerTables: a newer version of the program has made them.
    """
    # Here, because only the start of a service needs them.
    from alembic import command
    from alembic.config import Config
    from alembic.script.revision import ResolutionError
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        _one_at_a_time(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as cause:
            if isinstance(cause.__cause__, ResolutionError):
                raise NewerTables from cause
            raise


def revision(connection: Connection) -> str | None:
    """The revision of the tables; None before the first. A database without its table of revisions raises."""
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def prepare(url: str) -> str | None:
    """Make the database ready for a service that starts; in words what is the matter if it cannot be had.

    Raises:
        ServiceError: the URL is none, or of a database that we do not know.
    """
    engine = _known_engine(url)
    shown = engine.url.render_as_string(hide_password=True)
    try:
        upgrade(engine)
    except SQLAlchemyError as cause:
        return f"The database {shown} cannot be used ({type(cause).__name__})."
    except NewerTables:
        return f"The tables of the database {shown} are of a newer version of this program."
    finally:
        engine.dispose()
    return None


def lacking(url: str) -> str | None:
    """The file of a SQLite database that is not there, for who wants to read and not to make one.

    Raises:
        ServiceError: the URL is none, or of a database that we do not know.
    """
    at = _known_engine(url).url
    name = at.database or ":memory:"
    in_a_file = at.get_backend_name() == "sqlite" and name != ":memory:" and not name.startswith("file:")
    return name if in_a_file and not Path(name).exists() else None


def _known_engine(url: str) -> Engine:
    try:
        if make_url(url).get_backend_name() in KNOWN:
            return engine_for(url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        # Its text may hold the password.
        pass
    raise ServiceError(
        "TWITCH_CDS_DATABASE_URL must be a database of SQLite or PostgreSQL. Write it like"
        " sqlite:///twitch-cds.db or postgresql+psycopg://user:password@host/name"
    )


def insert_new(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what happens ON CONFLICT, which SQL leaves to each database."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


@contextmanager
def patiently(connection: Connection) -> Iterator[Connection]:
    """A connection on which a lock of SQLite is waited for longer, because no answer waits."""
    if connection.dialect.name != "sqlite":
        yield connection
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout={LOCKED_ROWS_MS}").close()
    try:
        yield connection
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={LOCKED_MS}").close()


def _watch_file(engine: Engine, path: Path) -> None:
    """Let no work begin on a file other than the one that is there now, or that the first connection made."""
    first = [found] if (found := _identity(path)) else []

    def check(*_: Any) -> None:
        if first and _identity(path) != first[0]:
            raise FileReplaced(f"{path.name} is not the file that it was")

    def note(*_: Any) -> None:
        if not first and (found := _identity(path)):
            first.append(found)

    # Before a connection is made, which would make an empty file; and whenever one is taken from the pool.
    event.listen(engine, "do_connect", check)
    event.listen(engine, "connect", note)
    event.listen(engine, "checkout", check)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is; None if there is none, or the database is in memory."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if S_ISREG(found.st_mode) else None


def _set_up_sqlite(connection: Any, _: Any) -> None:
    """Readers beside the writer, and a commit that survives a power cut."""
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={LOCKED_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _one_at_a_time(connection: Connection) -> None:
    """Let a second process that starts now wait, and find the tables as the first one leaves them."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7894621)"))
