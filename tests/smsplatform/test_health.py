import datetime as dt

import pytest
from django.db import connections
from django.test import Client
from pytest_django.fixtures import Settings

from smsplatform import health
from smsplatform.lib import clock


def test_a_process_that_answers_is_alive(client: Client) -> None:
    answer = client.get("/livez")

    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_means_databases_key_store_and_broker_answer(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert set(answer.json()["parts"]) == {
        "database default",
        "database system",
        "database keystore",
        "broker",
        "queues",
        "erasures",
    }


def test_without_the_broker_it_is_not_ready_and_no_secret_is_shown(client: Client, settings: Settings) -> None:
    settings.BROKER_URL = "redis://:s3cret@127.0.0.1:9/0"

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["parts"]["broker"] == "OperationalError"
    assert b"s3cret" not in answer.content


def test_without_the_key_store_it_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connections["keystore"]
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "wrong")

    assert client.get("/readyz").status_code == 503


def test_late_queues_are_named_but_do_not_take_the_web_out_of_service(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LATE_SECONDS", -1.0)

    found = health.queues(at=clock.now())
    answer = client.get("/readyz")

    assert not found.ok
    assert "submission is" in found.detail
    assert answer.status_code == 200


def test_the_backlog_is_measured_from_the_time_given() -> None:
    assert set(health.backlog(at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))) == {"submission", "webhooks"}


def test_metrics_need_the_token_outside_the_demo(client: Client, settings: Settings) -> None:
    settings.DEMO, settings.METRICS_TOKEN = False, ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    settings.METRICS_TOKEN = "m3trics"
    assert client.get("/metrics").status_code == 404
    answer = client.get("/metrics", headers={"Authorization": "Bearer m3trics"})

    assert answer.status_code == 200
    assert b'smsplatform_part_up{part="broker"} 1.0' in answer.content
