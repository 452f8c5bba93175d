"""From a request to a draft: what is refused, with which code and where, and what a draft holds."""

import datetime as dt
from typing import Any

import msgspec
import pytest

from messaging import drafting, sources
from messaging.drafting import Plan, SendRequest, Source, fill, plan, seal, unsealed
from messaging.models import Template
from privacy import keyring
from privacy.ciphers import WrongContext
from smsplatform.lib import clock, ids
from smsplatform.lib.api.problems import CODES, Problem
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import World, make_sender, make_workspace

TO = "+31612345678"
NOW = clock.now()


@pytest.fixture(scope="module")
def world() -> World:
    made = make_workspace()
    with scope.workspace(made.id):
        make_sender(made.id, "WAITING", state="review")
    return made


@pytest.fixture(scope="module")
def source(world: World) -> Source:
    return sources.for_user(world.id, world.owner.id, livemode=True)


def planned(source: Source, at: dt.datetime = NOW, **fields: Any) -> Plan:
    return plan(msgspec.convert({"to": TO, "body": "Hello", **fields}, SendRequest), source, at=at)


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"to": "0612345678"}, "#/to", "not_e164"),
        ({"to": "+999123"}, "#/to", "unknown_country"),
        ({"to": "+31"}, "#/to", "too_short"),
        ({"to": "+1500555000" + "1"}, "#/to", None),  # fiction, in live mode
        ({"from": "NOBODY"}, "#/from", "invalid_sender"),
        ({"from": "WAITING"}, "#/from", "sender_not_approved"),
        ({"body": None}, "#/body", "body_or_template"),
        ({"body": ""}, "#/body", "too_short"),
        ({"body": "a", "template": {"id": "tpl_x"}}, "#/body", "body_or_template"),
        ({"body": None, "template": {"id": "tpl_x"}}, "#/template/id", "template_not_found"),
        ({"body": "x" * 10_000}, "#/body", "too_many_parts"),
        ({"body": "x" * 161, "max_parts": 1}, "#/body", "too_many_parts"),
        ({"body": "€ 😀", "encoding": "gsm7"}, "#/body", None),
        ({"body": "a\x00b"}, "#/body", "control_character"),
        ({"ttl": 5}, "#/ttl", "ttl_out_of_range"),
        ({"ttl": 10**9}, "#/ttl", "ttl_out_of_range"),
        ({"ttl": -1}, "#/ttl", "ttl_out_of_range"),
        ({"expires_at": NOW - dt.timedelta(1)}, "#/expires_at", "ttl_out_of_range"),
        ({"expires_at": dt.datetime(2030, 1, 1)}, "#/expires_at", None),
        ({"send_at": NOW + dt.timedelta(days=8)}, "#/send_at", "send_at_out_of_range"),
        ({"send_at": NOW - dt.timedelta(hours=1)}, "#/send_at", "send_at_out_of_range"),
        ({"send_at": dt.datetime(2030, 1, 1)}, "#/send_at", "send_at_out_of_range"),
        ({"max_price": "0.000001"}, "#/max_price", "price_above_max"),
        ({"max_price": "cheap"}, "#/max_price", None),
        ({"max_price": "NaN"}, "#/max_price", None),
        ({"reference": "a\x07"}, "#/reference", "control_character"),
        ({"metadata": {"k": "v" * 201}}, "#/metadata", "metadata_invalid"),
        ({"metadata": {str(n): "v" for n in range(21)}}, "#/metadata", "metadata_invalid"),
        ({"privacy": {"retain_hours": 25}}, "#/privacy/retain_hours", None),
    ],
)
def test_each_fault_names_its_field_and_a_known_code(
    source: Source, fields: dict[str, Any], pointer: str, code: str | None
) -> None:
    with pytest.raises(Problem) as refusal:
        planned(source, **fields)

    (fault,) = refusal.value.errors
    assert fault.pointer == pointer
    assert fault.code in CODES
    assert code in (None, fault.code)


def test_all_faults_of_a_request_are_told_together(source: Source) -> None:
    fields: dict[str, Any] = {"to": "12", "from": "NOBODY", "body": "x" * 5000, "ttl": 1}

    with pytest.raises(Problem) as refusal:
        planned(source, **fields)

    assert {fault.pointer for fault in refusal.value.errors} == {"#/to", "#/from", "#/body", "#/ttl"}


