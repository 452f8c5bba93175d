"""What the published policies promise about accounts, each promise seen from outside."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django_otp.models import Device

from accounts.forms.account import ProfileForm
from accounts.forms.signup import SignUpForm
from accounts.models import User
from privacy import profiles, registry
from smsplatform.lib import mail
from tests.factories import pages
from tests.factories.letters import Letters

SESSION, CSRF = settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME
PUBLIC = ("/sign-in", "/sign-up", "/sign-up/sent", "/sign-up/resend", "/password", "/password/sent", "/nowhere")
SIGNED_IN = ("/messages", "/send", "/account", "/account/security", "/team", "/settings", "/outbox", "/docs")
FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.co.uk", "gmx.de", "proton.me", "qq.com", "mailbox.org")
PASSWORD = "a long and good one"
# What a page would have to call to tell browsers apart.
FINGERPRINTS = re.compile(
    r"canvas|webgl|AudioContext|navigator\.(?!clipboard|userAgentData\b)\w+|screen\.(width|height|colorDepth)"
    r"|getTimezoneOffset|hardwareConcurrency|deviceMemory|enumerateDevices|getBattery|FontFace"
)


def a_visitor() -> str:
    return f"fd00:{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


def sign_up(email: str) -> Any:
    form = {"email": email, "password": PASSWORD, "workspace": "Acme", "age": "on"}
    return Client().post("/sign-up", form, REMOTE_ADDR=a_visitor())


def visited(browser: Client) -> set[str]:
    """The cookies of a person who signs in and looks at everything."""
    shop = pages.shop()
    for path in PUBLIC:
        browser.get(path)
    browser.post("/sign-in", {"email": shop.email, "password": pages.PASSWORD}, REMOTE_ADDR=a_visitor())
    browser.post("/account", {"name": "Ada", "locale": "", "time_zone": "UTC"})
    for path in SIGNED_IN:
        browser.get(path)
    return {name for name, cookie in browser.cookies.items() if cookie.value}


@pytest.mark.promise("otp-04", "fleet-04", "api-08", "team-08")
def test_otp_04_an_account_holds_these_fields_and_no_others(settings: Any) -> None:
    settings.POLICY_PROFILE = "transit"
    least = set(SignUpForm(with_workspace=True).fields)
    settings.POLICY_PROFILE = "otp"
    most = set(SignUpForm(with_workspace=True).fields) | set(ProfileForm().fields)
    policy = registry.policy_of("accounts.User")

    assert least == {"email", "password", "workspace", "age"}
    assert most == least | {"company", "phone", "name", "locale", "time_zone"}
    assert {kind.category for kind in policy.fields.values()} == {
        "person_id", "email", "name", "msisdn", "secret", "account_meta", "workspace_meta",
    }  # fmt: skip


@pytest.mark.promise("otp-32")
def test_otp_32_passwords_are_hashed_slowly_guesses_slowed_and_a_second_factor_known() -> None:
    user, email = pages.person()
    statuses = [
        Client().post("/sign-in", {"email": email, "password": "wrong"}, REMOTE_ADDR=a_visitor()).status_code
        for _attempt in range(7)
    ]

    assert user.password.startswith("bcrypt_sha256$$2b$12$")
    assert statuses[:5] == [422] * 5
    assert statuses[-1] == 429
    assert any(model.__name__ == "TotpDevice" for model in apps.get_models())


@pytest.mark.promise("otp-36", "team-43")
def test_otp_36_a_cookie_keeps_people_signed_in_and_is_declared() -> None:
    _user, email = pages.person()
    browser = Client()
    answer = browser.post("/sign-in", {"email": email, "password": pages.PASSWORD}, REMOTE_ADDR=a_visitor())
    cookie = answer.cookies[SESSION]

    assert browser.get("/account").status_code == 200
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert any(store.name == "session cookie" for store in registry.stores())


@pytest.mark.promise("otp-37")
def test_otp_37_nothing_is_analysed_without_consent() -> None:
    answers = [Client().get(path) for path in PUBLIC]

    assert {name for answer in answers for name in answer.cookies} <= {SESSION, CSRF}
    for answer in answers:
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "connect-src 'self'" in policy
        assert not re.search(r"https?://", policy)


@pytest.mark.promise("otp-38", "team-46")
def test_otp_38_pages_can_be_read_without_cookies_and_signing_in_says_what_it_needs() -> None:
    assert [Client().get(path).status_code for path in ("/sign-in", "/sign-up", "/password")] == [200] * 3

    refused = Client(enforce_csrf_checks=True).post("/sign-in", {"email": "a@example.org", "password": "x"})

    assert refused.status_code == 403
    assert "your browser refuses cookies" in refused.content.decode()


@pytest.mark.promise("fleet-23")
def test_fleet_23_every_byte_of_a_long_password_counts() -> None:
    user, _email = pages.person()
    user.set_password("x" * 80 + "a")

    assert user.check_password("x" * 80 + "a")
    assert not user.check_password("x" * 80 + "b")
    assert user.password.startswith("bcrypt_sha256$$2b$12$")


@pytest.mark.promise("fleet-41", "otp-40")
def test_fleet_41_address_company_and_contact_can_be_changed_at_any_time(letters: Letters, settings: Any) -> None:
    settings.POLICY_PROFILE = "otp"
    shop, new = pages.shop(), f"{uuid4().hex}@example.org"
    browser = pages.client(shop.owner)

    form = {"name": "Ada", "company": "Acme Ltd", "phone": "+49 30 123456", "locale": "", "time_zone": "UTC"}
    browser.post("/account", form)
    browser.post("/account/security/email", {"email": new, "current": pages.PASSWORD})
    Client().post(letters.link(shop.email))
    Client().post(letters.link(new))

    user = User.objects.get(id=shop.owner.id)
    assert (user.email, user.name, user.company, user.phone) == (new, "Ada", "Acme Ltd", "+49 30 123456")


@pytest.mark.promise("fleet-48")
def test_fleet_48_only_cookies_that_are_needed_are_set() -> None:
    browser = Client()
    browser.post("/language", {"language": "en"})

    assert visited(browser) == {SESSION, CSRF, settings.LANGUAGE_COOKIE_NAME}


@pytest.mark.promise("transit-05", "fleet-13", "api-14")
def test_transit_05_mails_are_of_these_kinds_and_all_are_declared() -> None:
    files = {str(path.relative_to(_mails()).with_suffix("")) for path in _mails().rglob("*.mail")}

    assert {str(kind) for kind in mail.Category} == {"confirmation", "notification", "alert", "prices"}
    assert {one.template for one in mail.registered()} == files


@pytest.mark.promise("transit-06")
@pytest.mark.parametrize("provider", FREE_MAIL)
def test_transit_06_an_address_of_any_provider_will_do(letters: Letters, provider: str) -> None:
    email = f"{uuid4().hex}@{provider}"

    sign_up(email)
    Client().post(letters.link(email))

    assert User.objects.get_by_natural_key(email).email_confirmed_at


@pytest.mark.promise("transit-48")
def test_transit_48_no_phone_is_asked_for_and_none_is_a_factor(letters: Letters) -> None:
    email = f"{uuid4().hex}@example.org"
    sign_up(email)

    assert profiles.value("profile.collect") == ()
    assert 'name="phone"' not in Client().get("/sign-up").content.decode()
    assert User.objects.get_by_natural_key(email).phone is None
    factors = [model for model in apps.get_models() if issubclass(model, Device)]
    assert not [model for model in factors if re.search("sms|phone|call|twilio", model.__name__, re.IGNORECASE)]


@pytest.mark.promise("transit-49")
def test_transit_49_nothing_tells_browsers_apart_but_the_session() -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)
    html = "".join(browser.get(path).content.decode() for path in (*PUBLIC, *SIGNED_IN))
    ours = [path for path in (settings.ROOT / "static").rglob("*.js") if "vendor" not in path.parts]

    assert all(source.startswith("/static/") for source in re.findall(r'<script[^>]* src="([^"]+)"', html))
    assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(?!\s*</script>)", html)
    assert [(path.name, found[0]) for path in ours if (found := FINGERPRINTS.search(path.read_text()))] == []


@pytest.mark.promise("transit-107", "transit-109", "team-48")
def test_transit_107_a_visit_leaves_session_and_csrf_cookies() -> None:
    assert visited(Client()) == {SESSION, CSRF}


@pytest.mark.promise("transit-108", "team-44")
def test_transit_108_a_theme_cookie_comes_only_by_choosing() -> None:
    browser = Client()
    visited(browser)
    assert "theme" not in browser.cookies

    browser.post("/theme", {"theme": "dark"})
    assert browser.cookies["theme"].value == "dark"

    browser.post("/theme", {"theme": "system"})
    assert browser.cookies["theme"].value == ""


def _mails() -> Path:
    return Path(settings.ROOT) / "templates" / "email"
