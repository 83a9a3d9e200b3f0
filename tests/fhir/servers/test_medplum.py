"""The whole way from a FHIR server that we did not write to an assessment.

The server is Medplum's (medplum.cjs); npm installs it once, into pytest's cache.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import orjson
import pytest
import requests

from service.assess import assess
from service.assessment_json import assessment_json
from service.cards import build
from service.ehr.client import Fetched, Fetcher, Why
from service.fhir.read.record import Record, record_of
from service.hooks.prefetch import TEMPLATES, gather
from service.hooks.templates import PATIENT, templates
from service.knowledge import Knowledge, load
from tests.conformance.served import Served, served
from tests.missing import without
from tests.web.trusted import bearing, registered

HERE = Path(__file__).parent
ON = date(2026, 11, 23)
TOKEN, PAGE = "for-medplum-only", 10
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest) -> Path:
    """The folder with the server and its packages, as package-lock.json pins them."""
    if not shutil.which("node") or not shutil.which("npm"):
        _without("node and npm are not installed")
    folder = request.config.cache.mkdir("medplum")
    lock = (HERE / "package-lock.json").read_bytes()
    with (folder / "turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        stamp = folder / "installed.json"
        if not stamp.exists() or stamp.read_bytes() != lock:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                _without(f"npm could not install the server: {done.stderr[-500:]}")
            stamp.write_bytes(lock)
    return folder


def _without(reason: str) -> NoReturn:
    without(reason, untested="against a FHIR server that we did not write")


@pytest.fixture(scope="session")
def base(installed: Path) -> Iterator[str]:
    """The server's base URL, with the patients below on record."""
    command = ["node", str(HERE / "medplum.cjs"), TOKEN, str(PAGE)]
    env = {**os.environ, "NODE_PATH": str(installed / "node_modules")}
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        assert node.stdin is not None
        port = node.stdout.readline().strip()
        url = f"http://127.0.0.1:{port}/fhir/R4"
        try:
            with requests.Session() as session:
                session.headers["Authorization"] = f"Bearer {TOKEN}"
                for resource in (*story("twitcher"), *story("neighbour")):
                    where = f"{url}/{resource['resourceType']}/{resource['id']}"
                    session.put(where, json=resource, timeout=20).raise_for_status()
            yield url
        finally:
            node.stdin.close()
            node.wait(10)


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    made = Fetcher()
    yield made
    made.close()


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load()


def story(who: str) -> list[dict[str, Any]]:
    """A patient as Synthea would make one: years of weights, and for one of them a twitch and weakness."""
    twitches = who == "twitcher"
    about = {"subject": {"reference": f"Patient/{who}"}}

    def coded(code: str, system: str = SNOMED) -> dict[str, Any]:
        return {"coding": [{"system": system, "code": code}], "text": "as Synthea writes it"}

    def condition(name: str, code: str, since: str) -> dict[str, Any]:
        status = "http://terminology.hl7.org/CodeSystem/condition-"
        return {
            "resourceType": "Condition",
            "id": f"{who}-{name}",
            "clinicalStatus": {"coding": [{"system": f"{status}clinical", "code": "active"}]},
            "verificationStatus": {"coding": [{"system": f"{status}ver-status", "code": "confirmed"}]},
            "code": coded(code),
            "onsetDateTime": since,
            **about,
        }

    def measured(name: str, code: str, value: float, unit: str, when: str) -> dict[str, Any]:
        return {
            "resourceType": "Observation",
            "id": f"{who}-{name}",
            "status": "final",
            "code": coded(code, LOINC),
            "effectiveDateTime": when,
            "valueQuantity": {
                "value": value,
                "unit": unit,
                "system": "http://unitsofmeasure.org",
                "code": unit,
            },
            **about,
        }

    weights = [
        measured(f"weight-{n}", "29463-7", 80.0 - n / 10, "kg", f"{2000 + n}-03-01T09:00:00Z")
        for n in range(25)
    ]
    return [
        {"resourceType": "Patient", "id": who, "gender": "female", "birthDate": "1966-02-03"},
        *([condition("twitch", "82470000", "2026-09-01")] if twitches else []),
        *([condition("weakness", "26544005", "2026-09-20")] if twitches else []),
        *[condition(f"cold-{n}", "444814009", f"20{n:02}-01-05") for n in range(10, 22)],
        measured("magnesium", "19123-9", 0.5 if twitches else 0.9, "mmol/L", "2026-11-10T08:00:00Z"),
        *weights,
    ]


def fetched_record(
    fetcher: Fetcher, base: str, knowledge: Knowledge, who: str
) -> tuple[dict[str, Fetched], Record]:
    filled = {key: text.replace(PATIENT, who) for key, text in templates(TEMPLATES, knowledge).items()}
    fetched = fetcher.fetch(
        filled, base_url=base, token=TOKEN, allowed=[base], private_network=True, deadline_s=20
    )
    prefetch = {key: one.value for key, one in fetched.items() if one.value is not None}
    prefetched = gather(prefetch, TEMPLATES)
    resources, passed_over = prefetched.resources(knowledge)
    record = record_of(
        resources,
        knowledge,
        patient=f"Patient/{who}",
        incomplete=prefetched.incomplete,
        passed_over=passed_over,
    )
    return fetched, record


