-- Deliveries about messages of numbers whose use is restricted wait: a payload, thin or full, is data about that person.
-- Asked by the claim, of what it has locked, where anything is restricted at all; answers what may go. What waits is
-- looked at again every quarter of an hour, so it goes soon after the restriction is lifted. Erasing the message drops it.
CREATE FUNCTION pipeline.put_off_restricted(p_picked uuid[], p_at timestamptz) RETURNS uuid[]
LANGUAGE sql SET search_path = pg_catalog, public
AS $$
    WITH waiting AS (
        UPDATE messaging_delivery d SET due_at = p_at + interval '15 minutes', last_error = 'recipient_restricted'
        WHERE d.id = ANY (p_picked)
          AND (SELECT true FROM messaging_suppression s
               WHERE s.workspace_id = d.workspace_id AND s.reason = 'restriction' LIMIT 1)
          AND pipeline.is_restricted(d.message_id)
        RETURNING d.id
    )
    SELECT coalesce(array_agg(p.id), '{}') FROM unnest(p_picked) AS p (id)
    WHERE p.id NOT IN (SELECT w.id FROM waiting w)
$$;
REVOKE ALL ON FUNCTION pipeline.put_off_restricted(uuid[], timestamptz) FROM PUBLIC;
ALTER FUNCTION pipeline.put_off_restricted(uuid[], timestamptz) OWNER TO sp_definer;
