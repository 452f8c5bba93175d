"""German dates with the month shortened, so that they fit where English ones do."""

DATE_FORMAT = "j. N Y"
DATETIME_FORMAT = "j. N Y, H:i"
