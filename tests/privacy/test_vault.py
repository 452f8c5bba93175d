"""Every vault wraps for one place only, rotates without losing anything, and keeps its key to itself."""

import multiprocessing
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from privacy.live.keeping import vault_hardware
from privacy.vault import Vault, VaultError, VaultNotReady, VaultRefused
from privacy.vault.file import FileVault
from smsplatform.lib import clock

SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
KEY, CONTEXT = bytes(range(32)), b"a workspace"

Opener = Callable[..., Vault]


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A token of SoftHSM2 in a directory of its own; the library reads its configuration once per process."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    if not SOFTHSM.exists() or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM2 is not installed (apt install softhsm2)")
    home = tmp_path_factory.mktemp("softhsm")
    (home / "tokens").mkdir()
    (home / "conf").write_text(f"directories.tokendir = {home}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(home / "conf")
    made = {"module": str(SOFTHSM), "token": "smsplatform", "pin": "1234"}
    command = ["softhsm2-util", "--init-token", "--free", "--label", "smsplatform", "--pin", "1234", "--so-pin", "5678"]
    subprocess.run(command, check=True, capture_output=True)
    yield made
    del os.environ["SOFTHSM2_CONF"]


@pytest.fixture(params=["file", "pkcs11"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens the vault under test, as often as one likes."""
    if request.param == "file":
        path = str(tmp_path / "vault.json")
        return lambda *, create=False: FileVault.create(path) if create else FileVault(path)
    token = request.getfixturevalue("token")
    from privacy.vault.pkcs11 import Pkcs11Vault  # installed, or the fixture has skipped

    return lambda *, create=False: Pkcs11Vault(**token, create=create)


@pytest.fixture
def vault(opener: Opener) -> Vault:
    return opener(create=True)


def test_what_was_wrapped_is_unwrapped(vault: Vault) -> None:
    wrapped = vault.wrap(KEY, CONTEXT)

    assert vault.unwrap(wrapped, CONTEXT) == KEY
    assert KEY not in wrapped
    assert wrapped != vault.wrap(KEY, CONTEXT)


@pytest.mark.parametrize("place", [0, 2, 14, 30, -1])
def test_an_altered_key_is_refused(vault: Vault, place: int) -> None:
    wrapped = bytearray(vault.wrap(KEY, CONTEXT))
    wrapped[place] ^= 1

    with pytest.raises(VaultRefused):
        vault.unwrap(bytes(wrapped), CONTEXT)


@pytest.mark.parametrize("wrapped", [b"", b"\0", b"\0\1", b"\0\1" + bytes(12), b"\0\1" + bytes(20)])
def test_a_cut_key_is_refused(vault: Vault, wrapped: bytes) -> None:
    with pytest.raises(VaultRefused):
        vault.unwrap(wrapped, CONTEXT)


def test_another_context_is_refused(vault: Vault) -> None:
    with pytest.raises(VaultRefused):
        vault.unwrap(vault.wrap(KEY, CONTEXT), b"another workspace")


def test_a_new_epoch_wraps_and_former_ones_still_unwrap(vault: Vault) -> None:
    before, wrapped = vault.epoch(), vault.wrap(KEY, CONTEXT)

    assert vault.rotate() == vault.epoch() == before + 1

    assert vault.unwrap(wrapped, CONTEXT) == KEY
    assert vault.epoch_of(wrapped) == before
    assert vault.epoch_of(vault.wrap(KEY, CONTEXT)) == before + 1


def test_another_process_meets_the_new_epoch(vault: Vault, opener: Opener) -> None:
    other = opener()
    vault.rotate()

    assert other.unwrap(vault.wrap(KEY, CONTEXT), CONTEXT) == KEY
    assert other.epoch_of(other.wrap(KEY, CONTEXT)) == vault.epoch()


def test_a_retired_epoch_opens_nothing_any_more(vault: Vault, opener: Opener) -> None:
    wrapped, old = vault.wrap(KEY, CONTEXT), vault.epoch()
    vault.rotate()
    vault.retire(old)

    for seen in (vault, opener()):
        with pytest.raises(VaultRefused):
            seen.unwrap(wrapped, CONTEXT)


def test_the_newest_epoch_cannot_be_retired(vault: Vault) -> None:
    with pytest.raises(VaultRefused):
        vault.retire(vault.epoch())


def test_creating_again_changes_nothing(vault: Vault, opener: Opener) -> None:
    wrapped = vault.wrap(KEY, CONTEXT)

    assert opener(create=True).unwrap(wrapped, CONTEXT) == KEY


def test_threads_may_share_a_vault(vault: Vault) -> None:
    def work(number: int) -> bool:
        context = str(number).encode()
        return vault.unwrap(vault.wrap(KEY, context), context) == KEY

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(200)))


def test_a_forked_process_can_use_it(vault: Vault) -> None:
    wrapped = vault.wrap(KEY, CONTEXT)
    child = multiprocessing.get_context("fork").Process(target=_child, args=(vault, wrapped))
    child.start()
    child.join(90)

    assert child.exitcode == 0
    assert vault.unwrap(wrapped, CONTEXT) == KEY


def _child(vault: Vault, wrapped: bytes) -> None:
    os._exit(0 if vault.unwrap(wrapped, CONTEXT) == KEY else 1)


# The file


def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    FileVault.create(str(path)).rotate()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    FileVault.create(str(path))
    path.chmod(0o640)

    with pytest.raises(VaultNotReady, match="chmod 600"):
        FileVault(str(path))


def test_a_missing_file_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(VaultNotReady, match="vault_init"):
        FileVault(str(tmp_path / "vault.json"))


def test_two_first_starts_at_once_make_one_key(tmp_path: Path) -> None:
    path = str(tmp_path / "vault.json")
    with ThreadPoolExecutor(8) as threads:
        vaults = list(threads.map(lambda _: FileVault.create(path), range(8)))

    wrapped = vaults[0].wrap(KEY, CONTEXT)

    assert {vault.unwrap(wrapped, CONTEXT) for vault in vaults} == {KEY}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["vault.json"]


def test_rotations_at_once_lose_no_epoch(tmp_path: Path) -> None:
    path = str(tmp_path / "vault.json")
    FileVault.create(path)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: FileVault(path).rotate(), range(8)))

    assert FileVault(path).epoch() == 9


@pytest.mark.parametrize(
    ("kind", "demo", "holds"), [("pkcs11", False, True), ("file", True, None), ("file", False, False)]
)
def test_the_check_tells_a_demonstration_from_a_broken_promise(kind: str, demo: bool, holds: bool | None) -> None:
    with override_settings(VAULT=kind, DEMO=demo):
        assert vault_hardware(clock.now()).holds is holds


# The token


@pytest.mark.promise("transit-96")
def test_the_tokens_key_cannot_be_read(token: dict[str, str]) -> None:
    import pkcs11

    from privacy.vault.pkcs11 import LABEL, Pkcs11Vault

    Pkcs11Vault(**token, create=True)
    session: Any = pkcs11.lib(token["module"]).get_token(token_label=token["token"]).open()
    (key, *_) = session.get_objects({pkcs11.Attribute.LABEL: LABEL})

    with pytest.raises(pkcs11.exceptions.AttributeSensitive):
        key[pkcs11.Attribute.VALUE]
    assert key[pkcs11.Attribute.EXTRACTABLE] is False


def test_an_unknown_token_is_not_ready(token: dict[str, str]) -> None:
    from privacy.vault.pkcs11 import Pkcs11Vault

    with pytest.raises(VaultError, match="NoSuchToken"):
        Pkcs11Vault(module=token["module"], token="another", pin=token["pin"])
