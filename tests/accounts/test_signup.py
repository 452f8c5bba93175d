import datetime as dt
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts import links, upkeep
from accounts.models import User, Workspace
from billing import ledger
from messaging.models import Sender
from privacy.documents import notices
from privacy.models import AuditEvent
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.letters import Letters

PASSWORD = "a long and good one"


def an_address() -> str:
    return f"{uuid4().hex}@example.org"


def a_visitor() -> str:
    return f"fd00:{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


def sign_up(email: str, browser: Client | None = None, **fields: str) -> Any:
    form = {"email": email, "password": PASSWORD, "workspace": "Acme", "age": "on", **fields}
    return (browser or Client()).post("/sign-up", form, REMOTE_ADDR=a_visitor())


def sign_in(email: str, password: str = PASSWORD, browser: Client | None = None) -> Any:
    form = {"email": email, "password": password}
    return (browser or Client()).post("/sign-in", form, REMOTE_ADDR=a_visitor())


def joined(letters: Letters, **fields: str) -> str:
    email = an_address()
    sign_up(email, None, **fields)
    Client().post(letters.link(email))
    return email


def shown(response: Any) -> list[str]:
    """A page without what differs by request."""
    text = re.sub(r'value="[^"]{40,}"|req_\w+', "", response.content.decode())
    return text.splitlines()


@pytest.mark.promise("otp-15")
def test_signing_up_leads_to_a_workspace_in_which_test_mode_works_at_once(letters: Letters) -> None:
    pages.shop()  # and with it a carrier
    browser, email = Client(), an_address()

    assert sign_up(email, browser)["Location"] == "/sign-up/sent"
    assert email in browser.get(letters.link(email)).content.decode()
    browser.post(letters.link(email))
    assert sign_in(email, browser=browser)["Location"] == "/"
    browser.post("/mode", {"mode": "test"})
    form = {"to": pages.TO, "sender": "Demo", "text": "Hello", "category": "transactional", "token": str(uuid4())}
    sent = browser.post("/send", form)

    assert sent.status_code == 302
    user = User.objects.get_by_natural_key(email)
    assert (user.policy_version, user.workspace_wanted) == (notices.number_in_effect("policy"), "")
    assert user.age_attested_at
    assert user.policy_seen_at


def test_following_the_link_alone_confirms_nothing(letters: Letters) -> None:
    email = an_address()
    sign_up(email)

    Client().get(letters.link(email))

    assert User.objects.get_by_natural_key(email).email_confirmed_at is None


def test_the_link_works_once(letters: Letters) -> None:
    email = an_address()
    sign_up(email)
    link = letters.link(email)

    statuses = [Client().post(link).status_code for _ in range(2)]

    assert statuses == [302, 410]


@pytest.mark.parametrize("age", [dt.timedelta(hours=49), dt.timedelta(days=30)])
def test_the_link_is_over_after_two_days(letters: Letters, monkeypatch: pytest.MonkeyPatch, age: dt.timedelta) -> None:
    email = an_address()
    sign_up(email)
    monkeypatch.setattr(links, "CONFIRMATION_KEPT", links.CONFIRMATION_KEPT - age)

    assert Client().post(letters.link(email)).status_code == 410


@pytest.mark.parametrize("token", ["x", "WyJ4Il0:1:2", "a:b:c", "é", "null:1v:sig"])
def test_a_link_that_we_did_not_make_is_over(token: str) -> None:
    for path in ("/sign-up/confirm/", "/password/reset/", "/email/"):
        assert Client().get(path + token).status_code == 410


def test_a_link_of_one_kind_is_none_of_another(letters: Letters) -> None:
    email = an_address()
    sign_up(email)
    token = letters.link(email).rsplit("/", 1)[1]

    assert Client().get(f"/password/reset/{token}").status_code == 410
    assert Client().get(f"/email/{token}").status_code == 410


def test_a_second_wish_takes_the_place_of_the_first(letters: Letters) -> None:
    email = an_address()
    sign_up(email, workspace="First")
    first = letters.link(email)
    sign_up(email, workspace="Second", password="another good one")

    assert Client().post(first).status_code == 410
    Client().post(letters.link(email))
    assert sign_in(email).status_code == 422
    assert sign_in(email, "another good one").status_code == 302


def test_an_address_with_an_account_gets_the_same_answer_and_a_mail_that_says_so(letters: Letters) -> None:
    user, known = pages.person()
    unknown, before = an_address(), user.password

    answers = [sign_up(email) for email in (known, unknown)]

    assert [(a.status_code, a["Location"], a.content) for a in answers] == [(302, "/sign-up/sent", b"")] * 2
    assert letters.subjects(known) == ["You already have an account"]
    assert letters.subjects(unknown) == ["Confirm your e-mail address"]
    assert User.objects.get(id=user.id).password == before


def test_who_has_not_confirmed_is_told_so_only_with_the_right_password(letters: Letters) -> None:
    email = an_address()
    sign_up(email)

    right, wrong = sign_in(email), sign_in(email, "not this one")

    assert right.status_code == wrong.status_code == 422
    assert "Confirm your address first" in right.content.decode()
    assert "Confirm your address" not in wrong.content.decode()


def test_the_confirmation_is_sent_again_but_not_without_end(letters: Letters) -> None:
    email = an_address()
    sign_up(email)

    answers = [Client().post("/sign-up/resend", {"email": email}, REMOTE_ADDR=a_visitor()) for _ in range(5)]

    assert [answer.status_code for answer in answers][:2] == [302, 302]
    assert answers[-1].status_code == 422
    assert "Too many attempts" in answers[-1].content.decode()
    assert len(letters.to(email)) <= 4


