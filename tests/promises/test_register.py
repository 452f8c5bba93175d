"""The register: complete, in words that can be published, and honest about what it cannot show."""

from collections import Counter

import pytest
from django.test import override_settings

from privacy import profiles
from privacy.promises import promises, published, sentence, unclaimed
from privacy.promises.register.row import PLACEHOLDER

COUNTS = {"otp": 52, "fleet": 54, "transit": 118, "api": 38, "team": 63, "duty": 15}


def test_every_sentence_of_every_policy_has_its_row_once() -> None:
    ids = [promise.id for promise in promises()]

    expected = [f"{policy}-{number:02}" for policy, count in COUNTS.items() for number in range(1, count + 1)]
    assert Counter(ids) == Counter(expected)


def test_every_row_can_be_shown_or_says_why_not() -> None:
    silent = [
        promise.id
        for promise in promises()
        if not (promise.checks or promise.tested or promise.attested or promise.gap)
    ]

    assert silent == []


def test_a_row_that_is_no_gap_names_its_mechanism() -> None:
    assert [p.id for p in promises() if not (p.mechanism or p.gap or p.attested or p.checks)] == []


@pytest.mark.parametrize("profile", [*profiles.PROFILES, profiles.STRICT])
def test_sentences_are_whole_in_every_profile(profile: str) -> None:
    with override_settings(POLICY_PROFILE=profile):
        texts = {promise.id: sentence(promise) for promise in published()}

    assert [name for name, text in texts.items() if PLACEHOLDER.search(text)] == []
    assert [name for name, text in texts.items() if not (text[0].isupper() and text.endswith("."))] == []


def test_a_sentence_says_what_its_profile_says() -> None:
    kept = next(promise for promise in promises() if promise.id == "fleet-32")

    assert "7 days" in sentence(kept, profile="fleet")
    assert "24 hours" in sentence(kept, profile="transit")


def test_a_profile_publishes_its_policy_and_the_duties() -> None:
    assert Counter(promise.policy for promise in published(profile="api")) == {"api": 38, "duty": 15}
    assert {promise.policy for promise in published(profile="all")} == {*COUNTS}


def test_what_a_setting_does_not_give_is_not_claimed() -> None:
    assert "transit-96" in {promise.id for promise in published(profile="transit")}
    assert [promise.id for promise in unclaimed(profile="strict")] == ["transit-96"]
