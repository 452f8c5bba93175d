"""What messaging knows of people: recipients above all. Numbers and texts are sealed, found by blind index only."""

import datetime as dt
from functools import partial

from django.utils.translation import gettext_noop as _

from messaging import keeping, upkeep
from privacy.registry import F, Keeper, ModelPolicy, Partitions, Unit, declare, each

ROW = F("none", reason="random id of this row")
OPERATOR = F("none", reason="how the operator set up a carrier")
META = F("delivery_meta")
COUNT = F("none", reason="counts of an hour, not about one person")
CONFIG = F("workspace_meta")

BODY = Unit(
    name="bodies",
    kept=_("at most {period}, less as the workspace or the message says"),
    keep="retention.body",
    anchor="body_expires_at",
    action="shred",
    counts="days",
    guard="messaging.presenting.of_rows",
    purge=upkeep.drop_bodies,
    due=partial(upkeep.due, "bodies"),
)
METADATA = Unit(
    name="delivery metadata",
    kept=_("at most {period}, less as the workspace says"),
    keep="retention.delivery_meta",
    anchor="id",
    action="delete",
    guard="messaging.models.message.MessageQuerySet.readable",
    purge=upkeep.purge_metadata,
    due=upkeep.metadata_due,
)
DELIVERIES = Unit(
    name="webhook deliveries",
    period=upkeep.DELIVERIES_KEPT,
    anchor="occurred_at",
    action="delete",
    guard="messaging.views.deliveries.readable",
    purge=upkeep.purge_deliveries,
    due=partial(upkeep.due, "webhook deliveries", upkeep.DELIVERIES_KEPT),
)
IDEMPOTENCY = Unit(
    name="idempotency keys",
    kept=_("24 hours"),
    period=dt.timedelta(),
    anchor="expires_at",
    action="delete",
    unguarded="digests and ids only; the messages they lead to pass their own guard",
    purge=upkeep.purge_idempotency_keys,
    due=partial(upkeep.due, "idempotency keys"),
)
ORPHANS = Unit(
    name="orphan receipts",
    period=upkeep.ORPHANS_KEPT,
    anchor="received_at",
    action="delete",
    unguarded="shown to nobody; matched by the pipeline within eight days or never",
    purge=upkeep.purge_orphans,
    due=partial(upkeep.due, "orphan receipts", upkeep.ORPHANS_KEPT),
)
TRAFFIC = Unit(
    name="traffic figures",
    kept=_("13 months"),
    period=upkeep.TRAFFIC_KEPT,
    anchor="hour",
    action="delete",
    guard="messaging.figures.read",
    purge=upkeep.purge_traffic,
    due=partial(upkeep.due, "traffic figures", upkeep.TRAFFIC_KEPT),
)
PROCESSORS = Unit(
    name="counts by carrier",
    keep="retention.delivery_meta",
    anchor="hour",
    action="delete",
    guard="messaging.processors.read",
    purge=upkeep.purge_processors,
    due=upkeep.processors_due,
)
CALLS = Unit(
    name="API log",
    keep="retention.api_log",
    anchor="id",
    action="delete",
    guard="messaging.models.call.CallQuerySet.readable",
    purge=upkeep.purge_calls,
    due=upkeep.calls_due,
)
EXPORTS = Unit(
    name="exports",
    kept=_("24 hours after they are finished"),
    period=dt.timedelta(),
    anchor="expires_at",
    action="delete",
    guard="messaging.exports.lines",
    purge=upkeep.purge_exports,
    due=upkeep.exports_due,
)
EXPORTED = Unit(
    name="records of exports",
    period=upkeep.EXPORTS_KEPT,
    anchor="created_at",
    action="delete",
    unguarded="what was asked for is emptied with the file; what is left says that there was one",
    purge=upkeep.forget_exports,
    due=upkeep.exported_due,
)
KEPT = Unit(
    name="kept texts",
    kept=_("until the hold is released or the debugging window ends"),
    anchor="end of the hold or window",
    action="shred",
    purge=keeping.clear,
    due=keeping.due,
    reason=_("An investigation, a lawful order, or a debugging window of the workspace."),
)
RECIPIENT = {"recipient": "to_idx"}
NUMBER = "messaging.Message.to"

