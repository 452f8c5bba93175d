"""What a Celery worker does beside tasks: a worker of the submission queue holds the carrier sessions.

Sessions start with the worker, not with the first task, so that receipts arrive even when nothing is sent.
"""

import contextlib
import os
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutting_down
from kombu.transport import redis

from messaging import submission
from smsplatform.lib import garbage


class WakeUps(redis.QoS):
    """Acknowledgements of messages that nothing is lost with: ours are wake-ups, and the sweep replaces them.

    When the broker is lost, kombu 5.7 gives back what was not acknowledged, and acknowledges what has begun, over the
    channel it has closed. That is an AttributeError, and the worker ended with its carrier sessions.
    """

    restore_at_shutdown = False

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge, if there is still somebody to tell."""
        if not self.channel.closed:
            super().ack(delivery_tag)


redis.Channel.QoS = WakeUps

NICE = 5  # web answers somebody who waits: its p99 fell by a tenth to two fifths (docs/performance.md)


@worker_init.connect
def give_way(**kwargs: Any) -> None:
    """Let the web process go first; before the threads start, because each takes this from the one that made it."""
    with contextlib.suppress(OSError):
        os.nice(max(0, NICE - os.nice(0)))


def consumes(consumer: Any, queue: str) -> bool:
    """Whether this worker takes tasks from ``queue``."""
    return queue in consumer.app.amqp.queues.consume_from


@worker_ready.connect
def open_sessions(sender: Any, **kwargs: Any) -> None:
    """Bind to the carriers."""
    garbage.settle()
    if consumes(sender, "submission"):
        submission.hub().start()


@worker_shutting_down.connect
def close_sessions(**kwargs: Any) -> None:
    """Unbind cleanly: answers in flight are awaited and written, so a clean stop duplicates nothing."""
    if submission._hub is not None:  # noqa: SLF001  # not hub(): asking must not make one
        submission._hub.stop()  # noqa: SLF001
