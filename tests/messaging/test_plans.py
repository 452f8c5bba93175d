"""The pipeline's statements on large tables, in a cluster of its own: plans must not depend on statistics."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import plans
from smsplatform.quickstart import databases, postgres, pytest_plugin

ROWS = 20_000


@pytest.fixture
def server() -> Iterator[tuple[postgres.Cluster, str]]:
    with tempfile.TemporaryDirectory(prefix="sptest-plans-") as name:
        directory = Path(name)
        pytest_plugin._copy_template(directory / "cluster")
        cluster, _, credentials = pytest_plugin._services(directory)
        directory.chmod(0o711)
        process: subprocess.Popen[bytes] = cluster.start()
        try:
            cluster.wait(process)
            yield cluster, credentials.secret_key
        finally:
            postgres.stop(process, durable=False)


def test_statements_keep_index_plans_when_planned_on_empty_tables_and_on_full_ones(
    server: tuple[postgres.Cluster, str],
) -> None:
    cluster, secret = server
    told: list[str] = []

    wrong = plans.run(lambda: cluster.connect(databases.MAIN), rows=ROWS, secret=secret, write=told.append)

    assert not wrong, "".join(line for line in told if not line.endswith("ok\n"))
