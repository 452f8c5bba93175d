"""What the promise tests share with the tests of the apps."""

from tests.accounts.conftest import letters

__all__ = ["letters"]
