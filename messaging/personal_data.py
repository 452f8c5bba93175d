"""What messaging holds about people: whom a text went to, what it said, and how it went.

Numbers, texts, references and metadata are ciphertext. A text's key dies with the day it expires on, then its
partition is dropped. What is left of a message after 90 days is dropped with its month and refused before that.
"""

from messaging import upkeep
from privacy.registry import F, ModelPolicy, Partitions, Unit, declare, each

BODIES = Unit(
    name="bodies",
    kept="24 hours, or less if the workspace or the message says so",
    anchor="body_expires_at",
    action="delete",
    purge=upkeep.drop_bodies,
)
MESSAGES = Unit(
    name="messages",
    kept="90 days, and unreadable from then on; dropped when their month is over",
    anchor="id",
    action="delete",
    purge=upkeep.drop_messages,
)
EVENTS = Unit(name="message events", kept="90 days", anchor="id", action="delete", purge=upkeep.purge_events)
DELIVERIES = Unit(
    name="webhook deliveries", kept="90 days", anchor="id", action="delete", purge=upkeep.purge_deliveries
)
ORPHANS = Unit(name="unmatched receipts", kept="8 days", anchor="id", action="delete", purge=upkeep.purge_orphans)
IDEMPOTENCY = Unit(
    name="idempotency keys",
    kept="24 hours, counted from the time of sending",
    anchor="expires_at",
    action="delete",
    purge=upkeep.purge_idempotency_keys,
)

ID = F("none", reason="Random id of this row or of another one.")
META = F("delivery_meta")
PRICE = F("money", erase="delete_row")
CARRIER = F("none", reason="The operator's own account with a carrier.")
SETTING = F("workspace_meta")
MADE_BY = F("person_id", erase="delete_row")

declare(
    ModelPolicy(
        model="messaging.Message",
        scope="tenant",
        paths={"recipient": "to_idx"},
        activities=("deliver_message", "bill"),
        units=(MESSAGES,),
        fields={
            **each("id workspace_id batch_id sender_id from_used_id template_id callback_id price_item_id", ID),
            **each("api_key_id user_id", MADE_BY),
            "to_ct": F("msisdn"),
            "to_idx": F("msisdn", form="index"),
            "reference_ct": F("opaque"),
            "reference_idx": F("opaque", form="index"),
            "metadata_ct": F("opaque"),
            **each("livemode country category encoding parts status error send_at expires_at final_at", META),
            **each("body_expires_at redacted_at discard_body mask_recipient", META),
            **each("unit_price price currency refund_basis refunded", PRICE),
        },
    ),
    ModelPolicy(
        model="messaging.Body",
        scope="tenant",
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        units=(BODIES,),
        fields={**each("message_id workspace_id", ID), "expires_on": META, "text_ct": F("body")},
    ),
    ModelPolicy(
        model="messaging.Outbox",
        scope="tenant",
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        reason="Deleted when the message is final, at the latest ten minutes after its validity.",
        fields={
            **each("message_id workspace_id carrier_id leased_by", ID),
            **each("state lane due_at expires_at attempt failures hop parts lease_until", META),
        },
    ),
    ModelPolicy(
        model="messaging.MessageEvent",
        scope="tenant",
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        units=(EVENTS,),
        fields={**each("id workspace_id message_id", ID), **each("kind code at", META)},
    ),
    ModelPolicy(
        model="messaging.Attempt",
        scope="tenant",
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        units=(MESSAGES,),
        fields={
            **each("message_id workspace_id carrier_id", ID),
            **each("part attempt session sequence outcome code submitted_at receipt receipt_code receipt_at", META),
            "ref": F("delivery_meta", resembles=("msisdn",)),
        },
    ),
    ModelPolicy(
        model="messaging.OrphanReceipt",
        scope="system",
        activities=("deliver_message",),
        units=(ORPHANS,),
        fields={
            **each("id carrier_id", ID),
            "ref": F("delivery_meta", resembles=("msisdn",)),
            **each("state code received_at matched_at", META),
        },
    ),
    ModelPolicy(
        model="messaging.IdempotencyKey",
        scope="tenant",
        activities=("deliver_message",),
        units=(IDEMPOTENCY,),
        fields={
            **each("workspace_id message_ids", ID),
            "key_id": MADE_BY,
            **each("digest fingerprint", F("opaque", form="digest", export="never", erase="delete_row")),
            **each("outcomes expires_at", META),
        },
    ),
    ModelPolicy(
        model="messaging.Suppression",
        scope="tenant",
        paths={"recipient": "to_idx"},
        activities=("respect_objection",),
        reason="Kept while the workspace exists: a number that objected must stay recognisable.",
        fields={
            **each("id workspace_id", ID),
            "to_idx": F("msisdn", form="index", erase="keep", reason="Forgetting it would mean sending again."),
            **each("reason created_at", F("delivery_meta", erase="keep", reason="Part of the objection.")),
        },
    ),
    ModelPolicy(
        model="messaging.Sender",
        scope="tenant",
        activities=("deliver_message",),
        reason="Kept until the workspace removes it or is closed.",
        fields={
            **each("id workspace_id", ID),
            "address": F("sender"),
            "address_idx": F("sender", form="index"),
            **each("kind state is_default created_at", SETTING),
        },
    ),
    ModelPolicy(
        model="messaging.Template",
        scope="tenant",
        activities=("deliver_message",),
        reason="Kept until the workspace removes it or is closed.",
        fields={
            **each("id workspace_id", ID),
            "text": F("opaque"),
            **each("name code_digits created_at", SETTING),
        },
    ),
    ModelPolicy(
        model="messaging.WebhookEndpoint",
        scope="tenant",
        activities=("deliver_message",),
        reason="Kept until the workspace removes it or is closed.",
        fields={
            **each("id workspace_id", ID),
            **each("url secret previous_secret callback_idx", F("secret", export="never")),
            **each("livemode types content description enabled disabled_reason previous_until created_at", SETTING),
        },
    ),
    ModelPolicy(
        model="messaging.Delivery",
        scope="tenant",
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        units=(DELIVERIES,),
        fields={
            **each("id workspace_id endpoint_id event_id message_id", ID),
            **each("type error occurred_at state attempts due_at lease_until", META),
            **each("last_status last_error finished_at", META),
        },
    ),
    ModelPolicy(
        model="messaging.Carrier",
        scope="global",
        reason="The operator's accounts with carriers, kept while they are in use.",
        fields={
            **each("id name host port tls system_type mode binds_max window throughput_max long_message", CARRIER),
            **each("id_format charset country sandbox enabled created_at", CARRIER),
            **each("system_id password", F("secret")),
        },
    ),
    ModelPolicy(
        model="messaging.Route",
        scope="global",
        reason="Not about people.",
        fields=each("id prefix livemode position carrier_id", CARRIER),
    ),
    ModelPolicy(
        model="messaging.BindLease",
        scope="system",
        reason="Rows of workers that are gone are replaced within seconds.",
        fields=each("id carrier_id slot holder bound until", CARRIER),
    ),
    Partitions(name="messages and bodies", extend=upkeep.extend_partitions),
)
