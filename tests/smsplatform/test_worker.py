import os
from uuid import uuid4

from kombu import Connection, Exchange, Producer, Queue

import smsplatform.worker  # noqa: F401  # what it changes in the transport is looked at here


def test_a_wake_up_is_acknowledged_in_vain_once_its_connection_is_lost() -> None:
    name = f"test-{uuid4().hex}"
    with Connection(os.environ["BROKER_URL"]) as connection:
        channel = connection.channel()
        queue = Queue(name, Exchange(name), routing_key=name, channel=channel)
        queue.declare()
        Producer(channel, exchange=queue.exchange, routing_key=name).publish({"a": 1})
        message = queue.get()
        assert message is not None

        connection.close()
        message.ack()

    assert message.acknowledged
