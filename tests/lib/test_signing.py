import base64
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from smsplatform.lib import clock, signing
from smsplatform.lib.signing import InvalidSecret, InvalidSignature

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
BODY = '{"type":"message.delivered","note":"héllo 😀"}'.encode()


def headers(secrets: list[str], at: dt.datetime | None = None) -> dict[str, str]:
    return signing.headers(secrets, "evt_1", at or clock.now(), BODY)


@pytest.mark.promise("transit-98")
def test_the_reference_library_accepts_what_we_sign() -> None:
    secret = signing.new_secret()

    assert Webhook(secret).verify(BODY, headers([secret]))["type"] == "message.delivered"


def test_we_sign_as_the_reference_library_does_and_accept_what_it_signs() -> None:
    secret = signing.new_secret()

    theirs = Webhook(secret).sign("evt_1", AT, BODY.decode())

    assert signing.sign([secret], "evt_1", AT, BODY) == theirs
    signing.verify([secret], "evt_1", str(int(AT.timestamp())), theirs, BODY, at=AT)


def test_the_example_of_the_standard_is_reproduced() -> None:
    signature = signing.sign(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        dt.datetime.fromtimestamp(1614265330, dt.UTC),
        b'{"test": 2432232314}',
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_during_rotation_the_old_and_the_new_secret_both_verify() -> None:
    old, new, other = signing.new_secret(), signing.new_secret(), signing.new_secret()

    signed = headers([old, new])

    assert signed["webhook-signature"].count(" ") == 1
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, signed)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, signed)


@given(st.binary(max_size=300), st.text(st.characters(codec="ascii", exclude_characters="."), min_size=1))
def test_every_message_verifies_and_no_altered_one_does(body: bytes, name: str) -> None:
    secret = signing.new_secret()
    signature = signing.sign([secret], name, AT, body)
    moment = str(int(AT.timestamp()))

    signing.verify([signing.new_secret(), secret], name, moment, f"v1a,x v2,y {signature}", body, at=AT)
    for altered in (
        (name + "x", moment, signature, body),
        (name, str(int(moment) + 1), signature, body),
        (name, moment, signature, body + b" "),
        (name, moment, signature.replace("v1,", "v2,"), body),
        (name, moment, "v1,", body),
        (name, moment, "", body),
    ):
        with pytest.raises(InvalidSignature):
            signing.verify([secret], *altered, at=AT)


@pytest.mark.parametrize(("shift", "code"), [(-301, "too_old"), (301, "too_new"), (-(10**6), "too_old")])
def test_a_message_from_another_time_is_a_replay(shift: int, code: str) -> None:
    secret, then = signing.new_secret(), AT + dt.timedelta(seconds=shift)
    signed = headers([secret], then)

    with pytest.raises(InvalidSignature) as caught:
        signing.verify([secret], "evt_1", signed["webhook-timestamp"], signed["webhook-signature"], BODY, at=AT)

    assert caught.value.code == code


@pytest.mark.parametrize("timestamp", ["", "soon", "-5", "1.5", "٣", "9" * 5000])
def test_a_timestamp_that_is_no_number_is_refused(timestamp: str) -> None:
    with pytest.raises(InvalidSignature) as caught:
        signing.verify([signing.new_secret()], "evt_1", timestamp, "v1,x", BODY, at=AT)

    assert caught.value.code == "timestamp"


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_!!!!",
        "whsec_abc",
        *("whsec_" + base64.b64encode(bytes(range(n))).decode() for n in (23, 65)),
    ],
)
def test_a_malformed_secret_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(InvalidSecret) as caught:
        signing.sign([secret], "evt_1", AT, BODY)

    assert not secret.removeprefix("whsec_") or secret.removeprefix("whsec_") not in str(caught.value)


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(InvalidSecret):
        signing.sign([], "evt_1", AT, BODY)


def test_a_new_secret_has_256_bits_and_is_new() -> None:
    assert len(signing.key_of(signing.new_secret())) == 32
    assert signing.new_secret() != signing.new_secret()


# By a pair of keys


# From the tests of Svix's server, which the standard was written after.
PRIVATE = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="


def test_the_known_answer_of_a_private_key_is_reproduced() -> None:
    signature = signing.sign(
        [PRIVATE],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        dt.datetime.fromtimestamp(1614265330, dt.UTC),
        b'{"test": 2432232314}',
    )

    assert signature == "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
    assert signing.public_key_of(PRIVATE) == PUBLIC


def test_a_receiver_that_knows_shared_secrets_only_finds_its_own_beside_a_key_pair() -> None:
    old = signing.new_secret()

    signed = headers([signing.new_secret("ed25519"), old])

    assert [entry.partition(",")[0] for entry in signed["webhook-signature"].split()] == ["v1a", "v1"]
    assert Webhook(old).verify(BODY, signed)


def test_each_pair_of_keys_is_new_and_says_what_it_is() -> None:
    one, other = signing.new_secret("ed25519"), signing.new_secret("ed25519")

    assert signing.public_key_of(one) != signing.public_key_of(other)
    assert (signing.scheme_of(one), signing.scheme_of(signing.new_secret())) == ("ed25519", "hmac")


@pytest.mark.parametrize(
    "secret",
    [
        "whsk_",
        "whsk_!!!!",
        PRIVATE[:-8],
        "whsk_" + base64.b64encode(bytes(32)).decode(),
        "whsk_" + base64.b64encode(bytes(64)).decode(),
        PUBLIC,
    ],
)
def test_a_key_pair_that_does_not_fit_together_signs_nothing(secret: str) -> None:
    with pytest.raises(InvalidSecret):
        signing.sign([secret], "evt_1", AT, BODY)


def test_a_shared_secret_has_no_public_key() -> None:
    with pytest.raises(InvalidSecret):
        signing.public_key_of(signing.new_secret())
