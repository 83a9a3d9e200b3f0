"""The service as gunicorn runs it: several workers that come and go, and count as one."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[2]
BOOTING = re.compile(r"Booting worker with pid: (\d+)")


class Served:
    """A master with two workers; what it says is read, so that nobody has to wait and hope."""

    def __init__(self, port: int, folder: Path, said: IO[str]) -> None:
        self._port, self.folder, self._said = port, folder, said
        self.workers = self._booted()

    def _booted(self) -> list[int]:
        """The next two workers that start."""
        found = (BOOTING.search(line) for line in self._said)
        return [int(match[1]) for match in islice(filter(None, found), 2)]

    def replace_workers(self) -> None:
        """End the workers, as one that has answered often enough ends."""
        for worker in self.workers:
            os.kill(worker, signal.SIGTERM)
        self.workers = self._booted()

    def get(self, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, str]:
        """A call on a connection of its own, so that any worker may take it."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)) as connection:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    tmp_path = tmp_path_factory.mktemp("served")
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "counter_left-over.db").write_bytes(b"of the last run")
    settings = {
        "PROMETHEUS_MULTIPROC_DIR": str(folder),
        "TWITCH_CDS_DATABASE_URL": f"sqlite:///{tmp_path}/audit.db",
        "TWITCH_CDS_RATE_LIMIT": "3",
    }
    options = ["--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    master = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *options],
        cwd=ROOT,
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert master.stderr is not None
    with master.stderr as said:
        try:
            yield Served(port, folder, said)
        finally:
            master.terminate()
            said.read()
            master.wait(timeout=30)


@pytest.mark.slow
def test_workers_that_come_and_go_count_as_one_and_limit_as_one(served: Served) -> None:
    discovery = "/cds-services"

    statuses = [served.get(discovery)[0] for _ in range(2)]
    served.replace_workers()
    statuses += [served.get(discovery)[0] for _ in range(2)]
    served.replace_workers()
    _, text = served.get("/metrics")

    assert statuses == [200, 200, 200, 429]
    route = f'method="GET",route="{discovery}"'
    assert f'twitch_cds_answer_seconds_count{{{route},status="200"}} 3.0' in text
    assert f'twitch_cds_answer_seconds_count{{{route},status="429"}} 1.0' in text
    assert 'twitch_cds_refusals_total{error="TooManyRequests"} 1.0' in text
    assert "twitch_cds_audit_rows_lost_total 0.0" in text


@pytest.mark.slow
def test_the_files_of_the_workers_do_not_grow_in_number(served: Served) -> None:
    for _ in range(3):
        for _ in range(4):
            served.get("/livez")
        served.replace_workers()

    _, text = served.get("/metrics")
    names = {file.stem.rpartition("_")[2] for file in served.folder.iterdir()}
    assert names <= {"MainProcess", "worker-0", "worker-1"}
    assert 'route="/livez",status="200"} 12.0' in text


@pytest.mark.slow
def test_counting_into_a_folder_that_was_deleted_fails_no_call(served: Served) -> None:
    shutil.rmtree(served.folder)

    before = [served.get("/livez")[0] for _ in range(4)]
    served.replace_workers()
    after = [served.get("/livez")[0] for _ in range(4)]

    assert (before, after) == ([200] * 4, [200] * 4)
    counted = re.search(r'_count{method="GET",route="/livez",status="200"} (\d+)', served.get("/metrics")[1])
    # Some of the first may be lost with the folder, none of the last.
    assert counted is not None
    assert 4 <= int(counted[1]) <= 8


@pytest.mark.slow
def test_a_master_removes_what_a_dead_one_left_and_leaves_nothing_itself() -> None:
    code = "import runpy, sys, os, signal; sys.path.insert(0, '.');" + (
        "conf = runpy.run_path('deploy/gunicorn.conf.py'); print(conf['FOLDER'], flush=True);"
        " os.kill(os.getpid(), signal.{signal}); signal.pause()"
    )

    def ended_by(name: str) -> Path:
        """The folder of a master that this signal ends before it serves."""
        command = [sys.executable, "-c", code.format(signal=name)]
        said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=60)
        return Path(said.stdout.strip())

    killed = ended_by("SIGKILL")
    was_left = killed.is_dir()
    asked = ended_by("SIGTERM")

    assert (was_left, killed.exists(), asked.exists()) == (True, False, False)
