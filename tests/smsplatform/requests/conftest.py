"""What the tests of the privacy centre share."""

from collections.abc import Iterator

import pytest

from tests.accounts.conftest import letters
from tests.factories.requests import Phones

__all__ = ["letters", "phones"]


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    with Phones.connected() as made:
        yield made