declare(
    Partitions(name="traffic", extend=upkeep.extend_partitions),
    Partitions(name="API log", extend=upkeep.extend_call_partitions),
    Keeper(name="held texts", keep=keeping.keep),
    ModelPolicy(
        model="messaging.Message",
        scope="tenant",
        what=_("Messages: number, status, price"),
        paths={"recipient": "to_idx", "account_holder": "user_id"},
        activities=("deliver_message",),
        units=(METADATA,),
        fields={
            **each("id workspace_id batch_id sender_id from_used_id template_id callback_id price_item_id", ROW),
            **each("api_key_id user_id", F("person_id")),
            "to_ct": F("msisdn", resembles=("key gone",)),  # where it goes with the text, it dies with the text's key
            "to_idx": F("msisdn", form="index", export="never", erase="pseudonymise", indexed_as=NUMBER),
            **each("reference_ct metadata_ct", F("opaque")),
            "reference_idx": F("opaque", form="index", export="never", erase="delete_row"),
            **each("livemode country category encoding parts refund_basis refunded returned status error", META),
            **each("send_at expires_at final_at redacted_at discard_body mask_recipient", META),
            **each("body_expires_at body_hours", META),
            **each("unit_price price currency", F("money", erase="delete_row")),
        },
    ),
    ModelPolicy(
        model="messaging.Body",
        scope="tenant",
        what=_("Texts of messages"),
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        units=(BODY,),
        fields={
            **each("message_id workspace_id", ROW),
            "expires_on": META,
            "text_ct": F("body"),
        },
    ),
    ModelPolicy(
        model="messaging.KeptBody",
        scope="tenant",
        what=_("Texts kept longer"),
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        units=(KEPT,),
        closing="keep",
        closing_reason=_("What an investigation or a lawful order needs; anything else cannot be opened any more."),
        fields={**each("id message_id workspace_id hold_id window_id", ROW), "text_ct": F("body")},
    ),
    ModelPolicy(
        model="messaging.CorridorDay",
        scope="global",
        reason="totals of a day that stand for enough messages and workspaces to say nothing of any",
        fields={"carrier_id": ROW, **each("day country messages parts delivered", COUNT)},
    ),
    ModelPolicy(
        model="messaging.UnheardDay",
        scope="global",
        reason="how many texts from phones a carrier brought on a day; nothing of whom they came from",
        fields={"carrier_id": ROW, **each("day texts", COUNT)},
    ),
    ModelPolicy(
        model="messaging.Outbox",
        scope="tenant",
        what=_("What waits to be sent"),
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        reason="deleted when the message is final, at the latest after its validity",
        fields={
            **each("message_id workspace_id carrier_id leased_by", ROW),
            **each("state lane due_at expires_at attempt failures hop parts lease_until", META),
        },
    ),
    ModelPolicy(
        model="messaging.Attempt",
        scope="tenant",
        what=_("Attempts and delivery receipts"),
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        units=(METADATA,),
        fields={
            **each("message_id workspace_id carrier_id", ROW),
            "ref": F("delivery_meta", resembles=("digits",)),  # the carrier's id, often a long decimal
            **each("part attempt session sequence outcome code submitted_at receipt receipt_code receipt_at", META),
        },
    ),
    ModelPolicy(
        model="messaging.MessageEvent",
        scope="tenant",
        what=_("Timelines of messages"),
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        units=(METADATA,),
        fields={**each("id workspace_id message_id", ROW), **each("kind code at", META)},
    ),
    ModelPolicy(
        model="messaging.OrphanReceipt",
        scope="system",
        activities=("deliver_message",),
        units=(ORPHANS,),
        fields={
            **each("id carrier_id", ROW),
            "ref": F("delivery_meta", resembles=("digits",)),
            **each("state code received_at matched_at", META),
        },
    ),
    ModelPolicy(
        model="messaging.IdempotencyKey",
        scope="tenant",
        what=_("Idempotency keys"),
        activities=("deliver_message",),
        units=(IDEMPOTENCY,),
        fields={
            **each("workspace_id message_ids", ROW),
            "key_id": F("person_id"),
            **each("digest fingerprint", F("opaque", form="digest", export="never", erase="delete_row")),
            **each("outcomes expires_at", META),
        },
    ),
    ModelPolicy(
        model="messaging.TrafficHour",
        scope="tenant",
        what=_("Figures by the hour"),
        activities=("keep_account",),
        units=(TRAFFIC,),
        fields={
            "workspace_id": ROW,
            **each("livemode hour country category outcome latency messages parts price", COUNT),
        },
    ),
    ModelPolicy(
        model="messaging.ProcessorHour",
        scope="tenant",
        what=_("Carriers and countries, counted"),
        activities=("keep_account",),
        units=(PROCESSORS,),
        fields={"workspace_id": ROW, "carrier_id": ROW, **each("hour country messages", COUNT)},
    ),
    ModelPolicy(
        model="messaging.ProcessorDue",
        scope="system",
        reason="an hour, until its counts were made again",
        fields={"hour": COUNT},
    ),
    ModelPolicy(
        model="messaging.TouchedHour",
        scope="tenant",
        what=_("Figures to be counted again"),
        reason="deleted within minutes, when the figures of its hour were made again",
        fields={**each("id workspace_id", ROW), **each("livemode hour", COUNT)},
    ),
    ModelPolicy(
        model="messaging.SetupHidden",
        scope="tenant",
        what=_("First steps that somebody hid"),
        paths={"account_holder": "user_id"},
        activities=("keep_account",),
        reason="a choice of a person about a page, kept while both exist",
        fields={**each("id workspace_id", ROW), "user_id": F("person_id", erase="delete_row"), "at": F("account_meta")},
    ),
    ModelPolicy(
        model="messaging.Suppression",
        scope="tenant",
        what=_("Suppressed numbers"),
        paths=RECIPIENT,
        activities=("respect_objection",),
        reason="kept until the objection is withdrawn or the workspace is closed",
        fields={
            **each("id workspace_id", ROW),
            "to_idx": F(
                "msisdn",
                form="index",
                export="never",
                erase="keep",
                indexed_as=NUMBER,
                reason="an objection is worth nothing once it is forgotten; the number itself is not kept",
            ),
            **each("reason source created_at", META),
        },
    ),
    ModelPolicy(
        model="messaging.Sender",
        scope="tenant",
        what=_("Senders"),
        activities=("deliver_message",),
        reason="kept while the workspace sends",
        fields={
            **each("id workspace_id", ROW),
            "address": F("sender"),
            "address_idx": F("sender", form="index", export="never"),
            **each("purpose example reason", F("opaque")),
            **each("kind state is_default created_at decided_at", CONFIG),
        },
    ),
    ModelPolicy(
        model="messaging.Template",
        scope="tenant",
        what=_("Templates"),
        activities=("deliver_message",),
        reason="kept until the workspace deletes it",
        fields={
            **each("id workspace_id", ROW),
            "text": F("opaque"),
            **each("name code_digits created_at", CONFIG),
        },
    ),
    ModelPolicy(
        model="messaging.WebhookEndpoint",
        scope="tenant",
        what=_("Webhook endpoints and their secrets"),
        activities=("deliver_message",),
        reason="kept until the workspace deletes it",
        fields={
            **each("id workspace_id", ROW),
            **each("url secret previous_secret", F("secret")),
            "callback_idx": F("secret", form="index"),
            **each("previous_until livemode types content description enabled disabled_reason created_at", CONFIG),
        },
    ),
    ModelPolicy(
        model="messaging.Delivery",
        scope="tenant",
        what=_("Webhook deliveries"),
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        units=(DELIVERIES,),
        fields={
            **each("id workspace_id endpoint_id event_id", ROW),
            # What waits would still be posted, and who receives it knows whose message that was.
            "message_id": F("none", reason="random id of this row", erase="delete_row"),
            **each("type error occurred_at state attempts due_at lease_until last_status last_error finished_at", META),
            "tries": META,
        },
    ),
    ModelPolicy(
        model="messaging.Call",
        scope="tenant",
        what=_("The API log"),
        paths={"recipient": "message_id"},
        activities=("deliver_message",),
        units=(CALLS,),
        fields={
            **each("id workspace_id message_id", ROW),
            "key_id": F("person_id"),
            "request_id": F("delivery_meta"),  # made by us, or by the customer's program for its own logs
            **each("livemode method route status code pointers duration_ms country parts", META),
        },
    ),
    ModelPolicy(
        model="messaging.Export",
        scope="tenant",
        what=_("Exports"),
        paths={"account_holder": "requested_by"},
        activities=("deliver_message",),
        units=(EXPORTED,),
        fields={
            **each("id workspace_id cursor", ROW),
            "requested_by": F("person_id"),
            "filter": F("opaque"),
            **each("kind format state pieces rows_done rows_read rows_estimated error", CONFIG),
            **each("created_at touched_at finished_at expires_at", CONFIG),
            **each("level downloads_left", CONFIG),
            "proposal_id": ROW,
        },
    ),
    ModelPolicy(
        model="messaging.ExportPiece",
        scope="tenant",
        what=_("Files of exports"),
        activities=("deliver_message",),
        units=(EXPORTS,),
        fields={
            **each("id workspace_id export_id", ROW),
            **each("number level", CONFIG),
            **each("content masked", F("opaque")),
        },
    ),
    ModelPolicy(
        model="messaging.Carrier",
        scope="global",
        reason="about companies",
        fields={
            "id": ROW,
            **each("system_id password", F("secret")),
            "host": F("none", reason="address of the carrier's server", resembles=("ip",)),
            **each("name port tls system_type mode binds_max window throughput_max long_message id_format", OPERATOR),
            **each("charset country sandbox enabled created_at", OPERATOR),
        },
    ),
    ModelPolicy(
        model="messaging.Route",
        scope="global",
        reason="about numbering plans",
        fields={
            **each("id carrier_id", ROW),
            "prefix": F("none", reason="digits that many numbers begin with", resembles=("digits",)),
            **each("livemode position enabled", OPERATOR),
        },
    ),
    ModelPolicy(
        model="messaging.BindLease",
        scope="system",
        reason="about our own workers",
        fields=each("id carrier_id slot holder bound until", F("none", reason="which worker holds a session")),
    ),
)
