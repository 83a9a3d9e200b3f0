"""How fast a hook is answered, beside a bare Flask route that parses the same body and answers a constant.

    python3 dev.py bench [--seconds S] [--sizes 10,100,1000]

One gunicorn with one worker a side, configured as `twitch-cds serve` configures it.
Calls go out one after the other over one kept-alive connection; the two sides take
turns, and the best turn counts, because whatever else the machine does only ever
adds. CPU is the worker's alone, all its threads, the mean of a turn; the wall time is
the median of a turn, and holds the client too.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from flask import Flask, Response, request

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "/cds-services/fasciculation-red-flags"
TURNS = 5
GOALS = {"no twitch": 1.3, "a twitch": 3.0}


def bare() -> Flask:
    """The app to compare with: it parses the body with orjson and answers a constant."""
    app = Flask(__name__)
    nothing = orjson.dumps({"cards": []})

    @app.post(ADDRESS)
    def answer() -> Response:
        orjson.loads(request.get_data())
        return Response(nothing, mimetype="application/json")

    return app


@dataclass(frozen=True)
class Side:
    """A served app: where it listens and which processes work for it."""

    port: int
    workers: tuple[int, ...]

    def cpu(self) -> float:
        """The CPU seconds that the workers have used; 0 where the system does not tell."""
        threads = [t for pid in self.workers for t in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(t.read_text().split()[0]) for t in threads) / 1e9


@dataclass(frozen=True)
class Cost:
    """Milliseconds a call."""

    cpu: float
    wall: float


@contextmanager
def served(app: str, folder: Path) -> Iterator[Side]:
    """Serve an app with one worker for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    settings = {"TWITCH_CDS_DATABASE_URL": f"sqlite:///{folder}/audit.db", "TWITCH_CDS_HASH_KEY": "bench"}
    conf = str(ROOT / "deploy" / "gunicorn.conf.py")
    options = ["--config", conf, "--bind", f"127.0.0.1:{port}", "--workers", "1", "--max-requests", "0"]
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "gunicorn", *options, app]
        master = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=log, stderr=log)
    try:
        _wait_for(port, master, folder / "log")
        yield Side(port, _children(master.pid))
    finally:
        master.terminate()
        master.wait(timeout=30)