def test_no_refusal_repeats_what_was_sent(source: Source) -> None:
    with pytest.raises(Problem) as refusal:
        planned(source, to="+3161234567899999", body="secret-body" * 900)

    text = str(refusal.value.to_body("req_x"))
    assert "secret-body" not in text
    assert "612345678" not in text


def test_a_scheduled_message_keeps_its_text_until_a_day_after_it_is_sent(source: Source) -> None:
    later = NOW + dt.timedelta(days=6)

    made = planned(source, send_at=later)

    assert made.send_at == later
    assert made.body_expires_at == later + dt.timedelta(hours=24)
    assert made.expires_at == later + drafting.TTL_DEFAULT["transactional"]  # type: ignore[index]  # the enum's value


def test_times_in_another_zone_are_the_same_moments_in_utc(source: Source) -> None:
    zone = dt.timezone(dt.timedelta(hours=13))

    made = planned(source, send_at=(NOW + dt.timedelta(days=1)).astimezone(zone))

    assert made.body_expires_at.utcoffset() == dt.timedelta(0)
    assert made.send_at == NOW + dt.timedelta(days=1)


@pytest.mark.promise("fleet-31", "transit-30")
def test_the_workspace_may_keep_less_and_never_more(source: Source) -> None:
    made = planned(source, privacy={"retain_hours": 2})

    assert made.body_expires_at == NOW + dt.timedelta(hours=2)
    assert made.expires_at <= made.body_expires_at


def test_the_price_is_the_price_of_all_parts(source: Source) -> None:
    made = planned(source, body="x" * 161)

    assert made.segmented.parts == 2
    assert made.price == 2 * made.quote.unit_micro > 0


def test_smart_encoding_spares_parts(source: Source) -> None:
    plain = planned(source, body="“Hello” – it’s me…")
    smart = planned(source, body="“Hello” – it’s me…", smart_encoding=True)

    assert (plain.segmented.encoding, smart.segmented.encoding) == ("ucs2", "gsm7")
    assert smart.text == '"Hello" - it\'s me...'


def test_a_draft_opens_only_in_its_own_place(world: World, source: Source) -> None:
    made = planned(source, reference="order-7", metadata={"k": "v"})
    key = keyring.body_key(world.id, made.body_expires_at.date())

    draft, other = seal(made, source, key), seal(made, source, key)

    assert draft.text_ct is not None
    assert unsealed("text", draft.text_ct, world.id, draft.id) == "Hello"
    assert unsealed("to", draft.to_ct, world.id, draft.id) == TO
    assert draft.to_idx == other.to_idx
    assert TO.encode() not in draft.to_ct
    for field, row in (("to", draft.id), ("text", other.id)):
        with pytest.raises(WrongContext):
            unsealed(field, draft.text_ct, world.id, row)


def test_a_code_is_made_from_the_days_key_and_stored_nowhere(world: World) -> None:
    with scope.workspace(world.id):
        template = Template.objects.create(
            workspace=world.workspace, name="code", text="Your code is {{code}}", code_digits=6
        )
    source = sources.for_user(world.id, world.owner.id, livemode=True)
    reference = {"id": ids.encode(ids.TEMPLATE, template.id)}
    made = planned(source, body=None, template=reference, category="otp")
    key = keyring.body_key(world.id, made.body_expires_at.date())

    draft = seal(made, source, key)

    assert draft.text_ct is None
    assert draft.code is not None
    assert len(draft.code) == 6
    assert draft.code.isdigit()
    assert draft.code == drafting.make_code(key, draft.id, 6)
    with pytest.raises(Problem) as refusal:
        planned(source, body=None, template={**reference, "variables": {"code": "123456"}})
    assert refusal.value.errors[0].code == "code_not_accepted"


@pytest.mark.parametrize(
    ("text", "variables", "filled"),
    [
        ("Hi {{name}}", {"name": "Jo"}, "Hi Jo"),
        ("{{ a }}{{b}}", {"a": "1", "b": "{{a}}"}, "1{{a}}"),  # what is filled in is not filled again
        ("{{", {}, "{{"),
        ("}} {{x", {"x": "1"}, "}} {{x"),
        ("{{x.__class__}}", {"x.__class__": "no"}, "no"),
    ],
)
def test_templates_only_replace_names(text: str, variables: dict[str, str], filled: str) -> None:
    assert fill(text, variables) == filled
