"""Mails of a test, sent at once."""

from collections.abc import Iterator

import pytest
from django.core import mail

from tests.factories.letters import Letters


@pytest.fixture
def letters() -> Iterator[Letters]:
    with Letters.at_once() as made:
        mail.outbox.clear()
        yield made
