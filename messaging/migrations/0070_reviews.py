from pathlib import Path

from django.db import migrations

REVIEWS = (Path(__file__).parent.parent / "sql" / "reviews.sql").read_text()


class Migration(migrations.Migration):
    """Which workspaces wait for a review of a sender."""

    dependencies = [("messaging", "0050_stop")]
    operations = [migrations.RunSQL(REVIEWS, reverse_sql="DROP FUNCTION pipeline.senders_in_review(integer)")]
