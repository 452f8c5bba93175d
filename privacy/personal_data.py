"""What privacy itself keeps, and the models that installed packages brought along: we answer for those too."""

from django.utils.translation import gettext_noop as _

from privacy import archives, upkeep
from privacy.abuse import declared as abuse
from privacy.breaches import declared as breaches
from privacy.consent import declared as consent
from privacy.disclosures import declared as disclosures
from privacy.registry import F, ModelPolicy, Unit, declare, each

ROW = F("none", reason="random id of this row")
FRAMEWORK = F("none", reason="the framework's own tables, filled by migrations")

AUDIT = Unit(
    name="audit",
    keep="retention.audit",
    anchor="at",
    action="delete",
    guard="accounts.activity.matching",
    purge=upkeep.purge_audit,
    due=upkeep.audit_due,
)
SEALS = Unit(
    name="audit seals",
    kept=_("91 days"),
    anchor="at",
    action="delete",
    purge=upkeep.purge_seals,
    due=upkeep.seals_due,
)
BODY_KEYS = Unit(
    name="body keys",
    kept=_("until the expiry day of the bodies they open is over"),
    period=upkeep.DAY,
    anchor="bucket_on",
    action="shred",
    counts="keys",
    guard="privacy.keyring.by_id",
    purge=upkeep.destroy_body_keys,
    due=upkeep.body_keys_due,
)
RUNS = Unit(
    name="purge runs",
    period=upkeep.RUNS_KEPT,
    anchor="started_at",
    action="delete",
    unguarded="counts and times of our own work, about nobody",
    purge=upkeep.purge_runs,
    due=upkeep.runs_due,
)

WINDOWS = Unit(
    name="debugging windows",
    kept=_("{period} after they were opened"),
    period=upkeep.WINDOWS_KEPT,
    anchor="opened_at",
    action="delete",
    unguarded="who opened it and until when, which the activity log tells as well",
    purge=upkeep.purge_windows,
    due=upkeep.windows_due,
)
ARCHIVES = Unit(
    name="archives of people's data",
    kept=_("7 days, or until it was taken three times"),
    anchor="expires_at",
    action="shred",
    purge=archives.purge,
    due=upkeep.archives_due,
)
CHECKED = Unit(
    name="promise checks",
    kept=_("90 days"),
    anchor="at",
    action="delete",
    purge=upkeep.purge_check_results,
    due=upkeep.check_results_due,
)
REPORTS = Unit(
    name="promise reports",
    kept=_("90 days"),
    anchor="at",
    action="delete",
    purge=upkeep.purge_reports,
    due=upkeep.reports_due,
)
FINDING = F("none", reason="counts, codes and times of our own checks, about nobody")
EVIDENCE = F("none", reason="what shows a promise to be kept; staff are asked to name documents, not people")

REQUEST_WORDS = Unit(
    name="words of requests",
    kept=_("30 days after the request is closed"),
    anchor="closed_at",
    action="clear",
    purge=upkeep.clear_requests,
    due=upkeep.words_due,
)
REQUESTS = Unit(
    name="requests",
    kept=_("3 years after they are closed, without number, address and words"),
    anchor="closed_at",
    action="delete",
    purge=upkeep.purge_requests,
    due=upkeep.requests_due,
    reason="evidence that people's rights were respected",
)
PROOFS = Unit(
    name="proofs of identity",
    kept=_("2 days"),
    anchor="created_at",
    action="delete",
    purge=upkeep.purge_proofs,
    due=upkeep.proofs_due,
)
TICKETS = Unit(
    name="requests forwarded to workspaces",
    kept=_("1 year after they were due"),
    anchor="due_at",
    action="delete",
    purge=upkeep.purge_tickets,
    due=upkeep.tickets_due,
)
MARKS = Unit(
    name="marks of erasures",
    kept=_("{period}, the age of the oldest backup, and a week; those of workspaces stay"),
    keep="retention.backups",
    anchor="at",
    action="delete",
    unguarded="random ids of rows that are gone, read after a restore only",
    purge=upkeep.forget_tombstones,
    due=upkeep.tombstones_due,
)
ASKED = "what was asked and how it was answered is evidence; number, address and words are cleared soon after the end"
STOPPED = "by it the rest is found and erased when the hold ends, and then it is deleted"
PROVING = "by it people follow what becomes of their erasure; deleted after two days"
SEALED_WORDS = F("opaque", export="subject", erase="keep", reason=ASKED)

