-- Who may call accept once it was made anew, so that it lets test mode use senders that are not approved yet.
REVOKE ALL ON FUNCTION pipeline.accept, pipeline.remember FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pipeline.accept TO sp_app;
ALTER FUNCTION pipeline.accept OWNER TO sp_definer;
ALTER FUNCTION pipeline.remember OWNER TO sp_definer;
