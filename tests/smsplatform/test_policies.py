"""The documents at their addresses, the banner, the mails, the header and the API: who is told what, and when."""

import datetime as dt
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client

from accounts import policy_letters
from accounts.models import User
from privacy.documents import notices, versions
from privacy.live import documents as live
from privacy.models import DocumentReader, DocumentVersion
from smsplatform.lib import clock
from smsplatform.models import Announcement
from tests.factories import installation, pages
from tests.privacy.documents.conftest import no_versions

pytestmark = pytest.mark.usefixtures("no_versions")
__all__ = ["no_versions"]
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


def get(path: str, browser: Client | None = None, **headers: str) -> str:
    response = (browser or Client()).get(path, headers=headers)
    assert response.status_code == 200, path
    return response.content.decode()


@pytest.fixture
def version(settings: Any) -> DocumentVersion:
    """Version 1 of the transit policy in effect, version 2 with the otp values announced for in 30 days."""
    at = clock.now()
    settings.POLICY_PROFILE = "transit"
    versions.publish_first(at=at)
    settings.POLICY_PROFILE = "otp"
    made = versions.draft(document="policy", by=uuid4(), at=at)
    versions.announce(version=made, effective_at=at + 30 * DAY, by=uuid4(), at=at)
    notices.forget()
    notices.coming()
    return made


def apply(version: DocumentVersion) -> None:
    assert version.effective_at is not None
    versions.take_effect(at=version.effective_at)
    notices.forget()
    notices.coming()  # asked now, so that the header need not wait


@pytest.mark.promise("transit-117", "otp-01", "fleet-01", "api-06", "otp-51", "api-34")
def test_every_version_stays_at_its_address_with_its_dates_and_its_words(version: DocumentVersion) -> None:
    first, second = get("/privacy/policy/1"), get("/privacy/policy/2")

    assert "We hold the text of a message for 24 hours" in first
    assert "We hold the text of a message for 7 days" in second
    assert get("/privacy/policy").count("for 24 hours") >= 1
    assert "Den Text einer Nachricht halten wir 24 Stunden" in get("/privacy/policy/1?language=de")
    apply(version)
    assert "We hold the text of a message for 7 days" in get("/privacy/policy")
    assert "This version does not apply any more" in get("/privacy/policy/1")
    assert "We hold the text of a message for 24 hours" in get("/privacy/policy/1")
    archive = get("/privacy/policy/versions")
    assert "/privacy/policy/1" in archive
    assert "/privacy/policy/2/changes" in archive


def test_the_changes_are_told_in_words_and_line_by_line(version: DocumentVersion) -> None:
    html = get("/privacy/policy/2/changes")

    assert "How long texts can be read: 24 hours becomes 7 days." in html
    assert '<del class="diff-line">We hold the text of a message for 24 hours' in html
    assert '<ins class="diff-line">We hold the text of a message for 7 days' in html
    assert "of weight" in html
    assert "No longer said (transit-42)" in html


@pytest.mark.parametrize("path", ["policy/3", "policy/1/changes", "policy/0", "other/1", "policy/2/nothing"])
def test_what_is_not_there_is_not_found(version: DocumentVersion, path: str) -> None:
    assert Client().get(f"/privacy/{path}").status_code == 404


def test_a_draft_is_nobodys_business(version: DocumentVersion) -> None:
    versions.draft(document="terms", by=uuid4(), at=clock.now())

    assert Client().get("/privacy/terms/2").status_code == 404
    assert "terms/2" not in get("/privacy/notices.atom") + get("/v1/notices")


@pytest.mark.promise("transit-116", "api-36")
def test_programs_are_told_by_header_list_and_feed(version: DocumentVersion) -> None:
    shop = pages.shop()

    response = Client().get("/v1/notices")
    listed = response.json()["data"]
    refused = Client().get("/v1/messages")

    assert listed[0]["version"] == 2
    assert (listed[0]["state"], listed[0]["material"]) == ("announced", True)
    assert "How long texts can be read: 24 hours becomes 7 days." in listed[0]["changes"]
    assert response["Policy-Notice"].startswith('policy;version=2;effective="')
    assert refused["Policy-Notice"] == response["Policy-Notice"]
    assert "Privacy policy, version 2" in get("/privacy/notices.atom")
    assert "Policy-Notice" not in pages.client(shop.owner).get("/overview")
    apply(version)
    assert "Policy-Notice" not in Client().get("/v1/notices")


def test_the_list_holds_the_notices_of_the_operator_too_and_pages_through_both(version: DocumentVersion) -> None:
    at, word = clock.now(), uuid4().hex
    for hours, ends in ((-2, 1), (-2, -1), (1, 2)):
        Announcement(
            title=f"{word} {hours} {ends}", text="Receipts are late.", tone="warn", starts_at=at + hours * HOUR,
            ends_at=at + ends * HOUR, created_at=at, created_by=uuid4(),
        ).save(using="system", force_insert=True)  # fmt: skip

    everything, after = [], ""
    while True:
        body = Client().get(f"/v1/notices?limit=1{after}").json()
        everything += body["data"]
        if not body["has_more"]:
            break
        after = f"&cursor={body['next_cursor']}"
    mine = [each for each in everything if word in (each["title"] or "")]

    assert [(each["state"], each["severity"], each["kind"]) for each in mine] == [
        ("over", "warning", "operator"), ("shown", "warning", "operator")
    ]  # fmt: skip
    assert all(each["id"].startswith("ann_") and each["version"] is None for each in mine)
    assert {each["kind"] for each in everything} == {"document", "operator"}
    assert len({each["id"] for each in everything}) == len(everything)
    only = Client().get("/v1/notices?kind=document").json()["data"]
    assert {each["kind"] for each in only} == {"document"}
    assert Client().get("/v1/notices?kind=gossip").status_code in (400, 422)


