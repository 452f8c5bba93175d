"""What accounts knows of people, why, for how long."""

import datetime as dt

from django.utils.translation import gettext_noop as _

from accounts import upkeep
from privacy import upkeep as privacy_upkeep
from privacy.registry import F, ModelPolicy, Unit, declare, each

ROW = F("none", reason="random id of this row")
ANSWERED = "which member of the staff answers for what the workspace was told"
RULE = F("none", reason="a setting that says nothing about a person")

ACCOUNT = Unit(
    name="account",
    kept=_("while the account exists"),
    anchor="closing of the account",
    action="delete",
    reason="removed by closing or erasure, not by the calendar",
)

ASKED = Unit(
    name="invitations and requests to join",
    kept=_("{period} after they were answered or ran out"),
    period=upkeep.ASKED_KEPT,
    anchor="expires_at",
    action="delete",
    guard="accounts.invitations.find",
    purge=upkeep.purge_asked,
)

UNCONFIRMED = Unit(
    name="sign-ups never confirmed",
    period=upkeep.UNCONFIRMED_KEPT,
    anchor="created_at",
    action="delete",
    unguarded="nobody but the person reads them, by a link that ends after two days",
    purge=upkeep.purge_unconfirmed,
)
TOKENS = Unit(
    name="refresh tokens",
    kept=_("30 days"),
    period=dt.timedelta(),
    anchor="expires_at",
    action="delete",
    guard="accounts.tokens.refresh",
    purge=upkeep.purge_tokens,
)
SIGNING_KEYS = Unit(
    name="signing keys of tokens",
    kept=_("{period} after they were retired"),
    period=upkeep.SIGNING_KEYS_KEPT,
    anchor="retired_at",
    action="delete",
    unguarded="the private half is destroyed when they retire; the public half says nothing about anybody",
    purge=upkeep.purge_signing_keys,
)
NOTICES = Unit(
    name="notifications",
    period=upkeep.NOTICES_KEPT,
    anchor="at",
    action="delete",
    guard="accounts.notifications.readable",
    purge=upkeep.purge_notices,
)
SESSIONS = Unit(
    name="sessions",
    kept=_("14 days"),
    period=dt.timedelta(),
    anchor="expire_date",
    action="delete",
    guard="accounts.session_store.SessionStore",
    purge=privacy_upkeep.purge_sessions,
    due=privacy_upkeep.sessions_due,
)
DEVICES = Unit(
    name="known devices",
    kept=_("{period} after the last sign-in from there"),
    period=upkeep.DEVICES_KEPT,
    anchor="seen_at",
    action="delete",
    unguarded="a fingerprint of a kind of browser, compared at sign-in and shown to nobody",
    purge=upkeep.purge_devices,
)
GRANTS = Unit(
    name="access of staff", kept=_("90 days"), anchor="expires_at", action="delete", purge=upkeep.purge_grants
)
SUPPORT = Unit(
    name="support threads",
    kept=_("{period} after they were resolved"),
    keep="retention.support",
    anchor="resolved_at",
    action="delete",
    guard="accounts.models.support.SupportThreadQuerySet.readable",
    purge=upkeep.purge_support,
    due=upkeep.support_due,
)
CHANGES = Unit(
    name="changes of address",
    period=upkeep.CHANGES_KEPT,
    anchor="asked_at",
    action="delete",
    guard="accounts.links.of_email_change",
    purge=upkeep.purge_email_changes,
)
WISHES = Unit(
    name="wishes to close a workspace",
    period=upkeep.WISHES_KEPT,
    anchor="asked_at",
    action="delete",
    guard="accounts.links.of_closing",
    purge=upkeep.purge_closing_wishes,
)

