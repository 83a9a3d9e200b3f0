"""Whether the service lives, and whether it can answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    assert (ready.json["status"], ready.json["store"], ready.json["problems"]) == ("ready", "ok", [])


def test_a_store_that_is_down_is_told_without_its_address_and_leaves_the_service_ready(
    knowledge: Knowledge, hook_call: dict[str, Any]
) -> None:
    app = create_app(Settings(), knowledge=knowledge, store=Store("sqlite:////nowhere/at/all.db"))
    client = app.test_client()
    client.post("/cds-services/fasciculation-red-flags", json=hook_call)
    app.extensions["twitch-cds"].store.flush()

    ready = client.get("/readyz")

    assert (ready.status_code, ready.json["status"], ready.json["store"]) == (200, "degraded", "failing")
    assert len(ready.json["problems"]) == 2
    assert "1 audit rows" in ready.json["problems"][1]
    assert "nowhere" not in ready.text


def test_a_database_whose_file_was_deleted_is_told_and_in_the_metrics(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    store = Store(f"sqlite:///{tmp_path}/audit.db")
    store.upgrade()
    client = create_app(Settings(), knowledge=knowledge, store=store).test_client()
    before = client.get("/readyz").json["store"]
    (tmp_path / "audit.db").unlink()

    ready = client.get("/readyz")

    assert (before, ready.json["store"], ready.json["status"]) == ("ok", "replaced", "degraded")
    assert "deleted or replaced" in ready.json["problems"][0]
    assert "twitch_cds_store_up 0.0" in client.get("/metrics").text
    store.close()


def test_tables_of_another_version_are_told(client: FlaskClient, store: Store) -> None:
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    ready = client.get("/readyz")

    assert (ready.status_code, ready.json["status"], ready.json["store"]) == (200, "degraded", "outdated")
    assert "another version" in ready.json["problems"][0]


def test_a_pathway_that_does_not_exist_stops_the_start(make_app: Callable[..., Flask]) -> None:
    with pytest.raises(KnowledgeInvalid, match="early-referral"):
        make_app(pathway="gentle")
