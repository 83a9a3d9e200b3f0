"""How many machine instructions a call takes, beside the bare Flask route: a figure that noise does not move.

    python3 dev.py bench --instructions [--write | --check]

Each side runs once under valgrind's callgrind, which counts only while calls are answered,
in the process, without a socket. The ratios are kept in instructions.toml: `--write` writes
them, `--check` fails where one is more than 3 % above what is written there.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUDGET = Path(__file__).with_name("instructions.toml")
TOLERANCE = 1.03
# What is called: how many Observations, whether a twitch is among them, and how often it is counted.
PATHS = {
    "quiet-10": (10, False, 100),
    "quiet-100": (100, False, 30),
    "quiet-1000": (1000, False, 5),
    "card-10": (10, True, 20),
    "card-100": (100, True, 15),
    "card-1000": (1000, True, 5),
}


def main() -> None:
    """Count both sides, print the ratios, and write or check the budget; exits 1 where it is exceeded."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--write", action="store_true", help="keep these ratios as the budget")
    ask.add_argument("--check", action="store_true", help="fail where a ratio is above its budget")
    ask.add_argument("--side", choices=("service", "bare"), help=argparse.SUPPRESS)
    chosen = ask.parse_args()
    if chosen.side:
        _be_counted(chosen.side)
        return
    if not shutil.which("callgrind_control"):
        sys.exit(
            "valgrind is not installed: `apt-get install valgrind` brings callgrind and callgrind_control"
        )
    bare, ours = counted("bare"), counted("service")
    ratios = {path: round(ours[path] / bare[path], 2) for path in PATHS}
    budget = tomllib.loads(BUDGET.read_text()) if BUDGET.exists() else {}
    print(f"{'instructions a call':20}{'service':>10}{'bare':>10}{'ratio':>8}{'budget':>8}")
    for path, ratio in ratios.items():
        kept = f"{budget[path]:8.2f}" if path in budget else f"{'-':>8}"
        print(f"{path:20}{ours[path] / 1e6:8.2f} M{bare[path] / 1e6:8.2f} M{ratio:8.2f}{kept}")
    if chosen.write:
        head = "# Instructions of a call beside the bare route, by tests/bench/instructions.py --write.\n"
        BUDGET.write_text(head + "".join(f"{path} = {ratio}\n" for path, ratio in ratios.items()))
    over = [path for path, ratio in ratios.items() if ratio > budget.get(path, ratio) * TOLERANCE]
    if chosen.check and over:
        sys.exit(f"above the budget by more than 3 %: {', '.join(over)}")


def counted(side: str) -> dict[str, float]:
    """The instructions of one call of each path, with what starting and stopping the count takes left out."""
    with tempfile.TemporaryDirectory() as folder:
        kept = {"TWITCH_CDS_DATABASE_URL": f"sqlite:///{folder}/audit.db", "TWITCH_CDS_HASH_KEY": "bench"}
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/out"]
        command += [sys.executable, "-m", "tests.bench.instructions", "--side", side]
        env = os.environ | kept | {"PYTHONHASHSEED": "0"}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{side} did not run:\n{done.stderr[-2000:]}")
        totals = [_total(Path(f"{folder}/out.{dump}")) for dump in range(1, len(PATHS) + 2)]
    nothing, *counts = totals
    return {
        path: (count - nothing) / calls
        for (path, (_, _, calls)), count in zip(PATHS.items(), counts, strict=True)
    }


def _total(dump: Path) -> int:
    line = next(line for line in dump.read_text().splitlines() if line.startswith("totals:"))
    return int(line.split()[1])


def _be_counted(side: str) -> None:
    """Answer the calls of each path while valgrind counts; first none, to know what counting itself takes."""
    from tests.bench import hook

    app = _service() if side == "service" else hook.bare()
    _count(lambda: None, 0)
    for observations, twitch, calls in PATHS.values():
        body = hook.call(observations, twitch=twitch)
        environ = _environ(hook.ADDRESS, body)
        answered = _caller(app, environ, body, cards=twitch and side == "service")
        for _ in range(5):
            answered()
        _count(answered, calls)


def _service() -> Callable[..., Iterable[bytes]]:
    from service.store import prepare
    from service.web import create_app_from_env

    prepare(os.environ["TWITCH_CDS_DATABASE_URL"])
    return create_app_from_env()


def _count(answered: Callable[[], None], calls: int) -> None:
    gc.collect()
    gc.disable()
    for order in (["-i", "on"], ["-i", "off"], ["-d"]):
        subprocess.run(["callgrind_control", *order, str(os.getpid())], check=True, capture_output=True)
        if order == ["-i", "on"]:
            for _ in range(calls):
                answered()
    gc.enable()


def _environ(address: str, body: bytes) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": address,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "127.0.0.1:8000",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _caller(
    app: Callable[..., Iterable[bytes]], environ: dict[str, Any], body: bytes, *, cards: bool
) -> Callable[[], None]:
    def answered() -> None:
        status: list[str] = []
        said = app(environ | {"wsgi.input": io.BytesIO(body)}, lambda code, *_: status.append(code))
        text = b"".join(said)
        if hasattr(said, "close"):
            said.close()
        if not status[0].startswith("200") or cards != (b'"uuid"' in text):
            sys.exit(f"unexpected answer {status[0]}: {text[:300]!r}")

    return answered


if __name__ == "__main__":
    main()
