"""A customer that sends at a steady rate and does not give up: ``python -m tests.flows.driver``.

Each message has an ``Idempotency-Key``. Whatever is no answer (a refused or broken connection, a time-out, 503, and
409 while the first try is still being made) is tried again with the same key. Each end is one JSON line.
"""

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp

PATIENCE_SECONDS = 90.0
AGAIN = {409, 503}
CATEGORIES = {7: "otp", 5: "marketing", 9: "marketing"}


def document(run: str, number: int) -> dict[str, Any]:
    """Every tenth message has two parts, with the marker in both; every tenth is a passcode, every fifth marketing."""
    marker = f"#{run}-{number}"
    long = number % 10 == 3
    return {
        "to": f"+49151{20_000_000 + number:08}",
        "body": f"{marker} {'long ' * 30} {marker} the end" if long else f"Parcel {number} {marker}",
        "category": CATEGORIES.get(number % 10, "transactional"),
        "ttl": 3600,
    }


class Driver:
    """One run."""

    def __init__(self, urls: list[str], key: str, run: str, out: Path) -> None:
        self._urls, self._key, self._run = urls, key, run
        self._out = out.open("a", buffering=1)

    async def send_all(self, count: int, rate: float) -> None:
        """Send ``count`` messages, evenly, and wait for the end of each."""
        timeout = aiohttp.ClientTimeout(total=15)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=200)) as session:
            began, tasks = time.monotonic(), []
            for number in range(count):
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                tasks.append(asyncio.create_task(self._send(session, number)))
            await asyncio.gather(*tasks)

    async def _send(self, session: aiohttp.ClientSession, number: int) -> None:
        body = json.dumps(document(self._run, number)).encode()
        began = time.monotonic()
        statuses: list[int] = []
        while True:
            status, answer = await self._try(session, body, number, len(statuses))
            statuses.append(status)
            if status not in AGAIN and status != 0:
                break
            if time.monotonic() - began > PATIENCE_SECONDS:
                break
            await asyncio.sleep(min(0.2 * len(statuses), 1.0))
        line = {"n": number, "key": f"{self._run}-{number}", "statuses": statuses, "answer": answer}
        self._out.write(json.dumps(line) + "\n")

    async def _try(
        self, session: aiohttp.ClientSession, body: bytes, number: int, tries: int
    ) -> tuple[int, dict[str, Any] | None]:
        url = self._urls[(number + tries) % len(self._urls)]
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": f"{self._run}-{number}"}
        try:
            async with session.post(f"{url}/v1/messages", data=body, headers=headers) as reply:
                return reply.status, await reply.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0, None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", action="append", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    driver = Driver(options.url, options.key, options.run, options.out)
    asyncio.run(driver.send_all(options.count, options.rate))


if __name__ == "__main__":
    main()
