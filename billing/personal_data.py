"""What billing holds about people: next to nothing. Rows name workspaces and messages by random ids; a message's id
leads nowhere once the message is gone, and no number, text or name is ever part of a transfer."""

from django.utils.translation import gettext_noop as _

from billing import upkeep
from privacy.registry import F, ModelPolicy, Partitions, Unit, declare, each

SEVEN_YEARS = Unit(
    name="ledger transfers",
    keep="retention.ledger",
    anchor="at",
    action="delete",
    counts="months",
    unguarded="the law has us show them for as long as they are there",
    purge=upkeep.drop_expired,
    due=upkeep.due,
    reason=_("Commercial and tax law require the books for seven years."),
)
WALLETS = Unit(
    name="wallets of deposits",
    keep="retention.ledger",
    anchor="at",
    action="delete",
    unguarded="the law has us show them for as long as they are there",
    purge=upkeep.purge_wallets,
    due=upkeep.wallets_due,
    reason=_("Commercial and tax law require the books for seven years."),
)
HOLDS = Unit(
    name="ledger holds",
    keep="retention.ledger",
    anchor="ended_at",
    action="delete",
    unguarded="the law has us show them for as long as they are there",
    purge=upkeep.drop_holds,
    due=upkeep.holds_due,
    reason=_("Commercial and tax law require the books for seven years."),
)
CAPS = Unit(
    name="daily caps",
    period=upkeep.CAPS_KEPT,
    kept=_("{period} after their day"),
    anchor="day",
    action="delete",
    unguarded="an amount and the id of a key",
    purge=upkeep.drop_caps,
    due=upkeep.caps_due,
)
BOOKS = _("Part of the books, which the law has us keep for seven years.")
PRICES = "The operator's price list."
MONEY = F("money", reason=BOOKS)
LEDGER_ID = F("none", reason="Random or computed id of an account or of what caused a transfer.")
PRICE = F("none", reason=PRICES)

declare(
    ModelPolicy(
        model="billing.Account",
        scope="tenant",
        what=_("Balances"),
        closing="keep",
        closing_reason=BOOKS,
        activities=("bill",),
        fields={
            **each("id revenue_id", LEDGER_ID),
            "workspace_id": F("workspace_meta", erase="keep", reason=BOOKS),
            **each("kind currency posted held credit_limit seq frozen", MONEY),
        },
        reason=_("A balance lives as long as the transfers it is the sum of."),
    ),
    ModelPolicy(
        model="billing.Transfer",
        scope="tenant",
        what=_("Charges, refunds and payments"),
        closing="keep",
        closing_reason=BOOKS,
        activities=("bill",),
        fields={
            **each("id wallet_id debit_id credit_id", LEDGER_ID),
            "workspace_id": F("workspace_meta", erase="keep", reason=BOOKS),
            "actor_id": F("person_id", erase="keep", reason="Who corrected a balance is part of the books."),
            **each("kind at amount currency wallet_seq wallet_after reverses reason", MONEY),
        },
        units=(SEVEN_YEARS,),
    ),
    ModelPolicy(
        model="billing.FundingWallet",
        scope="tenant",
        what=_("Wallets that deposits came from"),
        closing="keep",
        closing_reason=BOOKS,
        activities=("bill", "secure_platform"),
        fields={
            "id": LEDGER_ID,
            "workspace_id": F("workspace_meta", erase="keep", reason=BOOKS),
            "address": F("wallet", erase="keep", reason=BOOKS),
            "address_idx": F(
                "wallet", form="index", export="never", erase="keep", indexed_as="billing.wallet", reason=BOOKS
            ),
            "at": MONEY,
        },
        units=(WALLETS,),
    ),
    ModelPolicy(
        model="billing.Hold",
        scope="tenant",
        what=_("Money set aside"),
        closing="keep",
        closing_reason=BOOKS,
        activities=("bill",),
        fields={
            **each("id wallet_id", LEDGER_ID),
            "workspace_id": F("workspace_meta", erase="keep", reason=BOOKS),
            **each("amount used state taken_at expires_at ended_at", MONEY),
        },
        units=(HOLDS,),
    ),
    ModelPolicy(
        model="billing.Cap",
        scope="tenant",
        what=_("What keys spent of their money for a day"),
        closing="keep",
        closing_reason=_("An amount of one day, deleted a week later."),
        activities=("bill",),
        fields={
            **each("subject_id", LEDGER_ID),
            "workspace_id": F("workspace_meta", erase="keep", reason=_("An amount of one day, deleted a week later.")),
            **each("day scope used amount_max", F("money", reason=_("An amount of one day, deleted a week later."))),
        },
        units=(CAPS,),
    ),
    ModelPolicy(
        model="billing.PricePlan",
        scope="global",
        fields=each("id name currency base_id sample created_at", PRICE),
        reason="Prices are not about people and are kept to explain every charge.",
    ),
    ModelPolicy(
        model="billing.PriceVersion",
        scope="global",
        fields={
            **each("id plan_id effective_at created_at approved_at", PRICE),
            **each("created_by approved_by", F("person_id", erase="keep", reason="Who set a price explains charges.")),
        },
        reason="Prices are kept to explain every charge.",
    ),
    ModelPolicy(
        model="billing.PriceItem",
        scope="global",
        fields=each("id version_id prefix country unit_micro currency refund_basis reject", PRICE),
        reason="Prices are not about people and are kept to explain every charge.",
    ),
    Partitions(name="ledger transfers", extend=upkeep.extend_partitions),
)
