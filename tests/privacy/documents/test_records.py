"""Records of processing, the data map, the operator's list of providers, and the live checks of documents."""

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from fideslang.default_taxonomy import DEFAULT_TAXONOMY
from fideslang.models import Taxonomy

from privacy import registry
from privacy.documents import fides, providers, records, versions
from privacy.live import documents as live
from privacy.models import DocumentVersion
from smsplatform.lib import clock
from tests.factories import pages

DAY = dt.timedelta(days=1)
PROVIDER = {
    "key": "hosting", "name": "Hosting", "legal_name": "Hosting GmbH", "country": "DE", "holds": ["msisdn"],
    "evidence": "contract 17", "evidence_until": "2031-01-01", "hosts": ["host.example.org"],
}  # fmt: skip


def test_the_data_map_is_one_that_fides_reads() -> None:
    out = io.StringIO()
    call_command("privacy", "fides", stdout=out)
    manifest = yaml.safe_load(out.getvalue())

    read = Taxonomy(**manifest)

    used = {use.data_use for system in read.system or [] for use in system.privacy_declarations}
    kinds = {
        category
        for dataset in read.dataset or []
        for collection in dataset.collections
        for field in collection.fields
        for category in field.data_categories or []
    }
    assert used <= {use.fides_key for use in DEFAULT_TAXONOMY.data_use or []}
    assert kinds <= {category.fides_key for category in DEFAULT_TAXONOMY.data_category or []}
    assert {dataset.fides_key for dataset in read.dataset or []} >= {"smsplatform_messaging", "smsplatform_accounts"}
    assert manifest == fides.data_map()


@pytest.mark.parametrize("role", ["controller", "processor"])
def test_each_record_has_its_own_activities_in_every_form(role: Any) -> None:
    wanted = [one.key for one in registry.activities() if one.role == role]

    lines = list(csv.DictReader(io.StringIO(records.as_csv(role))))
    document = json.loads(records.as_json(role))

    assert [line["activity"] for line in lines] == wanted
    assert [one["activity"] for one in document["activities"]] == wanted
    assert all(
        one["purpose"] and one["basis"] and one["subjects"] and one["measures"] for one in document["activities"]
    )


def test_staff_read_records_and_everybody_else_finds_nothing() -> None:
    auditor, _ = pages.person(staff_role="auditor")
    staff, customer = pages.verified(auditor), pages.client(pages.shop().owner)

    for path in ("", "/controller.csv", "/processor.json", "/data-map.yml"):
        assert staff.get(f"/staff/records{path}").status_code == 200
        assert customer.get(f"/staff/records{path}").status_code == 404


def test_the_operators_providers_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "recipients.json"
    path.write_text(json.dumps([PROVIDER]))

    (found,) = providers.read(path)

    assert (found.legal_name, found.country, found.evidence_until) == ("Hosting GmbH", "DE", dt.date(2031, 1, 1))


@pytest.mark.parametrize(
    "change", [{"country": "Germany"}, {"holds": ["shoe_size"]}, {"evidence_until": "soon"}, {"secret": 1}, {"key": ""}]
)
def test_a_bad_list_of_providers_is_refused_with_what_is_wrong(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "recipients.json"
    path.write_text(json.dumps([{**PROVIDER, **change}]))

    with pytest.raises(ImproperlyConfigured, match="RECIPIENTS_FILE"):
        providers.read(path)


@pytest.mark.usefixtures("no_versions")
def test_the_live_checks_tell_good_from_bad(settings: Any) -> None:
    at = clock.now()
    settings.POLICY_PROFILE = "transit"
    assert live.dated(at).holds is None
    versions.publish_first(at=at)

    for look in (live.dated, live.one, live.notice, live.archived, live.claims, live.recipients, live.linked):
        assert look(at).holds, look.__name__
    assert live.dated(at - DAY).holds is False

    settings.POLICY_PROFILE = "otp"
    made = versions.draft(document="policy", by=None, at=at)
    versions.announce(version=made, effective_at=at + 30 * DAY, by=None, at=at)
    assert live.notice(at).holds
    assert live.notice(at + 8 * DAY).why == "1 not_mailed"
    DocumentVersion.objects.using("system").filter(pk=made.pk).update(mailed_at=at)
    assert live.notice(at + 31 * DAY).why == "1 not_applied"
