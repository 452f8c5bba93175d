"""Fixtures every test may use. Servers and databases come from ``smsplatform/quickstart/pytest_plugin.py``."""

import datetime as dt
import traceback
from collections.abc import Generator

import pytest
from django.conf import settings as configured
from django.utils import timezone, translation
from hypothesis import HealthCheck, settings

from smsplatform.lib import clock, ids

# No test depends on how fast the machine is at the moment.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

LONG = ("browser", "flows", "quickstart")
INTERPRETER_FAULT = "AST constructor recursion depth mismatch"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, the rest in its random order: else one worker is left with them when the others have done."""
    items.sort(key=lambda item: min((LONG.index(part) for part in item.path.parts if part in LONG), default=len(LONG)))


@pytest.fixture(scope="session", autouse=True)
def _static_files_looked_up() -> Generator[None]:
    """A server lists its static files once; each of thousands of clients here would do it anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(configured, "WHITENOISE_AUTOREFRESH", True)
        yield


@pytest.fixture(autouse=True)
def _own_language_and_zone() -> Generator[None]:
    """A page answered to a German leaves its thread German, as in a server, where each request sets its own."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def _own_time() -> Generator[None]:
    """Ids never run backwards; after a test that travelled into the future, the next one's would be of days to come."""
    yield
    if ids.time_of(ids.uuid7()) > clock.now() + dt.timedelta(seconds=10):
        ids._wall.last = 0  # no program turns its clock back


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run a test again that CPython 3.11 itself broke off; any other failure stands.

    A fault of its parser (python/cpython#106905), which hypothesis meets when it describes a strategy.
    """
    try:
        return (yield)
    except BaseException as error:
        if INTERPRETER_FAULT not in "".join(traceback.format_exception(error)):
            raise
    wanted = pyfuncitem._fixtureinfo.argnames
    pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted})
    return True
