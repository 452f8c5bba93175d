"""Who had messages in hand, and where: counts by carrier and country against the attempts themselves."""

import csv
import datetime as dt
import io
from uuid import UUID, uuid4

import pytest

from messaging import processors, traffic, upkeep
from messaging.drafting import Draft
from messaging.models import Carrier, ProcessorDue, ProcessorHour
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.accounts import World, make_workspace
from tests.factories.messaging import accept
from tests.factories.superuser import superuser

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
PATH = "/settings/processors"


@pytest.fixture
def world() -> World:
    return make_workspace()


def carrier(country: str, *, sandbox: bool = False) -> Carrier:
    made = Carrier(
        name=f"way-{uuid4().hex[:8]}", host="127.0.0.1", port=1, system_id="t", password="t", country=country,
        sandbox=sandbox, enabled=False,
    )  # fmt: skip
    made.save(using="owner", force_insert=True)
    return made


def handed(world: World, draft: Draft, to: UUID, *, attempt: int = 1, part: int = 1) -> None:
    with superuser() as connection:
        connection.execute(
            "INSERT INTO messaging_attempt (message_id, part, attempt, workspace_id, carrier_id, session, sequence, "
            "outcome, submitted_at) VALUES (%s, %s, %s, %s, %s, 's', 1, 'accepted', now())",
            [draft.id, part, attempt, world.id, to],
        )


def made(world: World, *, at: dt.datetime) -> Draft:
    return accept(world, at=at)[0]


def counted(world: World, at: dt.datetime) -> dict[tuple[str, str], int]:
    with scope.workspace(world.id):
        return {(row.name, row.country): row.messages for row in processors.read(workspace=world.id, at=at)}


def roll_up(at: dt.datetime, *, hours: int = 1) -> None:
    begun = at.replace(minute=0, second=0, microsecond=0)
    processors.roll_up(start=begun - hours * HOUR, end=begun + HOUR)


@pytest.mark.promise("otp-47")
def test_a_message_counts_once_for_each_carrier_that_had_it(world: World) -> None:
    at, near, far = clock.now(), carrier("DE"), carrier("US")
    first, second = made(world, at=at), made(world, at=at)
    for part in (1, 2):
        handed(world, first, near.id, part=part)
    handed(world, first, far.id, attempt=2)
    handed(world, second, near.id)

    for _ in range(2):
        roll_up(at)

    assert counted(world, at) == {(near.name, "DE"): 2, (far.name, "US"): 1}
    assert counted(make_workspace(), at) == {}


def test_an_hour_that_changed_late_is_counted_again_and_others_are_left_alone(world: World) -> None:
    at, way = clock.now(), carrier("AT")
    old = made(world, at=at - 30 * HOUR)
    traffic.touch_new(since=at - 31 * HOUR)
    traffic.roll_up(at=at)
    handed(world, old, way.id)
    roll_up(at)
    assert counted(world, at) == {}

    processors.roll_up_noted(at=at)

    assert counted(world, at) == {(way.name, "AT"): 1}
    begun = (at - 30 * HOUR).replace(minute=0, second=0, microsecond=0)
    assert not ProcessorDue.objects.using("system").filter(hour=begun).exists()


def test_what_a_carrier_did_in_a_country_stays_there_when_it_moves(world: World) -> None:
    at, way = clock.now(), carrier("FR")
    handed(world, made(world, at=at - 5 * HOUR), way.id)
    roll_up(at - 5 * HOUR)
    Carrier.objects.using("owner").filter(pk=way.pk).update(country="NL")
    handed(world, made(world, at=at), way.id)

    roll_up(at)

    assert counted(world, at) == {(way.name, "FR"): 1, (way.name, "NL"): 1}


def test_counts_end_with_the_facts_of_deliveries_even_without_a_purge(world: World) -> None:
    at, way = clock.now(), carrier("IT")
    handed(world, made(world, at=at), way.id)
    roll_up(at)
    later = at + (at - processors.since(at)) + 2 * HOUR

    assert counted(world, later) == {}
    upkeep.purge_processors(at=later)

    with scope.workspace(world.id):
        assert not ProcessorHour.objects.filter(workspace_id=world.id).exists()


@pytest.mark.promise("otp-47")
def test_the_page_shows_carriers_and_countries_and_gives_them_as_files(world: World) -> None:
    at, near, toy = clock.now(), carrier("DE"), carrier("", sandbox=True)
    handed(world, made(world, at=at), near.id)
    handed(world, made(world, at=at), toy.id)
    roll_up(at)
    browser = pages.client(world.owner)

    page = browser.get(PATH).content.decode()
    listed = browser.get(PATH, {"format": "json"}).json()
    lines = list(csv.DictReader(io.StringIO(browser.get(PATH, {"format": "csv"}).content.decode("utf-8-sig"))))

    assert near.name in page
    assert "Germany" in page
    assert "simulated" in page
    assert {(row["processor"], row["country"], row["messages"]) for row in listed} == {
        (near.name, "DE", 1), (toy.name, "", 1),
    }  # fmt: skip
    assert {row["processor"] for row in lines} == {near.name, toy.name}
    assert browser.get(PATH, {"format": "exe"}).status_code == 200


def test_an_empty_page_says_what_will_be_there(world: World) -> None:
    assert b"Nobody yet" in pages.client(world.owner).get(PATH).content
