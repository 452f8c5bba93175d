-- What a workspace may do to its own messages after accepting: cancel, redact, erase. Each proves its workspace first.

-- Cancel a message no carrier has. Answers canceled · not_cancelable · already_final · not_found.
CREATE FUNCTION pipeline.cancel(p_token text, p_message uuid, p_at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    waiting messaging_outbox;
BEGIN
    SELECT * INTO waiting FROM messaging_outbox o
    WHERE o.message_id = p_message AND o.workspace_id = tenancy.subject('w', p_token) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN CASE WHEN EXISTS (SELECT 1 FROM messaging_message m WHERE m.id = p_message
                                 AND m.workspace_id = tenancy.subject('w', p_token))
                    THEN 'already_final' ELSE 'not_found' END;
    END IF;
    IF waiting.state <> 0 OR EXISTS (SELECT 1 FROM messaging_attempt a
                                     WHERE a.message_id = p_message AND a.outcome IN ('accepted', 'unknown')) THEN
        RETURN 'not_cancelable';
    END IF;
    INSERT INTO messaging_event (id, workspace_id, message_id, kind, at)
    VALUES (pipeline.uuid7(p_at), waiting.workspace_id, p_message, 'canceled', p_at);
    PERFORM pipeline.finish(ARRAY[p_message], ARRAY['canceled'], ARRAY[NULL::text], p_at);
    RETURN 'canceled';
END
$$;

-- Remove text, number, reference and metadata of a final message. Answers redacted · already_redacted · not_final ·
-- not_found.
CREATE FUNCTION pipeline.redact(p_token text, p_message uuid, p_at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    found_message messaging_message;
BEGIN
    SELECT * INTO found_message FROM messaging_message m
    WHERE m.id = p_message AND m.workspace_id = tenancy.subject('w', p_token) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    ELSIF EXISTS (SELECT 1 FROM messaging_outbox o WHERE o.message_id = p_message) THEN
        RETURN 'not_final';
    ELSIF found_message.redacted_at IS NOT NULL AND found_message.to_ct IS NULL THEN
        RETURN 'already_redacted';
    END IF;
    DELETE FROM messaging_body b WHERE b.message_id = p_message
        AND b.expires_on = (found_message.body_expires_at AT TIME ZONE 'UTC')::date;
    -- And what a debugging window keeps of it. A hold is not the customer's to end.
    DELETE FROM messaging_kept_body k WHERE k.message_id = p_message AND k.window_id IS NOT NULL;
    UPDATE messaging_message m SET redacted_at = coalesce(m.redacted_at, p_at), to_ct = NULL, reference_ct = NULL,
        metadata_ct = NULL
    WHERE m.id = p_message;
    INSERT INTO messaging_event (id, workspace_id, message_id, kind, at)
    VALUES (pipeline.uuid7(p_at), found_message.workspace_id, p_message, 'redacted', p_at);
    PERFORM pipeline.emit(ARRAY[p_message], ARRAY[found_message.workspace_id], ARRAY[found_message.livemode],
        ARRAY[found_message.callback_id], ARRAY['message.redacted'], NULL, p_at);
    RETURN 'redacted';
END
$$;

-- Erase a final message and all that hangs on it; the ledger keeps its amount under an id that leads nowhere.
CREATE FUNCTION pipeline.erase(p_token text, p_message uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pipeline
AS $$
DECLARE
    found_message messaging_message;
BEGIN
    SELECT * INTO found_message FROM messaging_message m
    WHERE m.id = p_message AND m.workspace_id = tenancy.subject('w', p_token) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    ELSIF EXISTS (SELECT 1 FROM messaging_outbox o WHERE o.message_id = p_message) THEN
        RETURN 'not_final';
    END IF;
    DELETE FROM messaging_body b WHERE b.message_id = p_message
        AND b.expires_on = (found_message.body_expires_at AT TIME ZONE 'UTC')::date;
    -- And what a debugging window keeps of it. A hold is not the customer's to end.
    DELETE FROM messaging_kept_body k WHERE k.message_id = p_message AND k.window_id IS NOT NULL;
    DELETE FROM messaging_delivery d WHERE d.message_id = p_message AND d.workspace_id = found_message.workspace_id;
    DELETE FROM messaging_event e WHERE e.message_id = p_message;
    DELETE FROM messaging_attempt a WHERE a.message_id = p_message;
    DELETE FROM messaging_message m WHERE m.id = p_message;
    RETURN 'erased';
END
$$;