@pytest.mark.promise("transit-116")
def test_the_banner_is_on_every_page_until_it_is_put_away_and_that_is_noted(version: DocumentVersion) -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)
    User.objects.filter(pk=shop.owner.pk).update(policy_version="1")

    assert "version 2 applies from" in get("/overview", browser)
    assert "version 2 applies from" in get("/messages", browser)
    notice = notices.coming()[0]
    assert browser.post(f"/privacy/notices/{notice.id}/dismiss", {"next": "/messages"})["Location"] == "/messages"
    assert "version 2 applies from" not in get("/messages", browser)
    assert "version 2 applies from" not in get("/messages", pages.client(shop.owner))

    row = DocumentReader.objects.get(version=version, user_id=shop.owner.pk)
    assert row.shown_at is not None
    assert row.dismissed_at is not None
    assert row.continued_at is None


@pytest.mark.promise("otp-03", "api-07", "api-37", "team-61")
def test_what_somebody_was_shown_is_noted_apart_from_their_going_on(version: DocumentVersion) -> None:
    shop = pages.shop()
    User.objects.filter(pk=shop.owner.pk).update(policy_version="1")
    apply(version)
    browser = pages.client(shop.owner)

    assert "version 2 applies since" in get("/overview", browser)
    row = DocumentReader.objects.get(version=version, user_id=shop.owner.pk)
    assert (row.shown_at is None, row.continued_at) == (False, None)
    assert User.objects.get(pk=shop.owner.pk).policy_version == "2"

    get("/messages", browser)
    row.refresh_from_db()
    assert row.continued_at is not None


def test_the_explorer_opens_for_somebody_who_has_not_been_told_yet(version: DocumentVersion) -> None:
    shop = pages.shop()
    User.objects.filter(pk=shop.owner.pk).update(policy_version="")

    assert "swagger" in get("/api/explorer", pages.client(shop.owner))


def test_a_stranger_is_told_by_no_banner_and_gets_no_cookie(version: DocumentVersion) -> None:
    response = Client().get("/privacy")

    assert "applies from" not in response.content.decode()
    assert not response.cookies


@pytest.mark.parametrize("notice", ["ntc_nonsense", "msg_01h455vb4pex5vsknk084sn02q"])
def test_a_notice_that_does_not_exist_cannot_be_put_away(version: DocumentVersion, notice: str) -> None:
    browser = pages.client(pages.shop().owner)

    assert browser.post(f"/privacy/notices/{notice}/dismiss").status_code == 404


@pytest.mark.promise("transit-116", "api-35", "team-60")
def test_everybody_is_mailed_once_in_their_language(version: DocumentVersion, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    german, english = pages.shop().owner, pages.shop().owner
    User.objects.filter(pk=german.pk).update(locale="de")
    mail.outbox = []

    policy_letters.send_due()
    policy_letters.send_due()

    sent = {letter.to[0]: letter for letter in mail.outbox if letter.to[0] in (german.email, english.email)}
    assert len([letter for letter in mail.outbox if letter.to[0] == english.email]) == 1
    assert "24 hours becomes 7 days" in sent[english.email].body
    assert "Datenschutzerklärung" in sent[german.email].subject
    assert "/privacy/policy/2/changes" in sent[english.email].body
    assert DocumentReader.objects.get(version=version, user_id=english.pk).mailed_at is not None
    assert policy_letters.due() == []


def test_recipients_are_listed_with_what_they_are_given() -> None:
    html = get("/privacy/recipients")

    assert "The carriers whose accounts the operator entered" in html
    assert "Text of a message" in html


@pytest.mark.promise("team-59", "team-23")
@pytest.mark.parametrize(("until", "over"), [("2099-01-01", False), ("2020-01-01", True)])
def test_a_provider_is_listed_with_country_safeguard_and_the_end_of_its_contract(
    tmp_path: Path, until: str, over: bool
) -> None:
    safeguard = "Decision (EU) 2021/914, module 3"
    with installation.providers_listed(tmp_path, country="US", safeguard=safeguard, evidence_until=until):
        html, found = get("/privacy/recipients"), live.subprocessors(clock.now())

    for words in ("Hosting GmbH", "United States", safeguard, "contract 17", until[:4]):
        assert words in html
    assert ("run out" in html) is over
    assert found.holds is not over


@pytest.mark.parametrize("document", ["policy", "terms", "processing", "transfers"])
def test_before_the_first_version_the_page_says_what_will_apply(document: str) -> None:
    assert "not published yet" in get(f"/privacy/{document}")
