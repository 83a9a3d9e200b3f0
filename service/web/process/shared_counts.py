"""Counts that all workers of one machine share, for the library `limits`.

Its own memory storage counts per process, and starts a thread every time it is asked after
a pause (60 to 170 µs, a tenth of a silent call). This one is a table in memory that is
mapped before gunicorn forks: 3 µs, and a client has the same limit however many workers
there are. The kernel frees the lock of a process that dies, so none can stop the others.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from struct import Struct
from tempfile import TemporaryFile
from threading import Lock
from time import monotonic
from typing import IO
from weakref import finalize

from limits.storage import Storage

# The digest of a key, when its window ends by the machine's monotonic clock, and its count.
RECORD = Struct("<16sdI4x")
RECORDS, TRIES = 8192, 8


class SharedCounts(Storage):
    """Fixed windows by key: a hash table that never grows.

    A key that finds no room takes the place of one whose window ends soonest. That one
    begins anew, so whoever floods the table makes limits wider and never narrower.
    """

    STORAGE_SCHEME = ["shared"]  # noqa: RUF012 -- as the library declares it

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._file = _file_without_a_name()
        finalize(self, self._file.close)
        self._file.truncate(RECORD.size * RECORDS)
        self._table = mmap.mmap(self._file.fileno(), RECORD.size * RECORDS)
        self._threads = Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong here: the lock of a file."""
        return OSError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and give the count; the first of a window begins it, for `expiry` seconds."""
        name = _named(key)
        with self._turn():
            place, ends, count = self._find(name)
            ends = ends or self._clock() + expiry
            RECORD.pack_into(self._table, place, name, ends, count + amount)
        return count + amount

    def get(self, key: str) -> int:
        """The count of the window, 0 without one."""
        with self._turn():
            return self._find(_named(key))[2]

    def get_expiry(self, key: str) -> float:
        """When the window ends, by this storage's clock; now, without a window."""
        with self._turn():
            return self._find(_named(key))[1] or self._clock()

    def check(self) -> bool:
        """It is always there."""
        return True

    def reset(self) -> int | None:
        """Forget all windows."""
        with self._turn():
            self._table[:] = bytes(len(self._table))
        return None

    def clear(self, key: str) -> None:
        """End the window of one key."""
        with self._turn():
            place, _, _ = self._find(_named(key))
            RECORD.pack_into(self._table, place, b"", 0.0, 0)

    def now(self) -> float:
        """The clock by which windows end."""
        return self._clock()

    def _find(self, name: bytes) -> tuple[int, float, int]:
        """Where a key has its record, or may have it; when its window ends, 0 without one; its count."""
        now = self._clock()
        start = int.from_bytes(name[:4], "little")
        soonest, place = now + 1e9, 0
        for step in range(TRIES):
            at = (start + step) % RECORDS * RECORD.size
            holder, ends, count = RECORD.unpack_from(self._table, at)
            if ends <= now:
                ends = 0.0
            elif holder == name:
                return at, ends, count
            if ends < soonest:
                soonest, place = ends, at
        return place, 0.0, 0

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Alone among the threads of this process, and among the processes."""
        with self._threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


def _file_without_a_name() -> IO[bytes]:
    """In memory where the system can, because a container may have nowhere to write."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("twitch-cds-counts"), "w+b")
    return TemporaryFile()


def _named(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=16).digest()
