"""Whether the service lives, and whether it can answer."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.config import Settings
from service.errors import KnowledgeInvalid
from service.knowledge import Knowledge
from service.store import Store
from service.web import create_app


def test_a_service_that_runs_is_alive_and_ready(client: FlaskClient, knowledge: Knowledge) -> None:
    assert client.get("/livez").json == {"status": "alive"}

    ready = client.get("/readyz")

    assert ready.status_code == 200
    assert ready.json["knowledgeVersion"] == knowledge.version
    assert ready.json["store"] == "ok"


def test_a_store_that_is_down_is_told_and_leaves_the_service_ready(knowledge: Knowledge) -> None:
    app = create_app(Settings(), knowledge=knowledge, store=Store("sqlite:////nowhere/at/all.db"))

    ready = app.test_client().get("/readyz")

    assert (ready.status_code, ready.json["store"]) == (200, "failing")


def test_a_pathway_that_does_not_exist_stops_the_start(make_app: Callable[..., Flask]) -> None:
    with pytest.raises(KnowledgeInvalid, match="early-referral"):
        make_app(pathway="gentle")
