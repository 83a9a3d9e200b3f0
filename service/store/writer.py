"""A thread that writes rows, so that the answer does not wait for the disk."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

import structlog

Row = TypeVar("Row")

# A commit costs a sync of the disk, whatever it holds: one a row costs as much as the answer itself.
# So a row waits this many seconds for others, and at most so many are written together.
LINGER, TOGETHER = 0.2, 200

log = structlog.get_logger()


class Writer(Generic[Row]):
    """Hands rows to `write`, in their order, from a thread that starts with the first row.

    It starts that late because a process that forks leaves its threads behind. `alarm` is told
    how many rows were lost, each time that some were.
    """

    def __init__(
        self, write: Callable[[list[Row]], None], size: int, *, alarm: Callable[[int], None] = lambda _: None
    ) -> None:
        self._write, self._alarm = write, alarm
        self._queue: Queue[Row | None] = Queue(size)
        self._hurry = Event()
        self._starting = Lock()
        self._thread: Thread | None = None
        self.lost = 0

    def put(self, row: Row) -> None:
        """Queue a row; one that does not fit is lost, counted and logged."""
        self._start()
        try:
            self._queue.put_nowait(row)
        except Full:
            self._lose(1, "the queue is full")

    def flush(self, at_most_s: float | None = None) -> None:
        """Wait until every queued row is written or lost, or for so many seconds."""
        if self._thread is not None:
            self._hurry.set()
            with self._queue.all_tasks_done:
                self._queue.all_tasks_done.wait_for(lambda: not self._queue.unfinished_tasks, at_most_s)
            self._hurry.clear()

    def stop(self) -> None:
        """Write what is queued and end the thread; the next row would start another."""
        with self._starting:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._hurry.set()
            self._queue.put(None)
            thread.join(timeout=10)
            self._hurry.clear()

    def _start(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = Thread(target=self._run, name="store-writer", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        running = True
        while running:
            batch = self._waiting()
            rows = [row for row in batch if row is not None]
            running = len(rows) == len(batch)
            if rows:
                self._try_to_write(rows)
            for _ in batch:
                self._queue.task_done()

    def _waiting(self) -> list[Row | None]:
        """The next row, as soon as there is one, and those that come shortly after it."""
        batch = [self._queue.get()]
        if batch[0] is not None:
            self._hurry.wait(LINGER)
        while batch[-1] is not None and len(batch) < TOGETHER:
            try:
                batch.append(self._queue.get_nowait())
            except Empty:
                break
        return batch

    def _try_to_write(self, rows: list[Row]) -> None:
        try:
            self._write(rows)
        except Exception as cause:  # whatever a database or its driver raises: the thread must outlive it
            self._lose(len(rows), type(cause).__name__)

    def _lose(self, count: int, why: str) -> None:
        self.lost += count
        self._alarm(count)
        log.error("audit rows lost", rows=count, why=why, lost=self.lost)
