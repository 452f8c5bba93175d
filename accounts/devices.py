"""Which kind of browser somebody uses: its family and that of the system. Nothing finer, so it identifies nobody."""

import datetime as dt
import hmac

from django.conf import settings
from django.utils.translation import gettext

from accounts.models import KnownDevice, User
from smsplatform.lib.secrets import derive

# The first that occurs in the header decides: every browser names those it wants to be taken for.
_BROWSERS = (
    ("edg", "edge", "Edge"),
    ("opr/", "opera", "Opera"),
    ("samsungbrowser", "samsung", "Samsung Internet"),
    ("firefox", "firefox", "Firefox"),
    ("fxios", "firefox", "Firefox"),
    ("chrome", "chrome", "Chrome"),
    ("crios", "chrome", "Chrome"),
    ("safari", "safari", "Safari"),
)
_SYSTEMS = (
    ("iphone", "ios", "iOS"),
    ("ipad", "ios", "iOS"),
    ("android", "android", "Android"),
    ("cros", "chromeos", "ChromeOS"),
    ("windows", "windows", "Windows"),
    ("mac os", "macos", "macOS"),
    ("linux", "linux", "Linux"),
)
_NAMES = {code: name for table in (_BROWSERS, _SYSTEMS) for _mark, code, name in table}


def family(user_agent: str) -> str:
    """Codes of browser and system, such as ``firefox.linux``."""
    return f"{_first(_BROWSERS, user_agent)}.{_first(_SYSTEMS, user_agent)}"


def label(device: str) -> str:
    """What a family is called, such as ``Firefox, Linux``."""
    browser, _dot, system = device.partition(".")
    names = _NAMES.get(browser) or gettext("Other browser"), _NAMES.get(system) or gettext("other system")
    return ", ".join(names)


def is_new(*, user: User, device: str, at: dt.datetime) -> bool:
    """Note that ``user`` came with ``device``; whether it is a kind not seen in a year. The very first is not new."""
    mac = hmac.digest(derive(settings.SECRET_KEY, "devices"), user.id.bytes + device.encode(), "sha256")[:16]
    if KnownDevice.objects.filter(user=user, digest=mac).update(seen_at=at):
        return False
    first = not KnownDevice.objects.filter(user=user).exists()
    KnownDevice.objects.bulk_create([KnownDevice(user=user, digest=mac, seen_at=at)], ignore_conflicts=True)
    return not first


def _first(table: tuple[tuple[str, str, str], ...], user_agent: str) -> str:
    text = user_agent.lower()
    return next((code for mark, code, _name in table if mark in text), "other")
