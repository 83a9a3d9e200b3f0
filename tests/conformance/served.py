"""The service as a process of its own, behind a real socket, as `twitch-cds serve` starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Served:
    """Where the service is, and the file of its log."""

    base: str
    log: Path


@contextmanager
def served(folder: Path, **settings: str | Path) -> Iterator[Served]:
    """Serve with these settings on a free port; `{base}` in one is the address that it gets."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port: int = chosen.getsockname()[1]
    base, log = f"http://127.0.0.1:{port}", folder / "log"
    chosen_ones = {"database_url": f"sqlite:///{folder}/audit.db", **settings}
    env = {f"TWITCH_CDS_{name.upper()}": str(value).format(base=base) for name, value in chosen_ones.items()}
    command = [sys.executable, "-c", "from service.cli import main; main()", "serve", "--port", str(port)]
    with log.open("wb") as lines:
        process = subprocess.Popen(
            [*command, "--workers", "1"], cwd=ROOT, env={**os.environ, **env}, stdout=lines, stderr=lines
        )
    try:
        _wait_for(port, process, log)
        yield Served(base, log)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(log.read_text())
