"""Sealed values open in their place and nowhere else; the model field seals without being asked."""

from uuid import UUID, uuid4

import pytest
from django.core.exceptions import FieldError
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from messaging.models import Sender
from privacy import keyring
from privacy.ciphers import CipherError, KeyDestroyed, WrongContext, aad, blind_index, seal, unseal
from privacy.keyring import Purpose
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.superuser import superuser

WORKSPACE, ROW = uuid4(), uuid4()
PLACE = aad("app.Model.field", WORKSPACE, ROW)


@pytest.fixture(scope="module")
def key() -> keyring.DataKey:
    return keyring.key(WORKSPACE, Purpose.ACCOUNT)


# Values


@given(plaintext=st.binary(max_size=2000))
def test_any_bytes_come_back(plaintext: bytes) -> None:
    sealed = seal(keyring.key(WORKSPACE, Purpose.ACCOUNT), plaintext, PLACE)

    assert unseal(sealed, PLACE) == plaintext
    assert len(sealed) == len(plaintext) + 45


@given(garbage=st.binary(max_size=200))
def test_bytes_that_were_never_sealed_are_refused(garbage: bytes) -> None:
    with pytest.raises((CipherError, KeyDestroyed)):
        unseal(garbage, PLACE)


@given(place=st.integers(0, 60), flip=st.integers(1, 255))
def test_no_altered_value_opens(place: int, flip: int) -> None:
    sealed = bytearray(seal(keyring.key(WORKSPACE, Purpose.ACCOUNT), b"sixteen bytes ok", PLACE))
    sealed[place] ^= flip

    with pytest.raises((CipherError, KeyDestroyed)):
        unseal(bytes(sealed), PLACE)


def test_equal_texts_have_different_ciphertexts(key: keyring.DataKey) -> None:
    assert seal(key, b"text", PLACE) != seal(key, b"text", PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        aad("app.Model.other", WORKSPACE, ROW),
        aad("app.Model.field", uuid4(), ROW),
        aad("app.Model.field", WORKSPACE, uuid4()),
    ],
    ids=["another field", "another workspace", "another row"],
)
def test_a_moved_value_does_not_open(key: keyring.DataKey, elsewhere: bytes) -> None:
    sealed = seal(key, b"text", PLACE)

    with pytest.raises(WrongContext):
        unseal(sealed, elsewhere)


def test_a_value_names_its_key(key: keyring.DataKey) -> None:
    assert UUID(bytes=seal(key, b"", PLACE)[1:17]) == key.id


def test_an_error_holds_no_plaintext(key: keyring.DataKey) -> None:
    with pytest.raises(CipherError) as caught:
        unseal(b"+4915123456789 is no sealed value, whatever its length may be", PLACE)

    assert "49" not in str(caught.value)
    assert key.secret.hex() not in repr(key)


# Blind indexes


def test_equal_texts_have_one_index_within_field_and_workspace() -> None:
    mine, theirs = (keyring.key(uuid4(), Purpose.INDEX) for _ in range(2))
    index = blind_index(mine, "app.Model.field", "+4915123456789")

    assert index == blind_index(mine, "app.Model.field", "+4915123456789")
    assert len(index) == 16
    others = {
        blind_index(mine, "app.Model.field", "+4915123456780"),
        blind_index(mine, "app.Model.other", "+4915123456789"),
        blind_index(theirs, "app.Model.field", "+4915123456789"),
    }
    assert len(others - {index}) == 3


# The model field


def column(table: str, name: str, row: UUID) -> bytes:
    with superuser() as connection:
        found = connection.execute(f"SELECT {name} FROM {table} WHERE id = %s".encode(), [row]).fetchone()
    assert found is not None
    return bytes(found[0])


@pytest.mark.promise("transit-95", "fleet-25")
def test_an_address_is_ciphertext_in_the_table_and_text_in_python() -> None:
    user, email = pages.person()

    assert User.objects.get(pk=user.pk).email == email
    assert User.objects.get_by_natural_key(email.upper()).pk == user.pk
    stored = column("accounts_user", "email", user.pk)
    assert email.encode() not in stored
    assert unseal(stored, aad("accounts.User.email", keyring.PLATFORM, user.pk)).decode() == email


def test_saving_an_unread_row_leaves_its_ciphertext_openable() -> None:
    user, email = pages.person()
    unread = User.objects.get(pk=user.pk)
    unread.is_active = False
    unread.save()

    assert User.objects.get(pk=user.pk).email == email


def test_no_text_is_null_and_an_empty_text_is_not() -> None:
    user, _ = pages.person()
    for value in (None, "", "Zoë Ünïcode 🙂"):
        user.name = value
        user.save(update_fields=["name"])
        assert User.objects.get(pk=user.pk).name == value


def test_a_ciphertext_copied_to_another_row_does_not_open() -> None:
    mine, _ = pages.person()
    theirs, _ = pages.person()
    User.objects.filter(pk=mine.pk).update(name=column("accounts_user", "email", theirs.pk))

    with pytest.raises(WrongContext):
        _ = User.objects.get(pk=mine.pk).name


def test_a_deferred_value_is_loaded_when_it_is_read() -> None:
    user, email = pages.person()

    assert User.objects.defer("email").get(pk=user.pk).email == email


@pytest.mark.parametrize("lookup", ["email", "email__contains", "email__in", "email__gt"])
def test_a_sealed_field_cannot_be_searched(lookup: str) -> None:
    with pytest.raises(FieldError, match="blind index"):
        User.objects.filter(**{lookup: "x"}).exists()


def test_a_sealed_field_can_be_asked_whether_it_is_there() -> None:
    user, _ = pages.person()

    assert not User.objects.filter(pk=user.pk, email__isnull=True).exists()


def test_text_cannot_be_written_past_the_row() -> None:
    with pytest.raises(FieldError, match="saving its row"):
        User.objects.filter(pk=uuid4()).update(email="x@example.org")


def test_a_tenants_field_is_sealed_under_its_own_key() -> None:
    shop = pages.shop()
    with scope.workspace(shop.workspace.id):
        sender = Sender.objects.get(workspace=shop.workspace)
        assert sender.address == pages.SENDER
    stored = column("messaging_sender", "address", sender.pk)

    assert UUID(bytes=stored[1:17]) == keyring.key(shop.workspace.id, Purpose.ACCOUNT).id


def test_the_value_is_refused_once_its_key_is_destroyed() -> None:
    shop = pages.shop()
    keyring.destroy_workspace(shop.workspace.id, at=clock.now())

    with scope.workspace(shop.workspace.id):
        sender = Sender.objects.get(workspace=shop.workspace)
        with pytest.raises(KeyDestroyed):
            _ = sender.address
