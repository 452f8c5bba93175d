"""A text travels: API, charge, SMPP, receipt, webhook, on the product's real processes."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from smsplatform.lib import clock, ids
from tests.flows.conftest import Customer, make_customer, micro, number
from tests.flows.seeding import SHORT_CODE
from tests.flows.stack import Stack, until

PARTS_NEEDED = "A parcel is on its way to you and will arrive between nine and ten. " * 6
EMOJI = "Schöne Grüße aus Köln 🎉🚚📦 – zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich 🏝️. " * 3


@pytest.mark.promise("otp-14", "transit-32")
@pytest.mark.parametrize(
    ("text", "encoding", "parts"),
    [
        ("Your parcel is here.", "gsm7", 1),
        ("€ [brackets] {braces} ~ ^ \\ | and Ñ Ø Å ü", "gsm7", 1),
        (PARTS_NEEDED, "gsm7", 3),
        ("Ваша посылка прибыла.", "ucs2", 1),
        (EMOJI, "ucs2", 5),
        ("x" * 152 + "€" + "y" * 100, "gsm7", 2),
    ],
    ids=["short", "extension", "three parts", "cyrillic", "emoji", "extension at the seam"],
)
def test_the_phone_shows_the_text_that_was_sent(customer: Customer, text: str, encoding: str, parts: int) -> None:
    to = number()

    sent = customer.send(text, to=to)
    done = customer.final(sent["id"])

    assert (sent["encoding"], sent["parts"], done["status"]) == (encoding, parts, "delivered")
    assert customer.texts(to) == [text]
    assert customer.moves(sent["id"]) == [("charge", 75_000 * parts)]
    assert micro(done["price"]) == 75_000 * parts


def test_a_message_is_told_in_order_signed_and_thin(customer: Customer) -> None:
    to = number()

    sent = customer.send("Order 4711 has left.", to=to, reference="order-4711", metadata={"shop": "seven"})
    events = customer.told(sent["id"], "message.delivered")

    assert [event["type"] for event in events] == ["message.queued", "message.submitted", "message.delivered"]
    assert all(event["signed"] for event in events)
    assert len({event["id"] for event in events}) == 3
    for event in events:
        data = event["document"]["data"]
        assert "body" not in data
        assert "reference" not in data
        assert data["to"].endswith(to[-4:])
        assert "•" in data["to"]


@pytest.mark.promise("transit-19", "fleet-12", "transit-21")
def test_the_timeline_tells_every_step(customer: Customer) -> None:
    sent = customer.send("Where is it?", to=number())
    customer.told(sent["id"], "message.delivered")

    timeline = until(
        "the webhook in the timeline",
        lambda: [s for s in customer.message(sent["id"])["timeline"] if s.get("state") != "pending"][5:],
    )

    steps = [(step["type"], step["code"]) for step in customer.message(sent["id"])["timeline"]]
    assert timeline
    for step in (
        ("accepted", None),
        ("attempt", "accepted"),
        ("receipt", "delivered"),
        ("final", "delivered"),
        ("webhook", "message.delivered"),
    ):
        assert step in steps
    times = [step["at"] for step in customer.message(sent["id"])["timeline"]]
    assert times == sorted(times)


def test_each_message_of_a_batch_has_its_own_outcome(customer: Customer) -> None:
    good = [{"to": number(), "body": f"Parcel {n}"} for n in range(3)]
    bad = [{"to": "+49", "body": "x"}, {"to": number(), "body": ""}]

    answer = customer.post("/v1/messages/batch", {"messages": [good[0], bad[0], good[1], bad[1], good[2]]})

    assert answer.status == 202
    results = answer.json["results"]
    assert (answer.json["accepted"], answer.json["refused"]) == (3, 2)
    assert [result["object"] for result in results] == ["message", "refusal", "message", "refusal", "message"]
    for document, result in zip(good, results[::2], strict=True):
        assert customer.final(result["id"])["status"] == "delivered"
        assert customer.texts(document["to"]) == [document["body"]]
        assert customer.moves(result["id"]) == [("charge", 75_000)]


@pytest.mark.parametrize(
    ("magic", "status", "error", "states", "refunded"),
    [
        ("+15005550001", "delivered", None, ["accepted"], False),
        ("+15005550002", "undelivered", "carrier_undeliverable_27", ["accepted"], False),
        ("+15005550003", "failed", "invalid_destination", ["final"], True),
        ("+15005550004", "expired", "carrier_expired_31", ["accepted"], False),
        ("+15005550006", "delivered", None, ["throttled", "accepted"], False),
        ("+15005550008", "delivered", None, ["accepted"], False),
        ("+15005550009", "delivered", None, ["accepted"], False),
        ("+15005550010", "delivered", None, ["temporary", "accepted"], False),
        ("+15005550011", "undelivered", "carrier_rejected_88", ["accepted"], False),
    ],
    ids=[
        "delivered", "undelivered", "refused", "expired", "throttled once", "receipt twice", "early receipt",
        "temporary once", "blocked",
    ],
)  # fmt: skip
def test_a_magic_number_ends_as_it_says(
    customer: Customer, magic: str, status: str, error: str | None, states: list[str], refunded: bool
) -> None:
    sent = customer.send("A text to a magic number", to=magic)
    done = customer.final(sent["id"])
    events = customer.told(sent["id"], f"message.{status}")

    assert done["status"] == status
    assert (done["error"] or {}).get("code") == error
    assert [step["code"] for step in done["timeline"] if step["type"] == "attempt"] == states
    assert [kind for kind, _ in customer.moves(sent["id"])] == (["charge", "refund"] if refunded else ["charge"])
    assert done["price"]["state"] == ("released" if refunded else "charged")
    assert [event["type"] for event in events].count(f"message.{status}") == 1


def test_a_contradicting_receipt_is_noted_and_changes_nothing(customer: Customer) -> None:
    sent = customer.send("Delivered, and then not", to="+15005550015")
    customer.final(sent["id"])

    noted = until(
        "the contradiction in the timeline",
        lambda: [step for step in customer.message(sent["id"])["timeline"] if step["code"] == "receipt_conflict"],
    )

    assert len(noted) == 1
    assert customer.message(sent["id"])["status"] == "delivered"
    assert customer.moves(sent["id"]) == [("charge", 8_200)]


def test_one_undelivered_part_makes_the_message_undelivered(customer: Customer) -> None:
    sent = customer.send(PARTS_NEEDED, to="+15005550014")
    done = customer.final(sent["id"])

    receipts = {step["part"]: step["code"] for step in done["timeline"] if step["type"] == "receipt"}
    assert done["status"] == "undelivered"
    assert receipts == {1: "delivered", 2: "undeliverable", 3: "delivered"}


def test_a_message_without_receipt_expires_after_its_grace(customer: Customer, stack: Stack) -> None:
    sent = customer.send("Nobody will ever know", to="+15005550007", ttl=30)
    customer.reached(sent["id"], "submitted")
    assert until("the message on the phone", lambda: customer.texts("+15005550007"))

    expire(stack, after=dt.timedelta(minutes=10, seconds=31))

    done = customer.final(sent["id"])
    assert (done["status"], done["error"]["code"]) == ("expired", "no_receipt")
    assert [kind for kind, _ in customer.moves(sent["id"])] == ["charge"]


def test_a_message_no_carrier_took_in_time_expires_and_costs_nothing(customer: Customer, stack: Stack) -> None:
    sent = customer.send("Nobody takes me", to=number("+3461", 7), ttl=30)

    def expired() -> bool:
        expire(stack, after=dt.timedelta(seconds=31))
        return bool(customer.message(sent["id"])["status"] == "expired")

    until("the message back in the queue", expired, every=0.3)  # now and then a worker holds it

    done = customer.final(sent["id"])
    assert done["error"]["code"] == "validity_over"
    assert [kind for kind, _ in customer.moves(sent["id"])] == ["charge", "refund"]
    assert stack.rows(
        "SELECT type FROM messaging_delivery WHERE message_id = %s ORDER BY id", [ids.decode(ids.MESSAGE, sent["id"])]
    ) == [("message.queued",), ("message.expired",)]


def expire(stack: Stack, *, after: dt.timedelta) -> None:
    """What the scheduled task does, at a later time. Every other message here is valid for much longer."""
    stack.rows("SELECT pipeline.expire(%s, interval '10 minutes', 100)", [clock.now() + after])


@pytest.mark.promise("api-04")
def test_a_carrier_that_is_down_loses_its_messages_to_the_next(customer: Customer) -> None:
    to = number("+3361", 7)

    sent = customer.send("Round the obstacle", to=to)
    done = customer.final(sent["id"], seconds=30)

    assert done["status"] == "delivered"
    assert [step["carrier"] for step in done["timeline"] if step["type"] == "attempt"] == ["beta"]
    assert ("event", "rerouted") in [(step["type"], step["code"]) for step in done["timeline"]]
    assert [text["text"] for text in customer.stack.control("GET", f"/handsets/{to}", carrier="beta")["messages"]] == [
        "Round the obstacle"
    ]
    assert len(customer.moves(sent["id"])) == 1


def test_a_scheduled_message_leaves_when_it_is_due(customer: Customer) -> None:
    to, due = number(), clock.now() + dt.timedelta(seconds=2.5)

    sent = customer.send("Later", to=to, send_at=due.isoformat())
    assert sent["status"] == customer.message(sent["id"])["status"] == "scheduled"
    done = customer.final(sent["id"])

    assert customer.texts(to) == ["Later"]
    attempt = next(step for step in done["timeline"] if step["type"] == "attempt")
    assert dt.timedelta(0) <= dt.datetime.fromisoformat(attempt["at"]) - due < dt.timedelta(seconds=4)


def test_a_canceled_message_is_not_sent_and_costs_nothing(customer: Customer) -> None:
    to = number()
    sent = customer.send("Never mind", to=to, send_at=(clock.now() + dt.timedelta(hours=1)).isoformat())

    answer = customer.post(f"/v1/messages/{sent['id']}/cancel", None)
    again = customer.post(f"/v1/messages/{sent['id']}/cancel", None)

    assert (answer.status, answer.json["status"]) == (200, "canceled")
    assert (again.status, again.json["code"]) == (409, "already_final")
    assert customer.moves(sent["id"]) == [("charge", 75_000), ("refund", 75_000)]
    assert customer.told(sent["id"], "message.canceled")
    assert customer.texts(to) == []


def test_a_delivered_message_cannot_be_canceled(customer: Customer) -> None:
    sent = customer.send("Too late", to=number())
    customer.final(sent["id"])

    answer = customer.post(f"/v1/messages/{sent['id']}/cancel", None)

    assert (answer.status, answer.json["code"]) == (409, "already_final")
    assert customer.moves(sent["id"]) == [("charge", 75_000)]


@pytest.mark.promise("api-30")
def test_a_number_suppressed_after_acceptance_gets_nothing_and_the_price_returns(customer: Customer) -> None:
    to, marker = number(), uuid4().hex
    due = clock.now() + dt.timedelta(seconds=2.5)
    sent = customer.send(f"Sale! #{marker}", to=to, send_at=due.isoformat(), category="marketing")

    assert customer.post("/v1/suppressions", {"to": to, "reason": "opt_out"}).status == 201
    done = customer.final(sent["id"])

    assert (done["status"], done["error"]["code"]) == ("rejected", "suppressed_recipient")
    assert customer.moves(sent["id"]) == [("charge", 75_000), ("refund", 75_000)]
    assert customer.stack.submits(marker) == []
    assert customer.told(sent["id"], "message.rejected")


def test_a_suppressed_number_is_refused_at_once_and_nothing_is_stored(customer: Customer) -> None:
    to = number()
    customer.post("/v1/suppressions", {"to": to, "reason": "opt_out"})

    answer = customer.post("/v1/messages", {"to": to, "body": "Sale!", "category": "marketing"})

    assert (answer.status, answer.json["code"]) == (422, "suppressed_recipient")


def test_a_code_is_in_the_answer_and_on_the_phone_and_nowhere_else(customer: Customer, stack: Stack) -> None:
    made = customer.post(
        "/v1/templates", {"name": "sign-in", "text": "{{code}} is your code for Acme.", "code_digits": 6}
    )
    assert made.status == 201, made.body
    to = number()

    # The gate reads templates anew every few seconds.
    answer = until(
        "the template in the gate",
        lambda: [
            one
            for one in [
                customer.post("/v1/messages", {"to": to, "template": {"id": made.json["id"]}, "category": "otp"})
            ]
            if one.status == 202
        ],
        every=0.5,
    )[0].json
    done = customer.final(answer["id"])

    assert done["status"] == "delivered"
    assert len(answer["code"]) == 6
    assert customer.texts(to) == [f"{answer['code']} is your code for Acme."]
    assert answer["body"] is None
    assert done["body"] is None
    assert "code" not in done
    message = ids.decode(ids.MESSAGE, answer["id"])
    assert stack.value("SELECT count(*) FROM messaging_body WHERE message_id = %s", [message]) == 0


def test_a_repeated_request_is_answered_as_the_first_was(customer: Customer) -> None:
    to, key = number(), uuid4().hex
    document = {"to": to, "body": "Once"}

    first = customer.post("/v1/messages", document, Idempotency_Key=key)
    customer.final(first.json["id"])
    second = customer.post("/v1/messages", document, Idempotency_Key=key)
    other = customer.post("/v1/messages", {"to": to, "body": "Twice"}, Idempotency_Key=key)

    assert (first.status, second.status) == (202, 202)
    assert second.json["id"] == first.json["id"]
    assert second.headers["idempotent-replayed"] == "true"
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    assert customer.texts(to) == ["Once"]


def test_a_request_repeated_at_the_same_moment_makes_one_message(customer: Customer) -> None:
    to, key = number(), uuid4().hex

    with ThreadPoolExecutor(10) as pool:
        calls = [
            pool.submit(customer.post, "/v1/messages", {"to": to, "body": "Once"}, Idempotency_Key=key)
            for _ in range(10)
        ]
        answers = [call.result() for call in calls]

    assert {answer.status for answer in answers} <= {202, 409}
    made = {answer.json["id"] for answer in answers if answer.status == 202}
    assert len(made) == 1
    customer.final(made.pop())
    assert customer.texts(to) == ["Once"]


def test_a_repeated_batch_makes_nothing_new(customer: Customer) -> None:
    key = uuid4().hex
    document = {"messages": [{"to": number(), "body": "one"}, {"to": "+49", "body": "two"}]}

    first = customer.post("/v1/messages/batch", document, Idempotency_Key=key)
    second = customer.post("/v1/messages/batch", document, Idempotency_Key=key)

    assert (first.status, second.status) == (202, 202)
    assert second.headers["idempotent-replayed"] == "true"
    assert second.json["results"][0]["id"] == first.json["results"][0]["id"]


def test_an_empty_wallet_sends_nothing_and_stays_empty(stack: Stack) -> None:
    poor = make_customer(stack, credit=160_000)  # two texts to Germany, and a little more
    document = {"messages": [{"to": number(), "body": f"text {n}"} for n in range(4)]}

    answer = poor.post("/v1/messages/batch", document)
    single = poor.post("/v1/messages", {"to": number(), "body": "one more"})

    outcomes = [result.get("code", result["object"]) for result in answer.json["results"]]
    assert outcomes == ["message", "message", "insufficient_balance", "insufficient_balance"]
    assert (single.status, single.json["code"]) == (402, "insufficient_balance")
    assert stack.value("SELECT posted FROM ledger.account WHERE id = %s", [poor.wallet]) == 10_000
    assert stack.value("SELECT count(*) FROM messaging_message WHERE workspace_id = %s", [poor.workspace]) == 2


def test_an_event_is_tried_again_under_the_same_id_until_it_is_taken(stack: Stack) -> None:
    shop, path = make_customer(stack), f"/hook/{uuid4().hex}"
    stack.sink("answers", {path: [500]})
    stack.endpoint(shop.key, path)

    sent = shop.send("Told twice", to=number())
    events = until("two deliveries", lambda: stack.events(sent["id"], path=path)[1:])

    tries = stack.events(sent["id"], path=path)
    assert events
    assert [event["status"] for event in tries] == [500, 204]
    assert len({event["id"] for event in tries}) == 1
    assert all(event["signed"] for event in tries)


def test_a_test_event_arrives_signed(stack: Stack) -> None:
    shop, path = make_customer(stack), f"/hook/{uuid4().hex}"
    endpoint = stack.endpoint(shop.key, path)

    assert shop.post(f"/v1/webhook_endpoints/{endpoint['id']}/test", None).status == 202

    events = until("the test event", lambda: [e for e in stack.lines(stack.sink_file) if e["path"] == path])
    assert [(event["type"], event["signed"]) for event in events] == [("webhook.test", True)]


def test_redacting_leaves_status_and_price(customer: Customer) -> None:
    sent = customer.send("To be forgotten", to=number(), reference="forget-me")
    customer.final(sent["id"])

    answer = customer.post(f"/v1/messages/{sent['id']}/redact", None)

    assert answer.status == 200
    assert [answer.json[name] for name in ("to", "body", "reference")] == [None, None, None]
    assert (answer.json["status"], micro(answer.json["price"])) == ("delivered", 75_000)


@pytest.mark.promise("transit-23")
def test_what_is_discarded_on_request_is_gone_when_the_message_is_final(customer: Customer, stack: Stack) -> None:
    to = number()
    sent = customer.send("Keep nothing", to=to, privacy={"content": "discard", "recipient": "mask"})
    done = customer.final(sent["id"])

    message = ids.decode(ids.MESSAGE, sent["id"])
    assert (done["body"], done["to"]) == (None, None)
    assert customer.texts(to) == ["Keep nothing"]
    assert stack.value("SELECT count(*) FROM messaging_body WHERE message_id = %s", [message]) == 0
    assert stack.value("SELECT to_ct FROM messaging_message WHERE id = %s", [message]) is None


@pytest.mark.promise("transit-33", "api-13")
def test_the_ledger_adds_up_after_all_of_this(customer: Customer, stack: Stack) -> None:
    balance, posted = stack.rows(
        "SELECT (SELECT sum(CASE WHEN credit_id = a.id THEN amount ELSE -amount END) FROM ledger.transfer t "
        "WHERE t.wallet_id = a.id), a.posted FROM ledger.account a WHERE a.id = %s",
        [customer.wallet],
    )[0]

    assert balance == posted >= 0


@pytest.mark.promise("otp-42", "transit-70", "api-30", "team-53", "fleet-45")
def test_a_phone_that_answers_stop_gets_nothing_more(customer: Customer) -> None:
    to, other = number(), number()
    for phone in (to, other):
        customer.final(customer.send("Sale!", to=phone, **{"from": SHORT_CODE})["id"])

    customer.stack.control("POST", "/mo", {"from": other, "to": SHORT_CODE, "text": "Stop by tomorrow, please"})
    customer.stack.control("POST", "/mo", {"from": to, "to": SHORT_CODE, "text": " Stop. "})

    def refused() -> bool:
        answer = customer.post("/v1/messages", {"to": to, "body": "More!", "category": "marketing"})
        return answer.status == 422 and bool(answer.json["code"] == "suppressed_recipient")

    assert until("the number is refused", refused)
    assert customer.send("More!", to=other, category="marketing")["status"]
