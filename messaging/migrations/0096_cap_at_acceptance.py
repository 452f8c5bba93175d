from django.db import migrations

# The row is written again once, when it becomes final or is redacted: a text that was accepted under a longer bound
# may not stop that. Nothing moves the end of a text further away.
CAP = """
ALTER TABLE messaging_message DROP CONSTRAINT body_within_cap;
ALTER TABLE messaging_message ADD CONSTRAINT body_within_cap CHECK (
    final_at IS NOT NULL OR redacted_at IS NOT NULL OR body_expires_at <= pipeline.body_cap() + greatest(send_at,
        to_timestamp((('x' || left(translate(id::text, '-', ''), 12))::bit(48)::bigint + 1) / 1000.0))
) NOT VALID;
CREATE FUNCTION pipeline.refuse_longer_text() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog
AS $$
BEGIN
    RAISE EXCEPTION 'a text is kept no longer than was said when it was accepted' USING ERRCODE = 'check_violation';
END
$$;
REVOKE ALL ON FUNCTION pipeline.refuse_longer_text() FROM PUBLIC;
CREATE TRIGGER text_ends_no_later BEFORE UPDATE OF body_expires_at ON messaging_message
    FOR EACH ROW WHEN (NEW.body_expires_at > OLD.body_expires_at) EXECUTE FUNCTION pipeline.refuse_longer_text();
"""


class Migration(migrations.Migration):
    """A stricter policy binds what is accepted from then on, and lets what is under way come to its end."""

    dependencies = [("messaging", "0095_parts_returned")]
    operations = [migrations.RunSQL(CAP, reverse_sql=migrations.RunSQL.noop)]
