import io
import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from smsplatform.quickstart.credentials import Credentials
from smsplatform.quickstart.postgres import Cluster


def test_it_needs_a_superuser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADMIN_DATABASE_URL", raising=False)

    with pytest.raises(CommandError, match="ADMIN_DATABASE_URL"):
        call_command("create_databases")


def test_what_is_there_stays_and_keeps_its_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    where = Path(os.environ["SMSPLATFORM_TEST_SESSION"])
    credentials = Credentials.load_or_create(where / "cluster" / "credentials.json")
    cluster = Cluster(data=where / "cluster" / "pg", sockets=where / "s", password=credentials.superuser)
    monkeypatch.setenv("ADMIN_DATABASE_URL", f"postgresql:///postgres?host={where / 's'}&user=postgres")
    monkeypatch.setenv("PGPASSWORD", credentials.superuser)
    said = io.StringIO()

    call_command("create_databases", stdout=said)

    assert said.getvalue().count("is there") == 2
    assert cluster.answers()
