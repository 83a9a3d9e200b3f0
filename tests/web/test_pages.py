"""The pages for people: what they show, what they never do, and how bad input is met."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import orjson
import pytest
from flask.testing import FlaskClient

from service.web.pages.patients import golden_patients
from service.web.pages.site import POLICY, STATIC

PAGES = ("/", "/try", "/rules", "/rules/muscle-weakness", "/codes?code=82470000", "/knowledge")
SENTINEL = "Zzyzx-Sentinel"


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_brings_its_policy_and_runs_nothing_inline(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", answer.text)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_and_links_to_what_is_there(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    base = path.partition("?")[0]

    addresses = re.findall(r'(?:href|src|action)="([^"#:]*)(?:#[^"]*)?"', page)
    assert addresses
    for address in dict.fromkeys(a.partition("?")[0] for a in addresses if a):
        with client.get(urljoin(base, unescape(address))) as reached:
            assert reached.status_code == 200, address


def test_a_page_weighs_less_than_two_hundred_kilobytes_with_all_that_it_loads(client: FlaskClient) -> None:
    loaded = sum(path.stat().st_size for path in STATIC.iterdir())

    assert loaded + max(len(client.get(path).data) for path in PAGES if path != "/try") < 200_000


@pytest.mark.parametrize("name", golden_patients())
def test_each_golden_patient_shows_the_disposition_that_the_author_expects(
    client: FlaskClient, name: str
) -> None:
    page = client.get("/try", query_string={"patient": name})

    expected = golden_patients()[name].dispositions["early-referral"].replace("-", " ").capitalize()
    assert re.search(r'class="verdict"><strong>([^<]+)', page.text)[1] == expected


def test_the_card_changes_with_the_day(client: FlaskClient) -> None:
    def summaries(on: str) -> list[str]:
        page = client.get("/try", query_string={"patient": "teacher-3-slurring", "on": on}).text
        return re.findall(r'<p class="summary">([^<]*)', page)

    assert summaries("2026-08-26") != summaries("2026-12-14")
    assert summaries("2020-01-01") == []


def test_what_a_record_says_stays_text(client: FlaskClient) -> None:
    page = client.get("/try", query_string={"patient": "hostile-record"}).text

    outside_of_raw = re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)
    assert "<script>" not in page
    assert "<img" not in page
    assert not re.search(r'href="(?!https?:|\.\./|[a-z/#?.-])', outside_of_raw)


def test_a_pasted_record_is_answered_and_leaves_no_trace(
    client: FlaskClient, store, logged: list[dict], tmp_path
) -> None:
    bundle = orjson.loads(golden_patients()["critical-potassium"].record)
    bundle["entry"].append(
        {
            "resource": {
                "resourceType": "Observation",
                "id": SENTINEL,
                "status": "final",
                "code": {"text": SENTINEL},
            }
        }
    )

    answer = client.post("/try", data={"record": orjson.dumps(bundle).decode(), "on": "2026-11-23"})

    assert answer.status_code == 200
    assert "Same day" in text_of(answer.text)
    assert SENTINEL not in repr(logged)
    with store._engine.connect() as connection:
        dump = "".join(connection.connection.driver_connection.iterdump())
    assert SENTINEL not in dump


BROKEN = {
    "not JSON": ("{", "not valid JSON"),
    "no Bundle": ('{"resourceType": "Patient"}', "Bundle"),
    "nothing": ("  ", "Paste a FHIR Bundle"),
    "two patients": (
        orjson.dumps(
            {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": {"resourceType": "Patient", "id": name}} for name in ("a", "b")],
            }
        ).decode(),
        "patients",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_record_that_cannot_be_read_is_said_beside_the_field_and_is_still_there(
    client: FlaskClient, kind: str
) -> None:
    record, words = BROKEN[kind]

    answer = client.post("/try", data={"record": record})

    assert answer.status_code == 422
    problem = re.search(r'class="problem" role="alert">([^<]*)', answer.text)
    assert problem
    assert words in unescape(problem[1])
    assert record.strip() in unescape(answer.text)


def test_a_file_is_read_like_pasted_text(client: FlaskClient) -> None:
    from io import BytesIO

    record = golden_patients()["blepharospasm"].record

    answer = client.post("/try", data={"file": (BytesIO(record), "record.json"), "on": "2026-11-23"})

    assert answer.status_code == 200
    assert "Routine referral" in text_of(answer.text)


@pytest.mark.parametrize("query", ["patient=nobody", "pathway=fast", "dialect=3.0", "on=yesterday"])
def test_a_choice_that_there_is_not_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/try?{query}").status_code == 400


def test_rules_are_found_by_their_words(client: FlaskClient) -> None:
    found = re.findall(r'href="rules/([a-z-]+)"', client.get("/rules?q=saddle").text)

    assert found == ["saddle-numbness"]


def test_a_rule_that_there_is_not_is_404(client: FlaskClient) -> None:
    assert client.get("/rules/no-such-rule").status_code == 404


def test_a_code_that_is_unknown_is_said_to_be_unknown(client: FlaskClient) -> None:
    assert "is unknown here" in text_of(client.get("/codes?code=1234567").text)
    assert "fasciculation" in text_of(client.get("/codes?code=82470000").text)


def verdict(page: str) -> str:
    return re.search(r'class="verdict"><strong[^>]*>([^<]+)', page)[1]


def test_what_if_answers_a_question_in_the_place_of_the_record_and_marks_the_difference(
    client: FlaskClient,
) -> None:
    asked = {"patient": "teacher-1-first-day"}

    recorded = client.get("/try", query_string=asked).text
    supposed = client.get("/try", query_string={**asked, "if-speech-difficulty": "yes"}).text

    assert verdict(recorded) == "Lifestyle"
    assert "changed" not in recorded
    assert verdict(supposed) == "Urgent referral"
    assert 'strong class="changed"' in supposed
    assert "as recorded: lifestyle" in supposed


def test_what_if_can_deny_what_the_record_states(client: FlaskClient) -> None:
    asked = {"patient": "teacher-2-three-months", "if-muscle-weakness": "no"}

    page = client.get("/try", query_string=asked).text

    assert verdict(page) == "Routine referral"


def test_a_pasted_record_can_be_asked_what_if(client: FlaskClient) -> None:
    record = golden_patients()["teacher-1-first-day"].record.decode()

    page = client.post("/try", data={"record": record, "on": "2026-08-25", "if-muscle-weakness": "yes"}).text

    assert verdict(page) == "Urgent referral"
