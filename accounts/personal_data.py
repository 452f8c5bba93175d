"""What accounts hold about the people who sign in, and the keys that programs use."""

from privacy.registry import F, ModelPolicy, declare, each

ID = F("none", reason="Random id of this row or of another one.")
SETTING = F("workspace_meta")

declare(
    ModelPolicy(
        model="accounts.User",
        scope="global",
        paths={"account_holder": "id", "staff": "id"},
        activities=("keep_account", "secure_platform"),
        reason="Kept until the account is closed.",
        fields={
            "id": F("person_id"),
            "email": F("email"),
            "email_idx": F("email", form="index"),
            "name": F("name"),
            "password": F("secret", form="digest"),
            **each("last_login staff_role is_active created_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.Workspace",
        scope="tenant",
        activities=("keep_account", "bill"),
        reason="Kept until the workspace is closed.",
        fields={
            **each("id price_plan_id", ID),
            **each("name currency time_zone body_hours sends_max created_at closed_at", SETTING),
        },
    ),
    ModelPolicy(
        model="accounts.Membership",
        scope="tenant",
        paths={"account_holder": "user_id"},
        activities=("keep_account",),
        reason="Kept until the person leaves or the workspace is closed.",
        fields={
            **each("id workspace_id", ID),
            "user_id": F("person_id", erase="delete_row"),
            **each("role created_at", F("account_meta")),
        },
    ),
    ModelPolicy(
        model="accounts.ApiKey",
        scope="tenant",
        paths={"account_holder": "created_by"},
        activities=("keep_account", "secure_platform"),
        reason="Kept with the workspace: a revoked key still explains what it sent.",
        fields={
            **each("id workspace_id", ID),
            "digest": F("secret", form="digest"),
            "last4": F("secret", form="plain", reason="Four of 43 characters, so that people can tell keys apart."),
            "created_by": F("person_id"),
            "ip_ranges": F(
                "address", form="plain", reason="Ranges of servers, entered by the workspace to be compared."
            ),
            **each("name livemode scopes rate_max day_max created_at expires_at revoked_at last_used_at", SETTING),
        },
    ),
)
