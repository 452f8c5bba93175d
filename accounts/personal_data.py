"""What accounts knows of people, why, for how long."""

from accounts import upkeep
from privacy.registry import F, ModelPolicy, Unit, declare, each

ROW = F("none", reason="random id of this row")
RULE = F("none", reason="a setting that says nothing about a person")

ACCOUNT = Unit(
    name="account",
    kept="while the account exists",
    anchor="closing of the account",
    action="delete",
    reason="removed by closing or erasure, not by the calendar",
)

ASKED = Unit(
    name="invitations and requests to join",
    kept="30 days after they were answered or ran out",
    anchor="expires_at",
    action="delete",
    purge=upkeep.purge_asked,
)

declare(
    ModelPolicy(
        model="accounts.User",
        scope="global",
        paths={"account_holder": "id", "staff": "id"},
        activities=("keep_account",),
        units=(ACCOUNT,),
        fields={
            "id": F("person_id"),
            "email": F("email"),
            "email_idx": F("email", form="index", export="never", erase="pseudonymise"),
            "name": F("name"),
            "password": F("secret", form="digest", erase="clear"),
            **each("last_login is_active created_at", F("account_meta")),
            "staff_role": F("account_meta"),
        },
    ),
    ModelPolicy(
        model="accounts.Workspace",
        scope="tenant",
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
            **each("receipts require_second_factor", RULE),
            **each("currency time_zone body_hours price_plan_id sends_max", F("workspace_meta")),
            **each("created_at closed_at erase_at erased_at", F("workspace_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.Invitation",
        scope="tenant",
        paths={"account_holder": "email_idx"},
        activities=("keep_account",),
        units=(ASKED,),
        fields={
            **each("id workspace_id", ROW),
            "email": F("email", erase="delete_row"),
            "email_idx": F("email", form="index", export="never", erase="delete_row"),
            "digest": F("secret", form="digest"),
            **each("created_by accepted_by", F("person_id")),
            **each("role created_at expires_at accepted_at revoked_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.JoinRequest",
        scope="tenant",
        paths={"account_holder": "user_id"},
        activities=("keep_account",),
        units=(ASKED,),
        fields={
            **each("id workspace_id", ROW),
            **each("user_id decided_by", F("person_id")),
            **each("state created_at decided_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.Membership",
        scope="tenant",
        paths={"account_holder": "user_id"},
        activities=("keep_account",),
        units=(ACCOUNT,),
        fields={
            **each("id workspace_id", ROW),
            "user_id": F("person_id"),
            **each("role created_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.ApiKey",
        scope="tenant",
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
            **each("name created_at expires_at former_expires_at revoked_at last_used_at", F("workspace_meta")),
        },
    ),
)
