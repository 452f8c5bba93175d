"""Fixtures every test may use. Servers and databases come from ``smsplatform/quickstart/pytest_plugin.py``."""

import pytest

# Directories whose tests start many processes. They share one worker, which starts them once and not all at a time.
WHOLE_STACK = {"browser", "flows", "quickstart"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For ``--dist loadgroup``: heavy tests go to the same worker, the rest wherever there is room."""
    for item in items:
        if WHOLE_STACK.intersection(item.path.parts):
            item.add_marker(pytest.mark.xdist_group("stack"))
