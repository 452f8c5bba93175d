import datetime as dt
import io
import uuid
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from billing import price_imports, rates
from billing.models import PricePlan, PriceVersion
from smsplatform.lib import clock

HEADER = "prefix,country,price,refund_basis,reject\n"
GOOD = HEADER + "49,DE,0.075,,\n4915,DE,0.08,delivered,\n33,FR,0,,true\n"


def plan() -> PricePlan:
    return PricePlan(name="x", currency="EUR")


def test_a_list_is_read_whole() -> None:
    items = price_imports.parse(GOOD.splitlines(), plan=plan())

    assert [(i.prefix, i.country, i.unit_micro, i.refund_basis, i.reject) for i in items] == [
        ("49", "DE", 75_000, "submit", False),
        ("4915", "DE", 80_000, "delivered", False),
        ("33", "FR", 0, "submit", True),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("49,DE,-0.01,,", "negative"),
        ("49,DE,0.0000001,,", "decimal"),
        ("49,DE,1e3,,", "decimal"),
        ("49,ZZ,1,,", "two-letter"),
        ("33,DE,1,,", "does not lead to the country"),
        ("+49,DE,1,,", "not digits"),
        ("049,DE,1,,", "not digits"),
        ("49,DE,1,later,", "refund basis"),
        ("49,DE,1,,maybe", "reject"),
        ("49,DE", "decimal"),
    ],
)
def test_each_fault_is_named_with_its_line(line: str, fault: str) -> None:
    with pytest.raises(price_imports.PriceListRefused) as caught:
        price_imports.parse((HEADER + "43,AT,1,,\n" + line).splitlines(), plan=plan())

    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith("line 3: ")
    assert fault in caught.value.faults[0]


def test_a_prefix_twice_is_a_fault() -> None:
    with pytest.raises(price_imports.PriceListRefused, match="twice"):
        price_imports.parse((HEADER + "49,DE,1,,\n49,DE,2,,").splitlines(), plan=plan())


@pytest.mark.parametrize("text", ["", "prefix,price\n49,1", HEADER])
def test_a_file_without_columns_or_rows_is_a_fault(text: str) -> None:
    with pytest.raises(price_imports.PriceListRefused):
        price_imports.parse(text.splitlines(), plan=plan())


@pytest.fixture
def stored() -> PricePlan:
    return PricePlan.objects.using("owner").create(name=uuid.uuid4().hex, currency="EUR", created_at=clock.now())


def run(path: Path, to: PricePlan, *flags: str, days: int = 1) -> str:
    out = io.StringIO()
    when = (clock.now() + dt.timedelta(days=days)).isoformat()
    call_command("prices_import", str(path), "--plan", to.name, "--from", when, *flags, stdout=out)
    return out.getvalue()


def test_the_command_shows_first_and_publishes_when_told(tmp_path: Path, stored: PricePlan) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(GOOD)

    preview = run(path, stored)
    assert "new    +49" in preview
    assert not PriceVersion.objects.filter(plan=stored).exists()

    run(path, stored, "--apply")
    path.write_text(HEADER + "49,DE,0.07,,\n4915,DE,0.09,delivered,\n43,AT,0.1,,\n")
    second = run(path, stored, "--apply", days=2)

    assert [line.split()[0] for line in second.splitlines()[:-1]] == ["gone", "new", "down", "up"]
    quote = rates.book(stored.pk, clock.now() + dt.timedelta(days=3)).quote("+4915112345678")
    assert quote
    assert (quote.unit_micro, quote.refund_basis) == (90_000, "delivered")


def test_a_faulty_file_publishes_nothing(tmp_path: Path, stored: PricePlan) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(HEADER + "49,DE,1,,\n49,DE,-1,,\n")

    with pytest.raises(CommandError, match="twice"):
        run(path, stored, "--apply")

    assert not PriceVersion.objects.filter(plan=stored).exists()


def test_prices_never_change_in_the_past(tmp_path: Path, stored: PricePlan) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(GOOD)

    with pytest.raises(CommandError, match="future"):
        run(path, stored, "--apply", days=-1)
