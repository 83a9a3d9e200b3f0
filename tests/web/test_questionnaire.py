"""The questions of the structured history as a page, and the card that links to it."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.web.trusted import PUBLIC_URL, bearing, registered

HOOK = "/cds-services/fasciculation-red-flags"


def test_every_question_of_the_questionnaire_is_on_the_page_with_its_answers(client: FlaskClient) -> None:
    form = client.get("/fhir/Questionnaire/twitch-history").json
    asked = [item for group in form["item"] for item in group["item"]]

    page = unescape(client.get("/questionnaire").text)

    questions = re.findall(r'class="question">(.*?)</p>', page)
    assert questions == [item["text"] for item in asked]
    answers = [
        re.findall(r"<span>(.*?)</span>", shown)
        for shown in re.findall(r'class="answers[ a-z]*">(.*?)</p>', page)
    ]
    told = {item["linkId"]: shown for item, shown in zip(asked, answers, strict=True)}
    assert told["cramp"] == ["yes", "no"]
    assert told["twitch-course"] == ["improving", "unchanged", "worsening", "fluctuating"]
    assert {"eyelid", "upper arm", "lower leg"} < set(told["twitch-site-left"])
    assert told["caffeine-intake"] == ["____ mg/d"]
    assert all(
        len(shown) == len(item.get("answerOption", shown)) for item, shown in zip(asked, answers, strict=True)
    )


def test_the_page_runs_and_loads_nothing_and_its_link_leads_to_the_form(client: FlaskClient) -> None:
    answer = client.get("/questionnaire")

    assert "script" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    (link,) = re.findall(r'href="(.*?)"', answer.text)
    assert client.get(f"/{link}").json["resourceType"] == "Questionnaire"


def test_a_card_links_to_it_where_people_can_reach_us(
    make_app: Callable[..., Flask], tmp_path: Path, hook_call: dict[str, Any]
) -> None:
    client = make_app(clients=registered(tmp_path), public_url=PUBLIC_URL).test_client()

    (card,) = client.post(HOOK, json=hook_call, headers=bearing(HOOK)).json["cards"]

    assert [(link["url"], link["type"]) for link in card["links"]] == [
        (f"{PUBLIC_URL}/questionnaire", "absolute")
    ]
    assert card["source"]["url"] == f"{PUBLIC_URL}/"


def test_a_card_links_to_nothing_that_only_this_machine_reaches(
    client: FlaskClient, hook_call: dict[str, Any]
) -> None:
    (card,) = client.post(HOOK, json=hook_call).json["cards"]

    assert "links" not in card
