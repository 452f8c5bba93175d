"""Lengths of time in German: "90 Tage" where they stand alone, "innerhalb von 30 Tagen" where a sentence wants it."""

import datetime as dt

from django.utils import translation

from privacy import periods
from privacy.promises import wording


def test_a_length_of_time_stands_alone_in_german() -> None:
    with translation.override("de"):
        assert periods.in_words(dt.timedelta(days=90)) == "90 Tage"
        assert periods.in_words(7 * periods.YEAR) == "7 Jahre"
        assert wording.words(dt.timedelta(days=30), after="werden ") == "30 Tage"
        assert wording.words(dt.timedelta(days=30), after="innerhalb von ") == "30 Tagen"
