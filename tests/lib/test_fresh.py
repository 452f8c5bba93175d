"""The cache of one event loop: one load for many waiters, and old answers while a new one is fetched."""

import asyncio

import pytest

from smsplatform.lib.fresh import FreshCache


class Source:
    """Counts how often it is asked."""

    def __init__(self, value: str | None = "a", *, fails: bool = False) -> None:
        self.value, self.fails, self.asked = value, fails, 0

    async def __call__(self, key: str) -> str | None:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.fails:
            raise ConnectionError
        return self.value


def test_256_requests_for_an_unknown_key_load_it_once() -> None:
    source = Source()

    async def run() -> list[str | None]:
        cache = FreshCache(source)
        return await asyncio.gather(*(cache.get("k") for _ in range(256)))

    assert asyncio.run(run()) == ["a"] * 256
    assert source.asked == 1


def test_256_requests_for_an_expired_key_get_the_old_answer_and_load_once() -> None:
    source = Source()

    async def run() -> list[str | None]:
        cache = FreshCache(source, fresh=0.0)
        await cache.get("k")
        source.value = "b"
        old = await asyncio.gather(*(cache.get("k") for _ in range(256)))
        await asyncio.sleep(0.05)
        return [*old, cache.at_hand("k")]

    assert asyncio.run(run()) == ["a"] * 256 + ["b"]
    assert source.asked <= 3


def test_a_failed_refresh_leaves_the_old_answer_in_force() -> None:
    source = Source()

    async def run() -> str | None:
        cache = FreshCache(source, fresh=0.0)
        await cache.get("k")
        source.fails = True
        cache.at_hand("k")
        await asyncio.sleep(0.05)
        return cache.at_hand("k")

    assert asyncio.run(run()) == "a"


def test_a_failed_first_load_reaches_everybody_who_waits() -> None:
    async def run() -> None:
        cache = FreshCache(Source(fails=True))
        results = await asyncio.gather(*(cache.get("k") for _ in range(5)), return_exceptions=True)
        assert all(isinstance(result, ConnectionError) for result in results)

    asyncio.run(run())


def test_what_is_too_old_is_not_served() -> None:
    async def run() -> str | None:
        cache = FreshCache(Source(), fresh=0.0, stale=0.0)
        await cache.get("k")
        await asyncio.sleep(0.01)
        return cache.at_hand("k")

    assert asyncio.run(run()) is None


def test_an_absent_key_is_asked_for_once_in_a_while() -> None:
    source = Source(None)

    async def run() -> None:
        cache = FreshCache(source)
        for _ in range(5):
            assert await cache.get("k") is None

    asyncio.run(run())
    assert source.asked == 1


def test_the_number_of_entries_is_bounded() -> None:
    async def run() -> int:
        cache = FreshCache(Source(), entries_max=10)
        for number in range(100):
            await cache.get(str(number))
        return len(cache._known)

    assert asyncio.run(run()) <= 10


def test_a_caller_that_gives_up_does_not_spoil_the_load() -> None:
    source = Source()

    async def run() -> str | None:
        cache = FreshCache(source)
        hasty = asyncio.ensure_future(cache.get("k"))
        await asyncio.sleep(0)
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
        return await cache.get("k")

    assert asyncio.run(run()) == "a"
    assert source.asked == 1


def test_many_who_find_an_answer_outdated_get_a_newer_one_from_one_load() -> None:
    source = Source()

    async def run() -> list[str | None]:
        cache = FreshCache(source)
        old = await cache.get("k")
        source.value = "b"
        return await asyncio.gather(*(cache.newer("k", old) for _ in range(256)))

    assert asyncio.run(run()) == ["b"] * 256
    assert source.asked == 2
