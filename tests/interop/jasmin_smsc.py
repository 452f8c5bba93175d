"""A carrier made with the SMPP server that Jasmin runs (``smpp.twisted3``), in an environment of its own.

Prints one JSON line with its port, then one for each submit and each acknowledged receipt.
"""

import itertools
import json
import sys
from typing import Any

from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_types import CommandId, CommandStatus, EsmClass, EsmClassMode, EsmClassType
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import SMPPServerFactory
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import reactor
from zope.interface import implementer

numbers = itertools.count(1001)


def tell(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


@implementer(IRealm)
class Realm:
    def requestAvatar(self, avatar: Any, mind: Any, *interfaces: Any) -> Any:  # Twisted's name
        return interfaces[0], avatar, lambda: None


def receipt(session: Any, submit: Any, number: int) -> None:
    text = f"id:{number} sub:001 dlvrd:001 submit date:2611210930 done date:2611210931 stat:DELIVRD err:000 text:"
    deliver = DeliverSM(
        source_addr=submit.params["destination_addr"],
        destination_addr=submit.params["source_addr"],
        esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.SMSC_DELIVERY_RECEIPT),
        short_message=text.encode(),
    )
    answered = session.sendDataRequest(deliver)
    answered.addCallback(lambda result: tell(acked=number, status=str(result.response.status)))
    answered.addErrback(lambda failure: tell(failed=failure.getErrorMessage()))


def submitted(system_id: str, session: Any, pdu: Any) -> Any:
    if pdu.commandId is not CommandId.submit_sm:
        return CommandStatus.ESME_ROK
    if pdu.params["destination_addr"].endswith(b"0003"):
        return CommandStatus.ESME_RINVDSTADR
    number = next(numbers)
    tell(
        id=number,
        **{"from": pdu.params["source_addr"].decode()},
        to=pdu.params["destination_addr"].decode(),
        payload=pdu.params["short_message"].hex(),
        registered=str(pdu.params["registered_delivery"].receipt),
    )
    reactor.callLater(0.02, receipt, session, pdu, number)
    return DataHandlerResponse(status=CommandStatus.ESME_ROK, message_id=str(number))


users = InMemoryUsernamePasswordDatabaseDontUse()
users.addUser(b"us", b"secret")
users.addUser("us", "secret")
portal = Portal(Realm(), [users])
config = SMPPServerConfig(systems={"us": {"max_bindings": 2}}, msgHandler=submitted)
factory = SMPPServerFactory(config, auth_portal=portal)
port = reactor.listenTCP(0, factory, interface="127.0.0.1")
tell(port=port.getHost().port)
reactor.run()
