"""What shows the promises is there: every marked test, every named check, and the list that ships without the tests."""

from django.conf import settings

from privacy.promises import promises, tested

FOUND = tested.scan(settings.ROOT)


def test_the_list_of_tests_that_show_promises_is_what_the_tests_say() -> None:
    assert tested.FILE.read_text() == tested.text(FOUND), "run: manage.py privacy tested --write"


def test_every_promise_that_a_test_names_is_in_the_register() -> None:
    assert FOUND.keys() - {promise.id for promise in promises()} == set()


def test_every_module_that_keeps_a_promise_exists() -> None:
    """``privacy.keyring`` or a path; words are allowed where a mechanism is spread."""
    missing = [
        (promise.id, name)
        for promise in promises()
        for name in promise.mechanism.split(", ")
        if name and not _exists(name)
    ]

    assert missing == []


def _exists(name: str) -> bool:
    if "/" in name or name.startswith("."):
        return bool((settings.ROOT / name).exists())
    parts = name.split(".")
    places = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return any((settings.ROOT / f"{place}.py").exists() or (settings.ROOT / place).is_dir() for place in places[:2])