DOCUMENT = F("none", reason="a document that everybody may read")

declare(
    ModelPolicy(
        model="privacy.CheckResult",
        scope="system",
        units=(CHECKED,),
        fields={"id": ROW, **each("name at holds why evidence took_ms", FINDING)},
    ),
    ModelPolicy(
        model="privacy.PromiseAttestation",
        scope="system",
        paths={"staff": "by_id"},
        activities=("secure_platform",),
        reason="evidence that a promise was kept outlives the promise",
        fields={
            "id": ROW,
            **each("promise at evidence document expires_on", EVIDENCE),
            "by_id": F("person_id", erase="keep", reason="evidence of who vouched for a promise"),
        },
    ),
    ModelPolicy(
        model="privacy.ReportSeal",
        scope="system",
        reason="links of a chain that shows that no report was rewritten",
        fields=each("number at profile digest link key_id signature", FINDING),
    ),
    ModelPolicy(
        model="privacy.PromiseReport",
        scope="system",
        units=(REPORTS,),
        fields=each("number at document", FINDING),
    ),
    ModelPolicy(
        model="privacy.DocumentVersion",
        scope="system",
        reason="old versions stay public",
        fields={
            **each("id mailed_up_to", ROW),
            **each("document number state profile snapshot digest changes material", DOCUMENT),
            **each("drafted_at announced_at effective_at archived_at mails_leased_until mailed_at", DOCUMENT),
            "raised_by": F("person_id", erase="keep", reason="evidence of who did what outlives the account it names"),
        },
    ),
    ModelPolicy(
        model="privacy.DocumentText",
        scope="system",
        reason="old versions stay public",
        fields={**each("id version_id", ROW), **each("language content sha256", DOCUMENT)},
    ),
    ModelPolicy(
        model="privacy.DocumentReader",
        scope="global",
        what=_("Which versions of our documents you were shown"),
        paths={"account_holder": "user_id", "staff": "user_id"},
        activities=("keep_account",),
        reason="deleted with its person",
        fields={
            **each("id version_id", ROW),
            "user_id": F("person_id"),
            **each("mailed_at shown_at dismissed_at continued_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="privacy.AuditEvent",
        scope="tenant",
        what=_("The activity log"),
        paths={"account_holder": "actor_id", "staff": "actor_id"},
        activities=("secure_platform",),
        units=(AUDIT,),
        closing="keep",
        closing_reason=_("Who did what is evidence, also after the end: ids and short codes, no names."),
        fields={
            **each("id workspace_id", ROW),
            "actor_id": F("person_id", erase="keep", reason="evidence of who did what outlives the account it names"),
            "action": F("account_meta", erase="keep", reason="evidence"),
            "details": F("account_meta", erase="keep", reason="evidence; ids and short codes, checked by the writer"),
            **each("at withheld_until", F("account_meta", erase="keep", reason="evidence")),
            **each("salt mac", F("none", reason="random; a keyed mark over the row")),
        },
    ),
    ModelPolicy(
        model="privacy.AuditSeal",
        scope="system",
        units=(SEALS,),
        fields={
            **each("number at first", F("none", reason="a minute of the log")),
            "events": F("none", reason="random ids of events"),
            **each("leaves mac", F("none", reason="salted hashes of events and a keyed mark")),
        },
    ),
    ModelPolicy(
        model="privacy.AuditSegment",
        scope="system",
        reason="the root of each day stays, so that the log's past cannot be rewritten after its events are gone",
        fields={
            **each("number day_on first_seal last_seal first count at", F("none", reason="a day of the log, counted")),
            **each("root chain", F("none", reason="hashes of hashes")),
            # An installation may be reached by the address of its machine, which is nobody's.
            "note": F("none", reason="the root of all days with our host's name and signature", resembles=("ip",)),
        },
    ),
    ModelPolicy(
        model="privacy.AuditReview",
        scope="system",
        paths={"staff": "by_id"},
        activities=("secure_platform",),
        reason="evidence of who oversaw staff",
        fields={
            "id": ROW,
            "flag": F("none", reason="a kind of flag and random ids"),
            **each("verdict at", F("account_meta", erase="keep", reason="evidence")),
            "note": F(
                "account_meta", erase="keep", reason="what an auditor found, about acts and never about customers"
            ),
            "by_id": F("person_id", erase="keep", reason="evidence of who signed off"),
        },
    ),
    ModelPolicy(
        model="privacy.DataRequest",
        scope="global",
        what=_("Requests about personal data"),
        paths={"recipient": "identity_idx", "account_holder": "user_id", "visitor": "consent_id"},
        activities=("answer_requests",),
        units=(REQUEST_WORDS, REQUESTS),
        fields={
            "id": ROW,
            **each(
                "kind about state proof reason law locale field activity",
                F("account_meta", erase="keep", reason=ASKED),
            ),
            "consent_id": F("person_id", export="subject", erase="keep", reason=ASKED),
            "identity": F("msisdn", export="subject", erase="keep", reason=ASKED),  # or a mail address
            "identity_idx": F(
                "msisdn", form="index", export="never", erase="keep", indexed_as="privacy.identity", reason=ASKED
            ),
            "user_id": F("person_id", erase="keep", reason=ASKED),
            "residence": F("account_meta", erase="keep", reason=ASKED),
            **each("words answer value", SEALED_WORDS),
            **each(
                "received_at verified_at due_at extended_at reminded closed_at",
                F("account_meta", erase="keep", reason=ASKED),
            ),
        },
    ),
    ModelPolicy(
        model="privacy.DataRequestStep",
        scope="global",
        what=_("Histories of requests"),
        paths={"account_holder": "actor_id", "staff": "actor_id"},
        activities=("answer_requests",),
        units=(REQUESTS,),
        fields={
            **each("id request_id", ROW),
            "actor_id": F("person_id", erase="keep", reason=ASKED),
            **each("state by note at", F("account_meta", erase="keep", reason=ASKED)),
        },
    ),
    ModelPolicy(
        model="privacy.IdentityProof",
        scope="global",
        what=_("Proofs of identity"),
        paths={"recipient": "identity_idx"},
        activities=("answer_requests",),
        units=(PROOFS,),
        fields={
            "id": ROW,
            "identity": F("msisdn", export="never", erase="keep", reason=PROVING),  # or a mail address
            "identity_idx": F(
                "msisdn",
                form="index",
                export="never",
                erase="keep",
                indexed_as="privacy.identity",
                reason=PROVING,
            ),
            "digest": F("secret", form="digest", erase="delete_row"),
            **each("kind on ordinal attempts about locale", F("account_meta", export="never")),
            **each("created_at expires_at verified_at", F("account_meta", export="never")),
        },
    ),
    ModelPolicy(
        model="privacy.RequestTicket",
        scope="tenant",
        what=_("Requests of people you texted"),
        paths={"recipient": "msisdn_idx", "account_holder": "decided_by"},
        activities=("answer_requests",),
        units=(TICKETS,),
        fields={
            **each("id workspace_id request_id", ROW),
            "msisdn": F("msisdn", erase="clear"),
            "msisdn_idx": F(
                "msisdn", form="index", export="never", erase="pseudonymise", indexed_as="privacy.RequestTicket.msisdn"
            ),
            **each("words reason", F("opaque", export="both", erase="clear")),
            "decided_by": F("person_id", erase="keep", reason=ASKED),
            **each(
                "kind state automatic due_at reminded created_at decided_at",
                F("account_meta", erase="keep", reason=ASKED),
            ),
        },
    ),
    ModelPolicy(
        model="privacy.RequestSettings",
        scope="tenant",
        what=_("Which requests are fulfilled without asking"),
        reason="as long as the workspace",
        fields={
            "workspace_id": ROW,
            **each("objection restriction access erasure", F("workspace_meta")),
        },
    ),
    ModelPolicy(
        model="privacy.PurgeRun",
        scope="system",
        units=(RUNS,),
        fields={
            "id": ROW,
            **each("unit started_at finished_at removed error", F("none", reason="counts and times of the purge")),
        },
    ),
    ModelPolicy(
        model="privacy.Archive",
        scope="global",
        what=_("Copies of your data that you asked for"),
        activities=("answer_requests",),
        units=(ARCHIVES,),
        fields={
            "id": ROW,
            "listed_for": F("person_id"),
            "person": F("opaque", export="never"),
            **each("subject language state builder error", F("none", reason="how far the copy is")),
            **each("rows_total rows_done pieces size downloads_left", F("none", reason="how far the copy is")),
            **each("created_at touched_at ready_at taken_at expires_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="privacy.ArchivePiece",
        scope="global",
        activities=("answer_requests",),
        units=(ARCHIVES,),
        fields={**each("id archive_id number", ROW), "content": F("opaque", export="never")},
    ),
    ModelPolicy(
        model="privacy.Erasure",
        scope="global",
        activities=("answer_requests",),
        reason="kept to show that what was asked for was done: counts by model, nobody's identity",
        fields={"id": ROW, **each("subject done kept begun_at finished_at", F("none", reason="counts and times"))},
    ),
    ModelPolicy(
        model="privacy.StoppedErasure",
        scope="tenant",
        what=_("Erasures that a hold stopped"),
        activities=("answer_requests",),
        reason="deleted as soon as the hold is released and the rest is erased",
        fields={
            **each("id erasure_id workspace_id", ROW),
            "number_idx": F("msisdn", form="index", export="never", erase="keep", reason=STOPPED),
            "user_id": F("person_id", export="never", erase="keep", reason=STOPPED),
            **each("subject left begun_at tried_at", F("none", reason="counts and times")),
        },
    ),
    ModelPolicy(
        model="privacy.Restriction",
        scope="global",
        paths={"account_holder": "person_id", "staff": "person_id"},
        what=_("That you asked us to restrict the use of your data"),
        activities=("answer_requests",),
        reason="kept until it is lifted, and then as long as anybody may ask why it was",
        fields={
            **each("id place_id", ROW),
            "person_id": F("person_id", erase="delete_row"),
            "number_idx": F(
                "msisdn",
                form="index",
                export="never",
                erase="keep",
                reason="a restriction is worth nothing once it is forgotten; the number itself is not kept",
            ),
            **each("since lifted_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="privacy.Objection",
        scope="global",
        paths={"account_holder": "person_id", "staff": "person_id"},
        what=_("That you object to a use of your data"),
        activities=("answer_requests",),
        reason="kept until it is taken back, and then as long as anybody may ask when it held",
        fields={
            "id": ROW,
            "person_id": F("person_id", erase="delete_row"),
            **each("activity since lifted_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="privacy.KnownEpoch",
        scope="system",
        reason="one number, which says from when this database is",
        fields=each("id epoch", F("none", reason="how many erasures there have been")),
    ),
    ModelPolicy(
        model="keystore.Watermark",
        scope="keystore",
        reason="one number, which says how many erasures there have been",
        fields=each("id epoch forgotten", F("none", reason="how many erasures there have been")),
    ),
    ModelPolicy(
        model="privacy.Hold",
        scope="tenant",
        what=_("Legal holds"),
        paths={"staff": "owner_id"},
        activities=("secure_platform",),
        reason="evidence of why data was kept beyond its time, kept with the books",
        closing="keep",
        closing_reason=_("Why data was kept beyond its time is evidence."),
        fields={
            **each("id workspace_id message_ids kept_until_id", ROW),
            **each("basis units", F("none", reason="a short code of why, and names of units")),
            **each(
                "owner_id released_by",
                F("person_id", erase="keep", reason="evidence of who answers for keeping data outlives the account"),
            ),
            **each(
                "document reason release_reason",
                F("opaque", erase="keep", reason="evidence of why data was kept beyond its time"),
            ),
            **each("opened_at reviewed_at review_at reminded released_at", F("none", reason="dates of the case")),
        },
    ),
    ModelPolicy(
        model="privacy.DebugWindow",
        scope="tenant",
        what=_("Debugging windows"),
        paths={"account_holder": "opened_by"},
        activities=("keep_account",),
        units=(WINDOWS,),
        closing="keep",
        closing_reason=_("Ids and dates; the keys of what they kept are destroyed."),
        fields={
            **each("id workspace_id kept_until_id", ROW),
            "opened_by": F("person_id"),
            **each("opened_at ends_at closed_at", F("none", reason="dates of the window")),
        },
    ),
    ModelPolicy(
        model="keystore.WorkspaceKey",
        scope="keystore",
        activities=("secure_platform",),
        units=(BODY_KEYS,),
        fields={
            **each("id workspace_id", ROW),
            **each("purpose bucket_on epoch created_at", F("none", reason="which key this is")),
            "wrapped": F("secret", form="digest", erase="delete_row"),  # under its parent key, in the vault's own form
        },
    ),
    ModelPolicy(
        model="keystore.Tombstone",
        scope="keystore",
        activities=("secure_platform",),
        units=(MARKS,),
        reason="so that a restore can erase again; those of workspaces stay, because they forbid new keys",
        fields={"id": ROW, **each("model row_id action at epoch", F("none", reason="random id of a row that is gone"))},
    ),
    ModelPolicy(
        model="keystore.LogHead",
        scope="keystore",
        reason="one row",
        fields=each("id seal mac segments root at", F("none", reason="how far the audit log had come")),
    ),
    ModelPolicy(
        model="django_otp_webauthn.WebAuthnCredential",
        scope="global",
        paths={"account_holder": "user_id", "staff": "user_id"},
        activities=("keep_account", "secure_platform"),
        reason="deleted with its person",
        fields={
            "id": ROW,
            "user_id": F("person_id"),
            "name": F("none", reason="always empty; what the person calls it is accounts.PasskeyName"),
            **each("credential_id credential_id_sha256", F("account_meta")),
            "public_key": F("account_meta"),
            **each("credential_type transports sign_count backup_eligible backup_state aaguid", F("account_meta")),
            **each("discoverable confirmed created_at last_used_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="django_otp_webauthn.WebAuthnAttestation",
        scope="global",
        reason="always empty: accounts.passkeys keeps no attestation",
        fields=each("id credential_id fmt data client_data_json", F("none", reason="never written")),
    ),
    ModelPolicy(
        model="django_otp_webauthn.WebAuthnUserHandle",
        scope="global",
        paths={"account_holder": "user_id", "staff": "user_id"},
        activities=("keep_account",),
        reason="deleted with its person",
        fields={"user_id": F("person_id"), "handle_hex": F("account_meta")},
    ),
    ModelPolicy(
        model="sessions.Session",
        scope="global",
        reason="empty: sessions are kept in accounts.Session",
        fields=each("session_key session_data expire_date", FRAMEWORK),
    ),
    ModelPolicy(
        model="auth.Permission",
        scope="global",
        reason="not about people",
        fields=each("id name content_type_id codename", FRAMEWORK),
    ),
    ModelPolicy(model="auth.Group", scope="global", reason="not about people", fields=each("id name", FRAMEWORK)),
    ModelPolicy(
        model="auth.Group_permissions",
        scope="global",
        reason="not about people",
        fields=each("id group_id permission_id", FRAMEWORK),
    ),
    ModelPolicy(
        model="contenttypes.ContentType",
        scope="global",
        reason="not about people",
        fields=each("id app_label model", FRAMEWORK),
    ),
)
declare(*consent.DECLARED, *breaches.DECLARED, *abuse.DECLARED, *disclosures.DECLARED)
