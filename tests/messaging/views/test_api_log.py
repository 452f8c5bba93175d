import csv
import io
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.keys import KeyInfo, digest_of, find
from messaging import calls
from messaging.views import api_log
from tests.factories import pages
from tests.factories.accounts import World, make_member, make_workspace


@pytest.fixture
def world() -> World:
    return make_workspace()


@pytest.fixture
def browser(world: World) -> Client:
    return pages.client(world.owner)


def key(world: World, *, live: bool = False) -> KeyInfo:
    found = find(digest_of(f"Bearer {world.live_key if live else world.test_key}"))
    assert found is not None
    return found


def noted(world: World, *, status: int = 200, code: str = "", route: str = "/v1/messages", live: bool = False) -> str:
    """A request in the log; its request id."""
    request_id = f"trace-{uuid4().hex[:12]}"
    content = json.dumps({"code": code, "errors": [{"pointer": "#/to"}]}).encode() if code else b"{}"
    calls.note(key(world, live=live), request_id, "GET", route, status, 0.012, content)
    calls.recorder.flush()
    return request_id


def shown(html: str) -> int:
    return len(re.findall(r'<tr id="log_', html))


def test_an_empty_log_says_how_to_fill_it(browser: Client) -> None:
    assert "No request with a test key yet" in browser.get("/api-log").content.decode()


def test_a_refusal_is_listed_summed_up_explained_and_never_shows_the_number(world: World, browser: Client) -> None:
    answer = world.api().post("/v1/messages", {"to": "0612345678", "body": "Hello"})
    calls.recorder.flush()

    html = browser.get("/api-log").content.decode()
    detail = re.search(r'href="(/api-log/log_[^"]+)"', html)
    assert detail
    page = browser.get(detail[1]).content.decode()

    assert "/docs/errors/not_e164" in html
    assert "Errors of the last 24 hours" in html
    assert answer["X-Request-Id"] in page
    assert "does not start with +" in page
    assert "#/to" in page
    assert "0612345678" not in html + page


def test_an_accepted_request_leads_to_its_message(world: World, browser: Client) -> None:
    made = world.api().post("/v1/messages", {"to": "+31612345678", "body": "Hello"}).json()
    calls.recorder.flush()

    detail = re.search(r'href="(/api-log/log_[^"]+)"', browser.get("/api-log").content.decode())
    assert detail
    page = browser.get(detail[1]).content.decode()

    assert f"/messages/{made['id']}" in page


def test_each_filter_narrows_the_list(world: World, browser: Client) -> None:
    wanted = noted(world, status=422, code="not_e164", route="/v1/senders")
    noted(world)
    noted(world, status=503, code="service_unavailable")
    filters: list[dict[str, str]] = [
        {"status": "4"},
        {"code": "not_e164"},
        {"route": "/v1/senders"},
        {"request_id": wanted},
        {"status": "error", "route": "/v1/senders"},
    ]

    found = [browser.get("/api-log", chosen).content.decode() for chosen in filters]
    everything = [shown(browser.get("/api-log", chosen).content.decode()) for chosen in ({}, {"method": "GET"})]
    none = browser.get("/api-log", {"method": "DELETE"}).content.decode()

    assert [shown(html) for html in found] == [1] * len(filters)
    assert everything == [3, 3]
    assert "No request fits these filters" in none


def test_test_and_live_are_apart(world: World, browser: Client) -> None:
    noted(world, live=True)

    assert shown(browser.get("/api-log").content.decode()) == 0


def test_pages_lead_on_with_constant_queries(world: World, browser: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(api_log.PAGE_ROWS + 3):
        calls.note(key(world), "trace-many-of-them", "GET", "/v1/messages", 200, 0.01, b"{}")
    calls.recorder.flush()

    with django_assert_max_num_queries(14):
        first = browser.get("/api-log").content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = browser.get(older[1].replace("&amp;", "&")).content.decode()

    assert (shown(first), shown(second)) == (api_log.PAGE_ROWS, 3)


def test_what_is_rare_is_searched_on_page_by_page(
    world: World, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_log, "SCANNED_MAX", 2)
    noted(world, route="/v1/senders")
    for _ in range(3):
        noted(world)

    first = browser.get("/api-log", {"route": "/v1/senders"}).content.decode()
    further = re.search(r'rel="next" href="([^"]+)"', first)
    assert further
    second = browser.get(further[1].replace("&amp;", "&")).content.decode()

    assert "None so far" in first
    assert shown(second) == 1


def test_the_tail_is_empty_until_something_comes(world: World, browser: Client) -> None:
    noted(world)
    seen = re.search(r"/api-log/tail\?seen=([0-9a-f]{16})", browser.get("/api-log").content.decode())
    assert seen

    quiet = browser.get("/api-log/tail", {"seen": seen[1]})
    noted(world)
    news = browser.get("/api-log/tail", {"seen": seen[1]})

    assert quiet.status_code in (204, 200)  # 200 when the minute has changed
    assert (news.status_code, shown(news.content.decode())) == (200, 2)


def test_the_log_is_exported_as_filtered(world: World, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_log, "CHUNK", 2)
    noted(world)
    wanted = {noted(world, status=422, code="not_e164") for _ in range(5)}

    text = browser.get("/api-log/export", {"status": "4", "format": "csv"}).getvalue().decode("utf-8-sig")
    data = json.loads(browser.get("/api-log/export", {"status": "4", "format": "json"}).getvalue())

    assert {row["request_id"] for row in csv.DictReader(io.StringIO(text))} == wanted
    assert {row["request_id"] for row in data} == wanted
    assert {row["pointers"] for row in data} == {"#/to"}


def test_who_may_not_see_logs_is_refused_and_strangers_find_nothing(world: World, browser: Client) -> None:
    noted(world)
    detail = re.search(r'href="(/api-log/log_[^"]+)"', browser.get("/api-log").content.decode())
    assert detail
    viewer, stranger = pages.client(make_member(world)[0]), pages.client(make_workspace().owner)

    assert [viewer.get(path).status_code for path in ("/api-log", "/api-log/export", detail[1])] == [403] * 3
    assert stranger.get(detail[1]).status_code == 404
    assert shown(stranger.get("/api-log").content.decode()) == 0
