"""A customer made with smpplib, for our simulated carrier; prints what comes back as JSON lines."""

import json
import sys

import smpplib.client  # type: ignore[import-not-found]  # installed for the test only
import smpplib.consts  # type: ignore[import-not-found]  # installed for the test only
import smpplib.gsm  # type: ignore[import-not-found]  # installed for the test only


def tell(**line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def text_of(raw: bytes | None) -> str:
    return raw.decode("latin-1") if raw else ""


client = smpplib.client.Client("127.0.0.1", int(sys.argv[1]), allow_unknown_opt_params=True)
client.set_message_sent_handler(lambda pdu: tell(accepted=text_of(pdu.message_id), status=pdu.status))
client.set_message_received_handler(
    lambda pdu: tell(receipt=text_of(pdu.short_message), id=text_of(pdu.receipted_message_id), state=pdu.message_state)
)
client.connect()
client.bind_transceiver(system_id="lib", password="secret")
tell(bound=0)
# No extension characters: smpplib cuts them in two at the end of a part.
parts, encoding, flag = smpplib.gsm.make_parts("Grüße an @lle " * 25)
for part in parts:
    client.send_message(
        source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
        source_addr="Lib",
        dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
        dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
        destination_addr="15005553333",
        short_message=part,
        data_coding=encoding,
        esm_class=flag,
        registered_delivery=True,
    )
for _ in range(2 * len(parts)):
    client.read_once()
client.unbind()
client.disconnect()
tell(unbound=True)
