"""A PostgreSQL server for the tests: no account is made for it, and no folder opened to others."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

OPTIONS = "-c listen_addresses='' -c fsync=off"


@contextmanager
def postgres_in(programs: Path) -> Iterator[str]:
    """The URL of a server that runs these programs, on a socket in a folder of its own.

    PostgreSQL refuses to be root, and so root starts it as `nobody`: with a copy of the programs, which may
    stand where `nobody` cannot read.
    """
    with TemporaryDirectory(prefix="pg") as name:
        folder, who = Path(name), {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            programs = copied(programs, folder)
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        data = folder / "data"
        run(programs / "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--pgdata", data, **who)
        server = (programs / "pg_ctl", "--wait", "--pgdata", data)
        options = f"--options={OPTIONS} -c unix_socket_directories='{folder}'"
        run(*server, f"--log={folder / 'log'}", options, "start", **who)
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            run(*server, "--mode=fast", "stop", **who)


def copied(programs: Path, folder: Path) -> Path:
    """The programs with what they need from beside them, as a wheel installs them: x/x18/bin and x.libs."""
    tree = programs.parent
    libraries = tree.parent.with_name(f"{tree.parent.name}.libs")
    copy = folder / tree.parent.name / tree.name
    shutil.copytree(tree, copy)
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return copy / programs.name


def run(*command: str | Path, **who: Any) -> None:
    """Run a program to its end; what it says is told only where it fails."""
    with TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        # A file, because the server that pg_ctl starts would hold a pipe open.
        with said.open("w") as out:
            done = subprocess.run(command, stdout=out, stderr=out, cwd="/", check=False, **who)
        assert done.returncode == 0, f"{command[0]}: {said.read_text()}"
