import datetime as dt
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.drafting import Draft
from messaging.models import Message
from messaging.views.message import text_of
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging, pages
from tests.factories.accounts import World, make_workspace
from tests.factories.superuser import superuser


@pytest.mark.promise("transit-26", "transit-21")
def test_the_page_tells_text_number_price_and_timeline() -> None:
    shop = pages.shop()
    message = pages.message(shop, text="Parcel 3301 is here.")

    html = pages.client(shop.owner).get(f"/messages/{message}").content.decode()

    assert "Parcel 3301 is here." in html
    assert pages.TO in html
    assert "vanishes" in html
    assert "Accepted, charged and stored" in html
    assert "GSM-7" in html
    assert "returned if it is not owed" in html


def test_a_queued_message_can_be_canceled_once_and_its_price_returns() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)

    first = browser.post(f"/messages/{message}/cancel", follow=True).content.decode()
    second = browser.post(f"/messages/{message}/cancel", follow=True).content.decode()

    assert "Canceled. The price was returned." in first
    assert "Canceled on request" in first
    assert "returned in full" in first
    assert "final state" in second


def test_redacting_removes_text_and_number_and_says_when() -> None:
    shop = pages.shop()
    message = pages.message(shop, text="Parcel 3302 is here.", reference="order 44")
    browser = pages.client(shop.owner)
    browser.post(f"/messages/{message}/cancel")

    html = browser.post(f"/messages/{message}/redact", follow=True).content.decode()

    assert "Text, number and reference were removed." in html
    assert "Removed at" in html
    for gone in ("Parcel 3302", pages.TO, "order 44"):
        assert gone not in html


def test_a_message_on_its_way_is_not_redacted() -> None:
    shop = pages.shop()
    message = pages.message(shop)

    html = pages.client(shop.owner).post(f"/messages/{message}/redact", follow=True).content.decode()

    assert "still on its way" in html


def test_taking_back_needs_a_post() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)

    assert browser.get(f"/messages/{message}/cancel").status_code == 405
    assert browser.get(f"/messages/{message}/redact").status_code == 405


@pytest.mark.promise("transit-22", "fleet-09")
def test_the_text_is_not_shown_past_its_time_even_if_no_purge_ran() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    with scope.workspace(shop.workspace.id):
        row = Message.objects.get(pk=ids.decode(ids.MESSAGE, message))

        now = text_of(row, at=clock.now())
        late = text_of(row, at=row.body_expires_at + dt.timedelta(microseconds=1))

    assert now.state == "kept"
    assert (late.state, late.words) == ("removed", "")


def test_words_of_a_message_are_shown_as_words_and_never_as_markup() -> None:
    shop = pages.shop()
    message = pages.message(shop, text="<script>alert(1)</script>")

    html = pages.client(shop.owner).get(f"/messages/{message}").content.decode()

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_polls_of_a_message_answer_only_changes() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)
    mark = browser.get(f"/messages/{message}").context["mark"]

    unchanged = browser.get(f"/messages/{message}?seen={mark}", headers={"HX-Request": "true"})
    browser.post(f"/messages/{message}/cancel")
    changed = browser.get(f"/messages/{message}?seen={mark}", headers={"HX-Request": "true"})

    assert unchanged.status_code == 204
    assert "Canceled on request" in changed.content.decode()
    assert "hx-trigger" not in changed.content.decode()


def test_the_page_draws_segments_and_marks_what_is_outside_gsm7() -> None:
    shop = pages.shop()
    message = pages.message(shop, text="Köln – " * 20)

    html = pages.client(shop.owner).get(f"/messages/{message}").content.decode()

    assert html.count("<mark>–</mark>") == 20
    assert "Segment 3 · " in html
    assert "× 3" in html


def test_the_page_tells_who_had_it_and_when_text_and_record_vanish() -> None:
    world = make_workspace()
    (draft,) = messaging.accept(world)
    messaging.finish(world, [draft])

    html = pages.client(world.owner).get(f"/messages/{ids.encode(ids.MESSAGE, draft.id)}").content.decode()

    assert "Route chosen" in html
    assert "bind t, sequence 0" in html
    assert "Who had it, and until when" in html
    assert re.search(r"vanishes <time[^>]+>in 89 days", html)


def test_the_page_shows_the_same_by_api_with_a_masked_key_and_what_the_api_answers() -> None:
    shop = pages.shop()
    message = pages.message(shop, text="It's here.")

    html = unescape(pages.client(shop.owner).get(f"/messages/{message}").content.decode())

    assert "Bearer sk_test_…" in html
    assert '"body": "It\'"\'"\'s here."' in html
    assert f'"id": "{message}"' in html


def test_an_error_leads_to_its_explanation() -> None:
    world = make_workspace()
    (draft,) = messaging.accept(world)
    with superuser() as database:
        database.execute(
            "SELECT pipeline.finish(%s::uuid[], %s::text[], %s::text[], %s)",
            [[draft.id], ["failed"], ["suppressed_recipient"], clock.now()],
        )

    html = pages.client(world.owner).get(f"/messages/{ids.encode(ids.MESSAGE, draft.id)}").content.decode()

    assert 'href="/docs/errors/suppressed_recipient"' in html
    assert "Price returned" in html


def test_the_page_takes_the_same_queries_for_one_step_and_for_fifty() -> None:
    few, many = make_workspace(), make_workspace()
    (short,), (long,) = messaging.accept(few), messaging.accept(many)
    messaging.finish(few, [short])
    messaging.finish(many, [long])
    with superuser() as database:
        database.execute(
            "INSERT INTO messaging_attempt (message_id, part, attempt, workspace_id, carrier_id, session, sequence, "
            "outcome, submitted_at) SELECT message_id, part, n, workspace_id, carrier_id, 's', n, 'accepted', "
            "submitted_at FROM messaging_attempt, generate_series(2, 50) n WHERE message_id = %s",
            [long.id],
        )

    assert queries(few, short) == queries(many, long) <= 22


def queries(world: World, draft: Draft) -> int:
    browser, path = pages.client(world.owner), f"/messages/{ids.encode(ids.MESSAGE, draft.id)}"
    browser.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


def test_each_step_says_how_long_after_the_first_it_came() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)
    browser.post(f"/messages/{message}/cancel")

    html = browser.get(f"/messages/{message}").content.decode()

    assert re.search(r"<small>\+\d+(\.\d)?\u00a0m?s</small>", html)
