import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def manage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """manage.py as a module, for a project directory of its own."""
    import manage

    monkeypatch.setattr(manage, "ROOT", tmp_path)
    monkeypatch.setattr(manage, "BIN", tmp_path / ".venv" / "bin")
    monkeypatch.setattr(manage, "STAMP", tmp_path / ".venv" / "installed.json")
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    return manage


@pytest.fixture
def calls(manage: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the bootstrap would do, in order."""
    made: list[str] = []
    monkeypatch.setattr(manage.venv, "create", lambda *a, **k: made.append("venv"))
    monkeypatch.setattr(manage, "install", lambda requirements: made.append("install"))
    monkeypatch.setattr(manage.os, "execv", lambda path, arguments: made.append("exec"))
    (manage.ROOT / ".venv").mkdir()
    return made


def test_the_first_time_it_makes_the_environment_installs_and_starts_again(
    manage: ModuleType, calls: list[str]
) -> None:
    manage.bootstrap(["requirements.txt"])

    assert calls == ["venv", "install", "exec"]


def test_it_installs_again_only_when_a_requirements_file_changed(manage: ModuleType, calls: list[str]) -> None:
    manage.bootstrap(["requirements.txt"])
    manage.bootstrap(["requirements.txt"])
    assert calls == ["venv", "install", "exec", "exec"]

    (manage.ROOT / "requirements.txt").write_text("# more\n")
    manage.bootstrap(["requirements.txt"])

    assert calls[4:] == ["venv", "install", "exec"]


def test_installing_one_set_does_not_forget_the_other(manage: ModuleType, calls: list[str]) -> None:
    (manage.ROOT / "requirements-dev.txt").write_text("# dev\n")
    manage.bootstrap(["requirements.txt"])
    manage.bootstrap(["requirements-dev.txt"])

    assert set(json.loads(manage.STAMP.read_text())) == {"requirements.txt", "requirements-dev.txt"}


def test_a_python_that_cannot_make_environments_is_told_the_one_line(
    manage: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manage, "find_spec", lambda name: None)

    with pytest.raises(SystemExit, match="apt install python3-venv"):
        manage.bootstrap(["requirements.txt"])


def test_every_other_command_goes_on_inside_the_environment_or_says_how_to_make_it(
    manage: ModuleType, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manage.sys, "prefix", manage.sys.base_prefix)
    with pytest.raises(SystemExit, match=r"python3 manage.py quickstart"):
        manage.enter()

    (manage.BIN).mkdir(parents=True)
    (manage.BIN / "python").touch()
    manage.enter()

    assert calls == ["exec"]


def test_the_bootstrap_needs_nothing_but_the_standard_library() -> None:
    code = f"import sys; sys.path = [{str(ROOT)!r}, *sys.path]; import manage; print(manage.NEEDS)"

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, env=dict(os.environ)
    )

    assert done.returncode == 0, done.stderr