def test_the_record_comes_whole_over_several_pages_and_is_assessed(
    base: str, fetcher: Fetcher, knowledge: Knowledge
) -> None:
    fetched, record = fetched_record(fetcher, base, knowledge, "twitcher")

    assessment = assess(record, ON, knowledge=knowledge, pathway="early-referral")
    by_hand = assess(
        record_of(story("twitcher"), knowledge, patient="Patient/twitcher"),
        ON,
        knowledge=knowledge,
        pathway="early-referral",
    )
    assert {key: one.why for key, one in fetched.items()} == dict.fromkeys(fetched)
    assert fetched["observations"].value is not None
    assert len(orjson.loads(bytes(fetched["observations"].value))["entry"]) == 26 > PAGE
    assert assessment.raised
    assert record.incomplete == assessment.incomplete == ()
    assert assessment_json(assessment, knowledge, every_rule=True) == assessment_json(
        by_hand, knowledge, every_rule=True
    )


def test_nobody_elses_resources_come(base: str, fetcher: Fetcher, knowledge: Knowledge) -> None:
    _, record = fetched_record(fetcher, base, knowledge, "neighbour")

    assert record.other_subjects == 0
    assert record.read == len(story("neighbour"))
    assert not build(assess(record, ON, knowledge=knowledge, pathway="early-referral"), knowledge)


def test_without_the_right_token_nothing_comes(base: str, fetcher: Fetcher) -> None:
    fetched = fetcher.fetch(
        {"patient": "Patient/twitcher"}, base_url=base, token="wrong", allowed=[base], private_network=True
    )

    assert fetched == {"patient": Fetched(why=Why.UNAUTHORIZED)}


def test_a_patient_who_is_not_there_is_not_found(base: str, fetcher: Fetcher) -> None:
    fetched = fetcher.fetch(
        {"patient": "Patient/nobody"}, base_url=base, token=TOKEN, allowed=[base], private_network=True
    )

    assert fetched == {"patient": Fetched(why=Why.NOT_FOUND)}


# --- Through the service's own door: a call without prefetch, from process to process ----------------------


@pytest.fixture(scope="module")
def service(base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service, served for one registered client whose FHIR server that is."""
    folder = tmp_path_factory.mktemp("served")
    clients = registered(folder, f'fhir_servers = ["{base}"]', "private_network = true")
    with served(folder, clients=clients, public_url="{base}", fetch_deadline_s="30") as running:
        yield running


def call(base: str, who: str, *, token: str = TOKEN) -> dict[str, Any]:
    """A patient-view that brings nothing but the way to the FHIR server."""
    authorization = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.rs",
        "subject": "twitch-cds",
    }
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/d1", "patientId": who},
        "fhirServer": base,
        "fhirAuthorization": authorization,
    }


def asked(service: Served, body: dict[str, Any]) -> requests.Response:
    path = "/cds-services/fasciculation-red-flags"
    return requests.post(
        service.base + path, json=body, headers=bearing(path, aud=service.base + path), timeout=60
    )


@pytest.mark.conformance("31", "32", "33", "35", "38", "62", "64", "prefetch-absent")
def test_a_call_without_prefetch_becomes_a_card(base: str, service: Served) -> None:
    answer = asked(service, call(base, "twitcher"))

    assert answer.status_code == 200, answer.text
    (card, *_) = answer.json()["cards"]
    assert "muscle weakness" in card["summary"].lower()
    assert "Not received" not in card["detail"]
    assert {
        action["resource"]["subject"]["reference"] for s in card["suggestions"] for action in s["actions"]
    } == {"Patient/twitcher"}


@pytest.mark.conformance("41")
def test_a_call_about_somebody_who_never_twitched_is_met_with_silence(base: str, service: Served) -> None:
    answer = asked(service, call(base, "neighbour"))

    assert (answer.status_code, answer.json()) == (200, {"cards": []})


@pytest.mark.conformance("36", "42")
def test_a_token_that_the_fhir_server_refuses_is_412(base: str, service: Served) -> None:
    answer = asked(service, call(base, "twitcher", token="sentinel-wrong-token"))

    assert answer.status_code == 412
    assert "did not accept the token" in answer.json()["issue"][0]["diagnostics"]


@pytest.mark.conformance("34", "69", "71")
def test_the_log_of_all_this_holds_no_token_and_no_patient(base: str, service: Served) -> None:
    asked(service, call(base, "twitcher"))
    asked(service, call(base, "twitcher", token="sentinel-wrong-token"))

    log = service.log.read_text()
    assert '"status":200' in log and '"status":412' in log
    assert not any(word in log for word in (TOKEN, "sentinel-wrong-token", "twitcher", "eyJ"))
