"""A copy of somebody's data: what is in it, who gets it how often, and that nothing of it is left."""

import io
import json
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import jsonschema  # type: ignore[import-untyped]  # comes without types
import pytest
from django.db import connections

from messaging import suppressing
from privacy import archives, keyring
from privacy.archives import building
from privacy.archives.pieces import SIZE, Lost, Pieces
from privacy.models import Archive, ArchivePiece
from privacy.people import Person
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging
from tests.factories.accounts import World, make_workspace
from tests.privacy.test_finding import number

pytestmark = pytest.mark.promise(
    "otp-39", "fleet-40", "fleet-43", "transit-65", "transit-69", "team-49", "team-52", "api-27", "fleet-39"
)


def made(person: Person) -> UUID:
    """An archive, finished."""
    request = ids.uuid7()
    archives.request(person, request_id=request, at=clock.now())
    assert building.build(request, at=clock.now()), Archive.objects.get(pk=request).error
    return request


def opened(request: UUID) -> zipfile.ZipFile:
    """One download."""
    return zipfile.ZipFile(io.BytesIO(b"".join(archives.stream(request, at=clock.now()))))


def files(archive: zipfile.ZipFile, start: str = "data/") -> dict[str, list[dict[str, object]]]:
    return {name: json.loads(archive.read(name)) for name in archive.namelist() if name.startswith(start)}


@pytest.fixture(scope="module")
def world() -> World:
    return make_workspace()


def owner_of(world: World) -> Person:
    return Person(subject="account_holder", user=world.owner.pk)


def test_an_account_holder_gets_their_account_and_what_they_did_in_workspaces(world: World) -> None:
    found = files(opened(made(owner_of(world))))

    account = found["data/account/accounts.User.json"][0]
    place = ids.encode("wsp", world.id)
    assert account["email"] == world.email
    assert found[f"data/{place}/accounts.Membership.json"][0]["role"] == "owner"
    assert "password" not in account


def test_a_recipient_gets_number_and_text_from_every_workspace_and_nothing_of_others() -> None:
    first, second, to, other = make_workspace(), make_workspace(), number(), number()
    messaging.accept(first, to=to, body="for you")
    messaging.accept(second, to=to, body="also for you")
    messaging.accept(first, to=other, body="for somebody else")

    with opened(made(Person(subject="recipient", msisdn=to))) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()

    assert everything.count(to) >= 2
    assert "also for you" in everything
    assert other not in everything
    assert "for somebody else" not in everything


def test_an_owner_gets_the_whole_workspace(world: World) -> None:
    to = number()
    messaging.accept(world, to=to, body="hello")

    found = files(opened(made(Person(subject="workspace", workspace=world.id))))

    place = f"data/{ids.encode('wsp', world.id)}"
    assert to in [row["to_ct"] for row in found[f"{place}/messaging.Message.json"]]
    assert "hello" in [row["text_ct"] for row in found[f"{place}/messaging.Body.json"]]
    assert found[f"{place}/messaging.Sender.json"][0]["address"] == "ACME"
    assert "billing.Transfer" in str(list(found))


def test_a_team_members_copy_holds_no_number_they_wrote_to(world: World) -> None:
    to = number()
    messaging.accept(world, to=to)

    with opened(made(owner_of(world))) as archive:
        assert not any(to.encode() in archive.read(name) for name in archive.namelist())


def test_every_file_fits_its_schema_and_the_manifest(world: World) -> None:
    archive = opened(made(Person(subject="workspace", workspace=world.id)))
    manifest = json.loads(archive.read("manifest.json"))

    for name, rows in files(archive).items():
        schema = json.loads(archive.read(f"schemas/{name.rsplit('/', 1)[1].removesuffix('.json')}.schema.json"))
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(rows, schema)
    listed = {file["path"] for file in manifest["files"]}
    assert listed | {"manifest.json"} == set(archive.namelist())
    assert any("seven years" in each["why"] for each in manifest["kept"])
    assert "password" not in json.dumps(manifest["files"])


def test_what_no_web_page_can_read_is_named_and_why(world: World) -> None:
    archive = opened(made(Person(subject="workspace", workspace=world.id)))

    left_out = {each["model"]: each["reason"] for each in json.loads(archive.read("manifest.json"))["left_out"]}
    assert left_out["privacy.Hold"].startswith("Closed to every web page")
    assert "privacy.Hold" in archive.read("README.html").decode()


def test_the_pages_can_be_read_without_script(world: World) -> None:
    archive = opened(made(owner_of(world)))

    pages = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".html")]
    assert len(pages) > 3
    assert not any("<script" in page or "style=" in page for page in pages)
    assert "Article 15(1)" in archive.read("information.html").decode()


def test_it_is_taken_three_times_and_then_gone(world: World) -> None:
    request = made(owner_of(world))

    for _ in range(3):
        opened(request)

    with pytest.raises(archives.Gone):
        archives.stream(request, at=clock.now())
    assert archives.state(request).downloads_left == 0


@pytest.mark.promise("duty-10")
def test_after_a_week_its_key_and_its_pieces_are_gone(world: World) -> None:
    request = made(owner_of(world))
    piece = bytes(ArchivePiece.objects.filter(archive_id=request).first().content)  # type: ignore[union-attr]  # it exists
    later = clock.now() + archives.asking.KEPT

    with pytest.raises(archives.Gone):
        archives.stream(request, at=later)
    archives.purge(at=later)

    assert not ArchivePiece.objects.filter(archive_id=request).exists()
    with pytest.raises(keyring.KeyDestroyed):
        keyring.by_id(UUID(bytes=piece[1:17]))
    assert archives.state(request).code == "gone"


def test_a_copy_that_is_ended_while_it_is_made_is_not_finished(world: World) -> None:
    person, request = owner_of(world), ids.uuid7()
    archives.request(person, request_id=request, at=clock.now())
    builder = ids.uuid7()
    Archive.objects.filter(pk=request).update(state="running", builder=builder)
    out = Pieces(archive=request, builder=builder, clock=clock.now)
    out.write(bytes(SIZE))

    archives.revoke(person, at=clock.now())

    with pytest.raises(Lost):
        out.write(bytes(SIZE))
    assert not building.build(request, at=clock.now())
    assert not ArchivePiece.objects.filter(archive_id=request).exists()
    assert archives.state(request).code == "gone"


def test_asking_twice_makes_one(world: World) -> None:
    request = made(owner_of(world))

    archives.request(owner_of(world), request_id=request, at=clock.now())

    assert archives.state(request).ready


def test_who_objected_sees_that_without_any_message() -> None:
    world, to = make_workspace(), number()
    with scope.workspace(world.id):
        suppressing.suppress(
            workspace=world.id, to=to, reason="objection", sandbox=False, by=world.owner.id, at=clock.now()
        )

    found = files(opened(made(Person(subject="recipient", msisdn=to))))

    assert [rows[0]["reason"] for rows in found.values()] == ["objection"]


def test_of_two_who_race_for_the_last_download_one_is_served(world: World) -> None:
    request = made(owner_of(world))
    Archive.objects.filter(pk=request).update(downloads_left=1)
    begin = threading.Barrier(4)

    def take(_number: int) -> bool:
        try:
            begin.wait()
            archives.stream(request, at=clock.now())
        except archives.Gone:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(4))) == 1