declare(
    ModelPolicy(
        model="accounts.Session",
        scope="global",
        what=_("Your sessions"),
        paths={"account_holder": "user_id", "staff": "user_id"},
        activities=("keep_account", "secure_platform"),
        units=(SESSIONS,),
        fields={
            "session_key": F("session", form="digest"),
            "session_data": F("session", form="plain", reason="holds ids and choices only"),
            "user_id": F("person_id"),
            **each("device expire_date started_at seen_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.Notification",
        scope="tenant",
        what=_("Notifications"),
        paths={"account_holder": "user_id"},
        activities=("keep_account",),
        units=(NOTICES,),
        fields={
            **each("id workspace_id", ROW),
            "user_id": F("person_id", erase="delete_row"),
            **each("kind params shown at read_at mail_due_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.NotificationChoice",
        scope="global",
        what=_("What you want to be told of"),
        paths={"account_holder": "user_id", "staff": "user_id"},
        activities=("keep_account",),
        units=(ACCOUNT,),
        fields={"id": ROW, "user_id": F("person_id"), **each("category by_mail on_page", F("account_meta"))},
    ),
    ModelPolicy(
        model="accounts.TotpDevice",
        scope="global",
        paths={"account_holder": "user_id", "staff": "user_id"},
        activities=("keep_account", "secure_platform"),
        units=(ACCOUNT,),
        fields={
            "id": ROW,
            "user_id": F("person_id"),
            "secret": F("secret", erase="delete_row"),
            **each("confirmed created_at last_used_at last_step", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.RecoveryCodes",
        scope="global",
        paths={"account_holder": "user_id", "staff": "user_id"},
        activities=("keep_account", "secure_platform"),
        units=(ACCOUNT,),
        fields={
            "id": ROW,
            "user_id": F("person_id"),
            **each("confirmed created_at last_used_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.RecoveryCode",
        scope="global",
        paths={"account_holder": "device_id", "staff": "device_id"},
        activities=("keep_account", "secure_platform"),
        units=(ACCOUNT,),
        fields={
            **each("id device_id", ROW),
            "digest": F("secret", form="digest", erase="delete_row"),
            "used_at": F("account_meta"),
        },
    ),
    ModelPolicy(
        model="accounts.PasskeyName",
        scope="global",
        paths={"account_holder": "passkey_id", "staff": "passkey_id"},
        activities=("keep_account",),
        units=(ACCOUNT,),
        fields={**each("id passkey_id", ROW), "name": F("name", erase="delete_row")},
    ),
    ModelPolicy(
        model="accounts.KnownDevice",
        scope="global",
        what=_("Devices you signed in with"),
        paths={"account_holder": "user_id", "staff": "user_id"},
        activities=("secure_platform",),
        units=(DEVICES,),
        fields={
            "id": ROW,
            "user_id": F("person_id"),
            "digest": F("account_meta", form="digest"),
            "seen_at": F("account_meta"),
        },
    ),
    ModelPolicy(
        model="accounts.EmailChange",
        scope="global",
        what=_("Changes of your e-mail address"),
        paths={"account_holder": "user_id", "staff": "user_id"},
        activities=("keep_account",),
        units=(CHANGES,),
        fields={
            "id": ROW,
            "user_id": F("person_id"),
            "email": F("email"),
            "email_idx": F("email", form="index", export="never"),
            **each("asked_at old_confirmed_at new_confirmed_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.User",
        scope="global",
        what=_("Your account: e-mail, name, password"),
        paths={"account_holder": "id", "staff": "id"},
        activities=("keep_account",),
        units=(ACCOUNT, UNCONFIRMED),
        fields={
            "id": F("person_id"),
            "email": F("email"),
            "email_idx": F("email", form="index", export="never", erase="pseudonymise"),
            "name": F("name", correct=_("Name")),
            "password": F("secret", form="digest", erase="clear"),
            "company": F("name", correct=_("Company")),
            "phone": F("msisdn", export="subject", erase="clear", correct=_("Contact phone")),
            **each("last_login is_active created_at email_confirmed_at", F("account_meta")),
            **each("age_attested_at policy_version policy_seen_at", F("account_meta")),
            **each("second_factor staff_role locale time_zone", F("account_meta")),
            "workspace_wanted": F("workspace_meta"),
        },
    ),
    ModelPolicy(
        model="accounts.Workspace",
        scope="tenant",
        what=_("The workspace: name, settings, company and contact"),
        closing="clear",
        closing_reason=_("The books refer to it: a random id with currency and dates stays, name and contact do not."),
        activities=("keep_account", "bill"),
        units=(ACCOUNT,),
        fields={
            "id": ROW,
            "name": F("workspace_meta"),
            "company": F("workspace_meta", form="sealed", erase="clear"),
            "contact_name": F("name"),
            "contact_email": F("email", erase="clear"),
            "contact_phone": F("msisdn", export="tenant", erase="clear"),
            "join_token": F("secret", erase="clear"),
            "join_digest": F("secret", form="digest", erase="clear"),
            **each("receipts require_second_factor staff_approval", RULE),
            **each("suspended_at suspended_for", F("workspace_meta")),
            **each("currency time_zone body_hours metadata_days price_plan_id sends_max", F("workspace_meta")),
            **each("created_at closed_at erase_at erased_at", F("workspace_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.ClosingWish",
        scope="tenant",
        what=_("That somebody asked to close the workspace"),
        paths={"account_holder": "asked_by"},
        activities=("keep_account",),
        units=(WISHES,),
        fields={
            **each("id workspace_id", ROW),
            "asked_by": F("person_id", erase="delete_row"),
            **each("when asked_at", F("workspace_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.Invitation",
        scope="tenant",
        what=_("Invitations"),
        paths={"account_holder": "email_idx"},
        activities=("keep_account",),
        units=(ASKED,),
        fields={
            **each("id workspace_id", ROW),
            "email": F("email", erase="delete_row"),
            "email_idx": F("email", form="index", export="never", erase="delete_row", indexed_as="accounts.User.email"),
            "digest": F("secret", form="digest"),
            **each("created_by accepted_by", F("person_id")),
            **each("role created_at expires_at accepted_at revoked_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.JoinRequest",
        scope="tenant",
        what=_("Requests to join"),
        paths={"account_holder": "user_id"},
        activities=("keep_account",),
        units=(ASKED,),
        fields={
            **each("id workspace_id", ROW),
            "user_id": F("person_id", erase="delete_row"),
            "decided_by": F("person_id"),
            **each("state created_at decided_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.Membership",
        scope="tenant",
        what=_("Who belongs to the workspace, with which role"),
        paths={"account_holder": "user_id"},
        activities=("keep_account",),
        units=(ACCOUNT,),
        fields={
            **each("id workspace_id", ROW),
            "user_id": F("person_id", erase="delete_row"),
            **each("role created_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.StaffGrant",
        scope="tenant",
        what=_("Which staff were let in to look, why and for how long"),
        paths={"staff": "staff_id"},
        activities=("secure_platform",),
        units=(GRANTS,),
        fields={
            **each("id workspace_id", ROW),
            **each(
                "staff_id customer_by approved_by reviewed_by",
                F(
                    "person_id",
                    erase="keep",
                    reason="evidence of who was let in to look",
                ),
            ),
            "reason": F("account_meta"),
            **each("category ticket level minutes break_glass customer_asked", F("account_meta")),
            **each("created_at starts_at expires_at ended_at refused_at", F("account_meta")),
            **each("content_asked_at approved_at reviewed_at withheld_until", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.SupportThread",
        scope="tenant",
        what=_("What you asked support"),
        paths={"account_holder": "user_id"},
        activities=("keep_account",),
        units=(SUPPORT,),
        fields={
            **each("id workspace_id", ROW),
            "user_id": F("person_id", erase="delete_row"),
            "subject": F("opaque", export="both", erase="delete_row"),
            "about": F("delivery_meta"),
            "assigned_to": F("person_id", export="never", erase="keep", reason=ANSWERED),
            **each("number topic state opened_at", F("account_meta", export="both")),
            **each("last_at asked_at resolved_at", F("account_meta", export="both")),
        },
    ),
    ModelPolicy(
        model="accounts.SupportEntry",
        scope="tenant",
        what=_("Your letters to support, and its answers"),
        paths={"account_holder": "user_id"},
        activities=("keep_account",),
        units=(SUPPORT,),
        fields={
            **each("id workspace_id thread_id", ROW),
            "user_id": F("person_id", erase="delete_row"),
            "staff_id": F("person_id", export="never", erase="keep", reason=ANSWERED),
            "text": F("opaque", export="both", erase="delete_row"),
            "at": F("account_meta", export="both"),
        },
    ),
    ModelPolicy(
        model="accounts.RefreshToken",
        scope="tenant",
        what=_("Signed-in apps"),
        paths={"account_holder": "user_id"},
        activities=("keep_account", "secure_platform"),
        units=(TOKENS,),
        fields={
            **each("id workspace_id family", ROW),
            "user_id": F("person_id", erase="delete_row"),
            "digest": F("secret", form="digest"),
            "livemode": RULE,
            **each("created_at expires_at used_at revoked_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.SigningKey",
        scope="global",
        activities=("secure_platform",),
        units=(SIGNING_KEYS,),
        fields={
            "id": ROW,
            "private_pem": F("secret"),
            **each("created_at retired_at", RULE),
        },
    ),
    ModelPolicy(
        model="accounts.ApiKey",
        scope="tenant",
        what=_("API keys"),
        paths={"account_holder": "created_by"},
        activities=("keep_account", "secure_platform"),
        units=(ACCOUNT,),
        fields={
            **each("id workspace_id", ROW),
            "created_by": F("person_id"),
            **each("digest former_digest", F("secret", form="digest")),
            "last4": F("workspace_meta"),
            "ip_ranges": F(
                "address",
                form="plain",
                reason="ranges of the customer's servers, compared on every request by the database's own lookup",
            ),
            **each("livemode scopes rate_max day_max money_max sender_ids countries", RULE),
            **each("name created_at expires_at former_expires_at revoked_at", F("workspace_meta")),
            **each("suspended_at last_used_at", F("workspace_meta")),
        },
    ),
)
