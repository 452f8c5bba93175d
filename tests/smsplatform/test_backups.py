"""The commands for a backup, as docs/operate.md gives them."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from smsplatform.quickstart.postgres import binaries
from tests.factories.superuser import superuser

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "docs/operate.md").read_text().split("## Backups")[1].split("## Health")[0]


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """Of whoever runs pg_dump, with the role that the text makes."""
    where = connections["default"].settings_dict
    found = re.search(r"```sql\n(.*?)```", SECTION, re.DOTALL)
    assert found is not None
    with superuser() as connection:
        connection.execute(found[1].replace("…", "dumped").replace("DATABASE main", f'DATABASE "{where["NAME"]}"'))
        url = f"postgres://sp_dump:dumped@/{where['NAME']}?host={where['HOST']}"
        yield {"PATH": f"{binaries()}:{os.environ['PATH']}", "DUMP_URL": url}
        connection.execute(f'REVOKE ALL ON DATABASE "{where["NAME"]}" FROM sp_dump')
        connection.execute("DROP ROLE sp_dump")


def test_the_role_of_the_text_dumps_everything_but_the_texts(environment: dict[str, str]) -> None:
    found = re.search(r"^(pg_dump .*\"\$DUMP_URL\") \| age", SECTION, re.MULTILINE)
    assert found is not None

    done = subprocess.run(["bash", "-c", found[1]], env=environment, capture_output=True, check=False)
    listed = subprocess.run(
        ["pg_restore", "--list"], input=done.stdout, env=environment, capture_output=True, check=True
    )

    assert (done.returncode, done.stderr) == (0, b"")
    held = re.findall(r"TABLE DATA public (\w+)", listed.stdout.decode())
    assert "messaging_message" in {name[: len("messaging_message")] for name in held}
    assert [name for name in held if name.startswith("messaging_body")] == []
