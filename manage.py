#!/usr/bin/env python3
"""Django's commands, inside .venv; ``quickstart`` and ``test`` first make it."""

import hashlib
import json
import os
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BIN = ROOT / ".venv" / "bin"
STAMP = ROOT / ".venv" / "installed.json"
# They look at everything there is, so they get databases in which nobody else has written.
ALONE = ("tests/promises/test_profiles_run.py", "tests/privacy/documents/test_versions.py")
NEEDS = {"quickstart": ["requirements.txt", "requirements-embedded.txt"], "test": ["requirements-dev.txt"]}


def bootstrap(files: list[str]) -> None:
    """Install what the hashed requirements say when they changed, and start again inside .venv."""
    if sys.version_info < (3, 11):
        sys.exit("smsplatform needs Python 3.11 or newer.")
    if find_spec("ensurepip") is None and not (BIN / "pip").exists():
        sys.exit("Python cannot make virtual environments here. Run: sudo apt install python3-venv")
    installed = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    wanted = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in files}
    if installed != {**installed, **wanted}:
        print("Installing packages into .venv (once; about 75 MB)", flush=True)
        if not (BIN / "pip").exists():
            venv.create(ROOT / ".venv", with_pip=True, symlinks=True)
        install([argument for name in files for argument in ("-r", str(ROOT / name))])
        STAMP.write_text(json.dumps({**installed, **wanted}))
    os.execv(BIN / "python", [str(BIN / "python"), *sys.argv])


def enter() -> None:
    """Start again inside .venv: the documentation writes ``python3 manage.py …`` for every command."""
    if sys.prefix != sys.base_prefix or not (BIN / "python").exists():
        sys.exit("The packages are not installed here. Run: python3 manage.py quickstart")
    os.execv(BIN / "python", [str(BIN / "python"), *sys.argv])


def install(requirements: list[str]) -> None:
    """With uv where it exists for this machine (6 s), else with pip (30 s)."""
    pip = [str(BIN / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes"]
    uv = [str(BIN / "python"), "-m", "uv", "pip", "install", "--python", str(BIN / "python"), "--require-hashes"]
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    if "NO_UV" not in os.environ:
        got = subprocess.run([*pip, "--quiet", "-r", str(ROOT / "requirements-uv.txt")], stderr=subprocess.DEVNULL)
        if got.returncode == 0 and subprocess.run([*uv, *quiet, *requirements]).returncode == 0:
            return
    if code := subprocess.run([*pip, *quiet, *requirements]).returncode:
        sys.exit(code)


def run_tests(arguments: list[str]) -> None:
    """Three workers unless told otherwise, as tests wait for disks; without a selection all, some in own sessions."""
    pytest = [sys.executable, "-m", "pytest"]
    chosen = any(argument.startswith(("-n", "--numprocesses")) for argument in arguments)
    workers = [] if chosen else ["-n3", "--dist=loadfile", "--no-loadscope-reorder"]  # tests/conftest.py orders them
    if not all(argument.startswith("-") for argument in arguments):
        os.execv(sys.executable, [*pytest, *workers, *arguments])
    codes = [subprocess.call([*pytest, *workers, *(f"--ignore={path}" for path in ALONE), *arguments])]
    codes += [subprocess.call([*pytest, *arguments, path]) for path in ALONE]
    sys.exit(next(filter(None, codes), 0))


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in NEEDS:
        os.chdir(ROOT)
        if sys.prefix == sys.base_prefix:
            bootstrap(NEEDS[command])
    if command == "test":
        run_tests(sys.argv[2:])
    if command == "quickstart":
        from smsplatform.quickstart.__main__ import main as quickstart

        sys.exit(quickstart(sys.argv[2:]))
    if find_spec("django") is None:
        enter()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsplatform.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
