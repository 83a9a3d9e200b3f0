"""The files in which the workers of one machine count for /metrics, such that counting never fails a call.

The library `prometheus_client` makes sparse files and maps them: where their folder is gone every
call fails, and where their file system is full the system kills the worker (SIGBUS). Here the room
of a file is taken when it is made. Where there is none a worker counts in its own memory: /metrics
does not see that, the log says so once a file, and calls are answered.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from pathlib import Path

import structlog
from prometheus_client.mmap_dict import MmapedDict

# The size of a file at first; some hundred counters. It doubles when it is full.
SIZE = 1 << 16
# What the library adds to a key: its length, its value and time, and up to 8 bytes that align them.
AROUND_A_KEY = 28

log = structlog.get_logger()


class CountFile(MmapedDict):
    """The counts of one kind of one worker, by key. Making and growing it raises nothing for want of room."""

    def __init__(self, filename: str) -> None:
        try:
            _make(Path(filename))
            super().__init__(filename)  # type: ignore[no-untyped-call]
        except OSError as cause:
            self._begin_in_memory(cause)

    def _init_value(self, key: str) -> None:
        """Begin a counter at 0, in room that is there."""
        while self._used + len(key.encode()) + AROUND_A_KEY > self._capacity:
            self._grow()
        super()._init_value(key)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Let go of the file, or of the memory."""
        self._m.close()
        super().close()  # type: ignore[no-untyped-call]

    def _grow(self) -> None:
        size, held = self._capacity * 2, self._m[: self._used]
        self._m = self._mapped(size)
        self._m[: len(held)] = held
        self._capacity = size

    def _mapped(self, size: int) -> mmap.mmap:
        """The file, made longer; memory where that cannot be had."""
        if self._f is not None:
            try:
                _take_room(self._f.fileno(), size)
                return mmap.mmap(self._f.fileno(), size)
            except OSError as cause:
                self._f.close()
                self._f = None  # type: ignore[assignment]
                _tell(cause)
        return mmap.mmap(-1, size)

    def _begin_in_memory(self, cause: OSError) -> None:
        self._f = None  # type: ignore[assignment]
        self._m = mmap.mmap(-1, SIZE)
        self._capacity, self._used, self._positions = SIZE, 8, {}
        self._m[:4] = self._used.to_bytes(4, sys.byteorder)
        _tell(cause)


def _tell(cause: OSError) -> None:
    log.error("counts are kept in this worker's memory only", why=errno.errorcode.get(cause.errno or 0))


def _make(file: Path) -> None:
    """A file of the first size, whose room is taken; none at all where that cannot be had."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as made:
        try:
            _take_room(made.fileno(), SIZE)
        except OSError:
            file.unlink(missing_ok=True)
            raise


def _take_room(file: int, size: int) -> None:
    """Make a file at least so long. Raises OSError now, where a sparse file would be a SIGBUS later."""
    if sys.platform == "linux":
        os.posix_fallocate(file, 0, size)
    elif os.fstat(file).st_size < size:
        os.truncate(file, size)