def test_asking_again_tells_nothing_of_who_waits(letters: Letters) -> None:
    waiting, settled, unknown = an_address(), pages.person()[1], an_address()
    sign_up(waiting)

    answers = [Client().post("/sign-up/resend", {"email": email}) for email in (waiting, settled, unknown)]

    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, "/sign-up/sent")}
    assert letters.to(settled) == letters.to(unknown) == []


@pytest.mark.promise("otp-49", "transit-111", "team-57")
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "nobody", "name@example.org"),
        ("email", "a@example.org\nBcc: b@example.org", "name@example.org"),
        ("password", "short", "too short"),
        ("password", "1234567890", "too common"),
        ("workspace", "A\nBcc: b@example.org", "one line"),
        ("workspace", "", "required"),
        ("age", "", "confirm your age"),
    ],
)
def test_a_bad_field_is_named_and_what_was_typed_stays(letters: Letters, field: str, value: str, words: str) -> None:
    email = an_address()
    form = {"email": email, "password": PASSWORD, "workspace": "Acme", "age": "on"}

    response = Client().post("/sign-up", form | {field: value}, REMOTE_ADDR=a_visitor())

    html = response.content.decode()
    assert response.status_code == 422
    assert words in html
    assert field == "email" or email in html
    assert PASSWORD not in html
    assert letters.to(email) == []


@pytest.mark.promise("otp-04", "api-08", "team-08", "transit-48")
def test_further_fields_are_asked_for_only_when_the_operator_collects_them(letters: Letters, settings: Any) -> None:
    plain = Client().get("/sign-up").content.decode()
    settings.POLICY_PROFILE = "otp"
    more = Client().get("/sign-up").content.decode()

    email = joined(letters, company="Acme Ltd", phone="+49 30 123456")

    assert 'name="company"' not in plain
    assert 'name="phone"' not in plain
    assert 'name="company"' in more
    user = User.objects.get_by_natural_key(email)
    assert (user.company, user.phone) == ("Acme Ltd", "+49 30 123456")


def test_fields_that_are_not_collected_are_not_kept_either(letters: Letters) -> None:
    email = joined(letters, company="Acme Ltd", phone="+49 30 123456")

    user = User.objects.get_by_natural_key(email)

    assert (user.company, user.phone) == (None, None)


def test_a_new_workspace_has_test_money_and_a_sender(letters: Letters) -> None:
    browser, email = Client(), joined(letters)
    sign_in(email, browser=browser)
    place = browser.get("/messages").wsgi_request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware

    with scope.workspace(place.id):
        assert Workspace.objects.get().name == "Acme"
        assert [sender.address for sender in Sender.objects.all()] == ["Demo"]
        actions = set(AuditEvent.objects.filter(workspace_id=place.id).values_list("action", flat=True))
    assert {"user:workspace:created", "user:account:confirmed", "user:session:started"} <= actions


def test_outside_the_demo_no_live_credit_is_given_away(letters: Letters, settings: Any) -> None:
    settings.DEMO = False
    browser, email = Client(), joined(letters)
    sign_in(email, browser=browser)
    place = browser.get("/account").wsgi_request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware

    test = ledger.balance(workspace=place.id, currency="EUR", livemode=False)
    live = ledger.balance(workspace=place.id, currency="EUR", livemode=True)

    assert test.available > 0
    assert live.available == 0


def test_who_comes_to_join_others_needs_no_workspace_and_goes_on_there(letters: Letters) -> None:
    browser, email = Client(), an_address()

    page = browser.get("/sign-up?next=/join/abc").content.decode()
    sign_up(email, browser, workspace="", next="/join/abc")
    browser.post(letters.link(email))

    assert 'name="workspace"' not in page
    assert sign_in(email, browser=browser)["Location"] == "/join/abc"
    assert browser.get("/no-workspace").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
def test_signing_up_never_leads_to_another_site(letters: Letters, target: str) -> None:
    browser, email = Client(), an_address()
    sign_up(email, browser, next=target)
    browser.post(letters.link(email))

    assert sign_in(email, browser=browser)["Location"] == "/"


def test_links_in_mails_do_not_follow_the_host_header(letters: Letters, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    email = an_address()

    form = {"email": email, "password": PASSWORD, "workspace": "Acme", "age": "on"}
    Client().post("/sign-up", form, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})

    for part in (letters.to(email)[0].body, letters.to(email)[0].alternatives[0][0]):
        assert "evil.example" not in part
        assert settings.BASE_URL in part


def test_sign_ups_that_nobody_confirms_are_forgotten(letters: Letters) -> None:
    old, young, confirmed = an_address(), an_address(), joined(letters)
    sign_up(old)
    sign_up(young)
    at = clock.now() + upkeep.UNCONFIRMED_KEPT
    User.objects.filter(email_idx=User.email_index(old)).update(created_at=clock.now() - dt.timedelta(minutes=1))
    User.objects.filter(email_idx=User.email_index(young)).update(created_at=clock.now() + dt.timedelta(days=1))

    upkeep.purge_unconfirmed(at=at)

    kept = [User.objects.filter(email_idx=User.email_index(email)).exists() for email in (old, young, confirmed)]
    assert kept == [False, True, True]