def _wait_for(port: int, master: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as knock:
                knock.sendall(b"GET /livez HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                if knock.recv(1):
                    return
        except OSError:
            if master.poll() is not None:
                break
        time.sleep(0.1)
    sys.exit(f"gunicorn did not start:\n{log.read_text()}")


def _children(pid: int) -> tuple[int, ...]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return tuple(map(int, tasks.read_text().split())) if tasks.exists() else ()


def timed(side: Side, body: bytes, seconds: float, expected: bool) -> Cost:
    """What one call costs, over as many as fit into the time. `expected`: whether cards must come."""
    headers = {"Content-Type": "application/json"}
    with closing(http.client.HTTPConnection("127.0.0.1", side.port)) as connection:
        walls: list[float] = []
        cpu = side.cpu()
        while len(walls) < 3 or sum(walls) < seconds:
            start = time.perf_counter()
            connection.request("POST", ADDRESS, body, headers)
            answer = connection.getresponse()
            said = answer.read()
            walls.append(time.perf_counter() - start)
            if answer.status != 200 or expected != (b'"uuid"' in said):
                sys.exit(f"unexpected answer {answer.status}: {said[:300]!r}")
        return Cost((side.cpu() - cpu) * 1000 / len(walls), median(walls) * 1000)


def best(costs: list[Cost]) -> Cost:
    """The least of each, which is nearest to what the code itself costs."""
    return Cost(min(c.cpu for c in costs), min(c.wall for c in costs))


def call(observations: int, *, twitch: bool) -> bytes:
    """A patient-view with a whole prefetch: haemoglobin again and again, perhaps the examples' teacher."""
    sent: dict[str, Any] = orjson.loads((ROOT / "examples" / "hook-request.json").read_bytes())
    labs = [{"resource": _haemoglobin(number)} for number in range(observations)]
    if not twitch:
        sent["prefetch"]["conditions"] = None
        sent["prefetch"]["observations"]["entry"] = labs
    else:
        relevant = [{"resource": _result(*lab)} for lab in RELEVANT]
        sent["prefetch"]["observations"]["entry"] += relevant + labs
    return orjson.dumps(sent)


# With the teacher's five Conditions and her caffeine, a dozen relevant resources.
RELEVANT = (
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", 4.1, "mmol/L"),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", 139, "mmol/L"),
    ("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", 1.9, "m[IU]/L"),
    ("2132-9", "Cobalamin (Vitamin B12) [Mass/volume] in Serum or Plasma", 320, "pg/mL"),
    ("29463-7", "Body weight", 68, "kg"),
    ("2601-3", "Magnesium [Moles/volume] in Serum or Plasma", 0.82, "mmol/L"),
)


def _haemoglobin(number: int) -> dict[str, Any]:
    return {"id": f"hb-{number}", **_result("718-7", "Hemoglobin [Mass/volume] in Blood", 13.4, "g/dL")}


def _result(code: str, display: str, value: float, unit: str) -> dict[str, Any]:
    """A laboratory result as EHRs send it, with identifiers, category, interpretation and reference range."""
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    interpretation = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    quantity = {"unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {
        "resourceType": "Observation",
        "id": f"lab-{code}",
        "meta": {"versionId": "1", "lastUpdated": "2026-10-30T08:14:22.000+00:00"},
        "identifier": [{"system": "https://ehr.example/lab/results", "value": f"R-{code}-20261030"}],
        "status": "final",
        "category": [{"coding": [{"system": category, "code": "laboratory", "display": "Laboratory"}]}],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": code, "display": display}],
            "text": display,
        },
        "subject": {"reference": "Patient/teacher"},
        "encounter": {"reference": "Encounter/e-20261030"},
        "effectiveDateTime": "2026-10-30T07:40:00+00:00",
        "issued": "2026-10-30T08:14:22.000+00:00",
        "performer": [{"reference": "Organization/lab-1", "display": "Central laboratory"}],
        "valueQuantity": {"value": value, **quantity},
        "interpretation": [{"coding": [{"system": interpretation, "code": "N", "display": "Normal"}]}],
        "referenceRange": [
            {"low": {"value": value - 1, **quantity}, "high": {"value": value + 1, **quantity}}
        ],
    }


def main() -> None:
    """Measure, and print both sides with their ratios."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--seconds", type=float, default=0.7, help="how long a turn takes")
    ask.add_argument("--sizes", default="10,100,1000", help="how many Observations")
    chosen = ask.parse_args()
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        _migrate(folders[0])
        ours = stack.enter_context(served("service.web:create_app_from_env()", folders[0]))
        other = stack.enter_context(served("tests.bench.hook:bare()", folders[1]))
        print(f"{'':26}{'CPU ms':>22}{'wall ms':>24}")
        print(f"{'':26}{'service':>8}{'bare':>7}{'ratio':>7}{'service':>10}{'bare':>7}{'ratio':>7}   goal")
        for name, goal in GOALS.items():
            for size in map(int, chosen.sizes.split(",")):
                body = call(size, twitch=name == "a twitch")
                _print_row(
                    f"{name}, {size} Obs, {len(body) // 1000} kB", goal, *_compared(ours, other, body, chosen)
                )


def _compared(ours: Side, other: Side, body: bytes, chosen: argparse.Namespace) -> tuple[Cost, Cost]:
    cards = b"82470000" in body
    for side in (ours, other):
        timed(side, body, chosen.seconds / 2, cards and side is ours)
    turns = [
        (timed(ours, body, chosen.seconds, cards), timed(other, body, chosen.seconds, expected=False))
        for _ in range(TURNS)
    ]
    return best([a for a, _ in turns]), best([b for _, b in turns])


def _print_row(label: str, goal: float, ours: Cost, bare: Cost) -> None:
    cpu = f"{ours.cpu:8.2f}{bare.cpu:7.2f}{ours.cpu / bare.cpu:7.2f}" if bare.cpu else f"{'not measured':>22}"
    print(f"{label:26}{cpu}{ours.wall:10.2f}{bare.wall:7.2f}{ours.wall / bare.wall:7.2f}   ≤ {goal}")


def _migrate(folder: Path) -> None:
    from service.store import prepare

    prepare(f"sqlite:///{folder}/audit.db")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
