import smtplib
from email import message_from_bytes, policy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client

from smsplatform.lib import mail, outbox
from smsplatform.templatetags.mail import ForeignLink

CONTEXT = {"endpoint": "whk_1", "host": "example.com", "workspace": "A & B", "reason": "gone", "last": "HTTP 410",
           "since": "2026-01-01T00:00:00Z", "at": "2026-01-02 00:00 UTC"}  # fmt: skip
TEMPLATE = "messaging/webhook_disabled"
EVERY = [one.template for one in mail.registered()]


class Refusing(BaseEmailBackend):
    """A mail server that is down."""

    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected("refused somebody@example.org")


def sent(**context: Any) -> Any:
    django_mail.outbox.clear()
    mail.send(TEMPLATE, to=["a@example.org"], context={**CONTEXT, **context})
    return django_mail.outbox[0]


def sample(template: str) -> Any:
    return next(one.sample for one in mail.registered() if one.template == template)


def test_each_address_gets_a_mail_of_its_own() -> None:
    django_mail.outbox.clear()

    count = mail.send(TEMPLATE, to=["a@example.org", "b@example.org"], context=CONTEXT)

    assert count == 2
    assert [one.to for one in django_mail.outbox] == [["a@example.org"], ["b@example.org"]]
    assert django_mail.outbox[0].subject == "Webhook endpoint switched off: example.com"
    assert "of your workspace A & B was switched" in " ".join(django_mail.outbox[0].body.split())


def test_both_parts_say_the_same_and_only_html_is_escaped() -> None:
    one = sent(workspace="<b>Tom & Jo</b>")
    html, kind = one.alternatives[0]

    assert kind == "text/html"
    assert "&lt;b&gt;Tom &amp; Jo&lt;/b&gt;" in html
    assert "<b>Tom & Jo</b>" in " ".join(one.body.split())
    assert "&amp;" not in one.body


def test_styles_are_on_the_elements_and_dark_colours_in_a_media_query() -> None:
    html = sent().alternatives[0][0]

    assert '<h1 style="' in html
    assert "prefers-color-scheme: dark" in html
    assert "{%" not in html
    assert "<link" not in html
    assert "src=" not in html


def test_a_reader_is_written_to_in_their_language_and_time() -> None:
    reader = SimpleNamespace(email="jo@example.org", locale="de", time_zone="Europe/Berlin")
    django_mail.outbox.clear()

    mail.send("accounts/new_device", to=[reader], context=sample("accounts/new_device"))

    one: Any = django_mail.outbox[0]
    assert "15:30 CET" in one.body
    assert 'lang="de"' in one.alternatives[0][0]


@pytest.mark.parametrize(
    "address", ["a@example.org\nBcc: b@example.org", "a@example.org, b@example.org", "Jo <a@example.org>", ""]
)
def test_an_address_that_is_more_than_one_is_refused(address: str) -> None:
    django_mail.outbox.clear()

    with pytest.raises(mail.Refused):
        mail.send(TEMPLATE, to=[address], context=CONTEXT)

    assert django_mail.outbox == []


@pytest.mark.parametrize("host", ["a\nBcc: b@example.org", "a\r\nX: y", "a\u2028b"])
def test_a_line_break_in_a_subject_is_refused(host: str) -> None:
    with pytest.raises(mail.Refused):
        sent(host=host)


def test_a_mail_that_nobody_registered_cannot_be_sent() -> None:
    with pytest.raises(mail.UnknownMail):
        mail.send("accounts/newsletter", to=["a@example.org"], context={})


def test_links_lead_to_our_own_pages_only() -> None:
    with pytest.raises(ForeignLink):
        mail.render("accounts/confirm", {"url": "https://evil.example/x", "hours": 1})


@pytest.mark.parametrize("template", EVERY)
@pytest.mark.parametrize("locale", ["en", "de"])
def test_every_mail_renders_with_its_sample(template: str, locale: str) -> None:
    letter = mail.render(template, sample(template), locale=locale)

    assert letter.subject
    for part in (letter.text, letter.html):
        assert "{{" not in part
        assert "None" not in part
    assert "<" not in letter.text
    assert max(len(line) for line in letter.text.splitlines() if "http" not in line) <= 76


def test_a_server_that_is_down_says_so_without_an_address(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"

    with pytest.raises(mail.Undelivered) as refused:
        mail.send(TEMPLATE, to=["somebody@example.org"], context=CONTEXT)

    assert "@" not in str(refused.value)
    assert refused.value.code == "SMTPServerDisconnected"


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "smsplatform.lib.outbox.Backend"
    directory = settings.OUTBOX_DIR = tmp_path / "outbox"
    return directory


def test_the_demo_keeps_mails_for_its_owner_only_and_the_newest_ones(kept: Path) -> None:
    letter = EmailMultiAlternatives("Hello", "text", "a@example.org", ["b@example.org"])

    outbox.Backend().send_messages([letter] * (outbox.KEPT + 3))

    files = sorted(kept.iterdir())
    assert len(files) == outbox.KEPT
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert message_from_bytes(files[0].read_bytes(), policy=policy.default)["Subject"] == "Hello"


def test_the_outbox_shows_a_mail_and_its_html_may_do_nothing(kept: Path) -> None:
    mail.send("accounts/confirm", to=["new@example.org"], context=sample("accounts/confirm"))
    browser = Client()

    listed = browser.get("/outbox").content.decode()
    address = listed.split('class="row-link" href="')[1].split('"')[0]
    alone = browser.get(f"{address}.html")

    assert "new@example.org" in listed
    assert "Confirm address" in browser.get(address).content.decode()
    assert alone["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "allow-scripts" not in alone["Content-Security-Policy"]
    assert alone["X-Frame-Options"] == "SAMEORIGIN"


def test_every_mail_can_be_previewed() -> None:
    browser = Client()

    for template in EVERY:
        assert browser.get(f"/outbox/preview/{template}").status_code == 200
        assert browser.get(f"/outbox/preview/{template}.html").status_code == 200
    assert all(template in browser.get("/outbox/preview").content.decode() for template in EVERY)


def test_outside_the_demo_there_is_no_outbox(settings: Any, kept: Path) -> None:
    mail.send("accounts/confirm", to=["new@example.org"], context=sample("accounts/confirm"))
    address = f"/outbox/eml_{'0' * 26}"
    settings.DEMO = False

    for path in ("/outbox", address, f"{address}.html", "/outbox/preview", "/outbox/preview/accounts/confirm"):
        assert Client().get(path).status_code == 404, path
