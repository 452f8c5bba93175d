"""The pages on which people of a workspace ask support."""

import pytest
from django.test import Client

from accounts import support
from accounts.models import SupportThread
from accounts.support import State
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages, staff
from tests.factories import support as cases
from tests.factories.superuser import superuser


@pytest.fixture(scope="module")
def shop() -> pages.Shop:
    return pages.shop()


def ask(browser: Client, **changed: str) -> tuple[int, str]:
    form = {"topic": "delivery", "subject": cases.SUBJECT, "text": cases.TEXT, "about": "", **changed}
    answer = browser.post("/support/new", form)
    return answer.status_code, answer.get("Location", "") or answer.content.decode()


def threads(shop: pages.Shop) -> list[SupportThread]:
    with scope.workspace(shop.workspace.pk):
        return list(SupportThread.objects.filter(workspace_id=shop.workspace.pk).order_by("id"))


@pytest.mark.promise("team-19")
def test_somebody_asks_is_answered_asks_again_and_settles_it() -> None:
    shop, member = pages.shop(), staff.member()
    browser = pages.client(shop.viewer)
    assert "Nothing asked yet" in browser.get("/support").content.decode()

    status, here = ask(browser, about=pages.message(shop))
    (thread,) = threads(shop)
    assert (status, here) == (302, f"/support/{thread.number}")
    with scope.workspace(shop.workspace.pk):
        support.answer(thread=thread, by=member, text="<b>We look.</b>", resolves=False, at=clock.now())

    page = browser.get(here).content.decode()
    assert "&lt;b&gt;We look.&lt;/b&gt;" in page
    assert member.email not in page
    assert thread.about in page
    browser.post(f"{here}/write", {"text": "And now?"})
    assert threads(shop)[0].state == State.OPEN
    browser.post(f"{here}/resolved")
    assert threads(shop)[0].state == State.RESOLVED
    assert "Still open?" in browser.get(here).content.decode()
    browser.post(f"{here}/write", {"text": "It came back."})
    assert threads(shop)[0].state == State.OPEN
    assert cases.SUBJECT in browser.get("/support").content.decode()


def test_the_inspector_of_a_message_leads_to_a_question_about_it(shop: pages.Shop) -> None:
    message, browser = pages.message(shop), pages.client(shop.owner)

    assert f"/support/new?message={message}" in browser.get(f"/messages/{message}").content.decode()
    assert f'value="{message}"' in browser.get(f"/support/new?message={message}").content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("topic", ""), ("topic", "nonsense"), ("subject", ""), ("subject", "x" * 121), ("text", " "),
        ("text", "x" * 5001), ("text", "a\x00b"), ("about", "msg_nothing"), ("about", "x" * 41),
        ("about", "msg_01m7zxgndhech94vnehj360j92"),
    ],
)  # fmt: skip
def test_a_poor_question_is_refused_at_its_field_and_keeps_what_was_typed(
    shop: pages.Shop, field: str, value: str
) -> None:
    before = len(threads(shop))

    status, page = ask(pages.client(shop.owner), **{"text": "Kept as typed.", field: value})

    assert status == 422
    assert 'aria-invalid="true"' in page
    assert f'id="id_{field}_error"' in page
    assert field == "text" or "Kept as typed." in page
    assert len(threads(shop)) == before


def test_a_message_of_another_workspace_is_none(shop: pages.Shop) -> None:
    status, page = ask(pages.client(shop.owner), about=pages.message(pages.shop()))

    assert status == 422
    assert "no such message" in page


def test_an_empty_letter_is_refused(shop: pages.Shop) -> None:
    thread = cases.thread(shop.workspace, shop.owner)

    answer = pages.client(shop.owner).post(f"/support/{thread.number}/write", {"text": ""})

    assert answer.status_code == 422


def test_too_many_questions_in_a_day_are_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = pages.shop()
    monkeypatch.setattr(support, "THREADS_MAX", 1)
    cases.thread(shop.workspace, shop.owner)

    status, page = ask(pages.client(shop.owner))

    assert status == 422
    assert "are the limit" in page
    assert cases.TEXT in page


def test_owners_read_all_and_others_their_own(shop: pages.Shop) -> None:
    of_owner, of_viewer = cases.thread(shop.workspace, shop.owner), cases.thread(shop.workspace, shop.viewer)
    owner, viewer = pages.client(shop.owner), pages.client(shop.viewer)

    assert {owner.get(f"/support/{each.number}").status_code for each in (of_owner, of_viewer)} == {200}
    assert viewer.get(f"/support/{of_viewer.number}").status_code == 200
    assert viewer.get(f"/support/{of_owner.number}").status_code == 404
    assert viewer.post(f"/support/{of_owner.number}/write", {"text": "Let me in."}).status_code == 404
    assert viewer.post(f"/support/{of_owner.number}/resolved").status_code == 404
    listed = viewer.get("/support").content.decode()
    assert of_viewer.number in listed
    assert of_owner.number not in listed


@pytest.mark.promise("otp-33")
def test_another_workspace_reads_and_writes_nothing(shop: pages.Shop) -> None:
    thread, stranger = cases.thread(shop.workspace, shop.owner), pages.client(pages.shop().owner)

    assert stranger.get(f"/support/{thread.number}").status_code == 404
    assert stranger.post(f"/support/{thread.number}/write", {"text": "Mine?"}).status_code == 404
    assert stranger.post(f"/support/{thread.number}/resolved").status_code == 404
    assert stranger.get(f"/support?before={thread.number}").status_code == 404


@pytest.mark.promise("transit-16", "transit-62")
def test_what_is_over_is_not_shown_though_no_purge_ran(shop: pages.Shop) -> None:
    thread, browser = cases.resolved(shop.workspace, shop.owner), pages.client(shop.owner)
    assert browser.get(f"/support/{thread.number}").status_code == 200
    with superuser() as connection:
        connection.execute(
            "UPDATE accounts_support_thread SET resolved_at = resolved_at - interval '366 days' WHERE id = %s",
            [thread.pk],
        )

    assert browser.get(f"/support/{thread.number}").status_code == 404
    assert thread.number not in browser.get("/support").content.decode()


def test_the_list_goes_on_and_asks_as_often_for_many_as_for_one(django_assert_max_num_queries: object) -> None:
    shop = pages.shop()
    with scope.workspace(shop.workspace.pk):
        for number in range(30):
            SupportThread.objects.create(
                workspace=shop.workspace, user=shop.owner, number=f"SUP-T{ids.uuid7().hex[-7:]}", topic="other",
                subject=f"Question {number}", opened_at=clock.now(), last_at=clock.now(), asked_at=clock.now(),
            )  # fmt: skip
    browser = pages.client(shop.owner)

    with django_assert_max_num_queries(20):  # type: ignore[operator]  # pytest-django's fixture
        first = browser.get("/support").content.decode()

    older = first.partition("?before=")[2].partition('"')[0]
    assert "Question 29" in first
    assert "Question 4<" not in first
    assert "Question 4<" in browser.get(f"/support?before={older}").content.decode()
