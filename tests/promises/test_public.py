"""What we promise to people who only look: each test carries the number of its promise."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from tests.factories import installation, pages

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = ("/", "/welcome", "/prices", "/status", "/privacy", "/privacy/policy", "/docs", "/docs/errors", "/nowhere")
INSIDE = ("/overview", "/messages", "/send", "/handsets", "/docs/api")
# Nothing is absolutely secure, so nothing we say may sound like it.
ABSOLUTE = re.compile(
    r"100\s*%\s*(?:secure|safe)|(?:absolut|complet|total|perfect|fully)\w*\s+(?:secure|safe)|unbreakable|unhackable|"
    r"hack-?proof|bullet-?proof|military[- ]grade|bank[- ]grade|guaranteed?\s+(?:secur|safe)\w*|"
    r"impossible to (?:hack|break)|(?:absolut|völlig|vollkommen|hundertprozentig|100\s*%ig)\w*\s+sicher",
    re.IGNORECASE,
)


@pytest.mark.promise("otp-38")
@pytest.mark.parametrize("path", PUBLIC)
def test_otp_38_the_site_can_be_read_without_cookies(path: str) -> None:
    browser = Client()

    response = browser.get(path)

    assert response.status_code == (404 if path == "/nowhere" else 200)
    assert not response.cookies
    assert "<h1" in response.content.decode()


@pytest.mark.promise("transit-108")
@pytest.mark.parametrize("path", PUBLIC)
def test_transit_108_the_first_visit_sets_no_theme_and_a_get_never_does(path: str) -> None:
    browser = Client()

    browser.get(f"{path}?theme=dark")
    browser.get("/theme?theme=dark")

    assert "theme" not in browser.cookies


@pytest.mark.promise("transit-108")
def test_transit_108_choosing_colours_sets_the_cookie_and_choosing_the_systems_removes_it() -> None:
    browser = Client(enforce_csrf_checks=True)

    chosen = browser.post("/theme", {"theme": "dark"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert chosen.cookies["theme"].value == "dark"
    removed = browser.post("/theme", {"theme": "system"}, headers={"Sec-Fetch-Site": "same-origin"})

    assert removed.cookies["theme"]["max-age"] == 0


@pytest.mark.promise("transit-108")
@pytest.mark.parametrize("path", ["/theme", "/language"])
@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_transit_108_another_site_cannot_choose_for_somebody(path: str, origin: str) -> None:
    response = Client().post(path, {"theme": "dark", "language": "de"}, headers={"Sec-Fetch-Site": origin})

    assert response.status_code == 403
    assert not response.cookies


def requested(html: str) -> Iterator[str]:
    """Everything a browser loads by itself for this page."""
    yield from re.findall(r'<(?:script|img|iframe|source|embed|object)\b[^>]*?\s(?:src|data|srcset)="([^"]+)"', html)
    yield from re.findall(r'<link\b[^>]*\shref="([^"]+)"', html)


@pytest.mark.promise("transit-49", "transit-55", "transit-109", "team-48")
def test_transit_49_pages_load_nothing_from_others_and_only_known_scripts() -> None:
    browser = pages.client(pages.shop().owner)
    visited = [(Client(), path) for path in PUBLIC] + [(browser, path) for path in INSIDE]

    loaded = {url for who, path in visited for url in requested(who.get(path).content.decode())}
    scripts = {url.rsplit("/", 1)[-1] for url in loaded if url.endswith(".js")}

    assert loaded
    assert not [url for url in loaded if urlsplit(url).netloc]
    assert all(url.startswith("/static/") for url in loaded)
    assert scripts <= {"app.js", "htmx-4.min.js", "htmx-4.js", "django-htmx.js"}


@pytest.mark.promise("transit-49")
def test_transit_49_our_script_and_styles_take_no_fingerprint_and_call_nobody() -> None:
    for name in ("app.js", "app.css"):
        text = Path(str(finders.find(name))).read_text()
        assert not re.search(r"https?://|//[a-z0-9-]+\.[a-z]", text)
        assert not re.search(
            r"canvas|getImageData|AudioContext|RTCPeer|navigator\.(?!clipboard)|screen\.|sendBeacon", text
        )


@pytest.mark.promise("transit-49")
@pytest.mark.parametrize("path", [*PUBLIC, "/sign-in"])
def test_transit_49_the_policy_of_each_page_lets_nothing_else_in(path: str) -> None:
    policy = Client().get(path)["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|\*|unsafe", policy)


@pytest.mark.promise("otp-31", "transit-93", "transit-94")
def test_otp_31_transit_93_transit_94_an_installation_with_https_insists_on_it() -> None:
    found = installation.secure()

    assert found == {
        "SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
    }


@pytest.mark.promise("otp-31", "transit-93", "transit-94")
def test_otp_31_transit_93_transit_94_the_headers_are_on_every_answer(settings) -> None:  # type: ignore[no-untyped-def]  # pytest-django
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    browser = Client()

    plain, encrypted = browser.get("/welcome"), browser.get("/welcome", secure=True)

    assert plain.status_code == 301
    assert plain["Location"].startswith("https://")
    assert "max-age=31536000" in encrypted["Strict-Transport-Security"]
    assert "includeSubDomains" in encrypted["Strict-Transport-Security"]


@pytest.mark.promise("transit-92")
def test_transit_92_the_shipped_proxy_speaks_nothing_older_than_tls_1_2() -> None:
    """Caddy's own floor is 1.2 and it prefers 1.3; the file must not lower it."""
    text = (ROOT / "deploy" / "Caddyfile").read_text()

    assert not re.search(r"tls1\.[01]\b|ssl3|insecure|auto_https\s+off", text)


def words() -> Iterator[tuple[str, str]]:
    """Everything people read: templates, guides, and the strings of both languages."""
    for pattern in ("templates/**/*.html", "templates/**/*.txt", "docs/**/*.md", "locale/**/*.po", "README.md"):
        yield from ((str(path.relative_to(ROOT)), path.read_text()) for path in ROOT.glob(pattern))


@pytest.mark.promise("otp-35", "api-26", "team-41")
def test_otp_35_nothing_we_write_claims_absolute_security() -> None:
    found = [f"{name}: {match.group()}" for name, text in words() for match in ABSOLUTE.finditer(text)]

    assert found == []


@pytest.mark.promise("otp-35", "api-26", "team-41")
@pytest.mark.parametrize("claim", ["100% secure", "military-grade", "completely safe", "absolut sicher", "Unhackable"])
def test_otp_35_the_lint_finds_such_claims(claim: str) -> None:
    assert ABSOLUTE.search(f"Our service is {claim}.")


def test_these_tests_run_without_the_transport_they_test() -> None:
    assert not settings.SECURE
