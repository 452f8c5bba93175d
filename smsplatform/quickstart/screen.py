"""What the quick start says to the person in front of it."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zlib import crc32

from rich.console import Console
from rich.markup import escape

from smsplatform.quickstart.first_message import TO

console = Console(highlight=False, soft_wrap=True)
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta")
LINE_MAX = 400
SHOWN_FIELDS = ("event", "message", "error", "exception", "code")


@contextmanager
def step(title: str) -> Iterator[None]:
    """A spinner while it lasts, a line with its duration afterwards."""
    began = time.monotonic()
    with console.status(f"{title} …"):
        try:
            yield
        except BaseException:
            console.print(f"[red]✗[/red] {title}")
            raise
    console.print(f"[green]✓[/green] {title} [dim]{time.monotonic() - began:.1f} s[/dim]")


def say(name: str, line: str) -> None:
    """A line of a service, after its name in a colour of its own."""
    colour = COLOURS[crc32(name.encode()) % len(COLOURS)]
    console.print(f"[{colour}]{name:>17}[/{colour}] {escape(_plain(line)[:LINE_MAX])}")


def problem(text: str) -> None:
    console.print(f"[red]✗[/red] {escape(text)}")


def introduce(url: str, demo: Mapping[str, Any], *, directory: str) -> None:
    """Where everything is, and the first request to try."""
    console.print(f"\n  [b]smsplatform runs at {url}[/b]\n")
    if demo:
        _introduce_demo(url, demo)
    console.print(f"  stop     Ctrl-C, or [b]python3 manage.py quickstart --stop[/b]; data stays in {directory}")
    console.print("  reset    [b]python3 manage.py quickstart --reset[/b]\n")


def _introduce_demo(url: str, demo: Mapping[str, Any]) -> None:
    console.print(f"  sign in  {demo['sign_in_url']}")
    for role in ("owner", "staff", "auditor", "admin"):
        if (person := demo.get(role)) is None:  # a demo from before there was one
            continue
        second = f"   TOTP secret {person['totp_secret']}" if "totp_secret" in person else ""
        console.print(f"           {role:<8} {person['email']}   {escape(person['password'])}{second}")
    console.print(f"  phones   {url}/handsets   what the simulated carrier delivered")
    console.print(f"  mail     {url}/outbox   what would have been mailed, such as links to confirm a sign-up")
    console.print(f"  keys     test  {demo['keys']['test']}\n           live  {demo['keys']['live']}")
    console.print("\n  Send a text:\n")
    body = json.dumps({"to": TO, "body": "Hello!"})
    console.print(
        f"    curl {url}/v1/messages -H 'Authorization: Bearer {demo['keys']['test']}' \\\n"
        f"      -H 'Content-Type: application/json' -d '{escape(body)}'\n",
        style="cyan",
    )


def _plain(line: str) -> str:
    """The telling fields of a JSON line; other lines as they are."""
    try:
        fields = json.loads(line)
    except ValueError:
        return line
    if not isinstance(fields, dict):
        return line
    return " ".join(str(fields[name]) for name in SHOWN_FIELDS if fields.get(name)) or line
