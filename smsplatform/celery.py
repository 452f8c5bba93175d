"""The Celery application: queues, routing and the one schedule table.

Celery only wakes stages up; rows in PostgreSQL are the queue. Losing every message in the broker costs
latency until the next sweep, never work. Task arguments are ids (``smsplatform/lib/tasks.py``).
"""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import beat_init

# Checks import every page: 20 MB that a worker never uses. ``manage.py upgrade`` has made them before workers start.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("smsplatform")
QUEUES = ("submission", "receipts", "webhooks", "billing", "privacy", "default")

app.conf.update(
    broker_url=os.environ.get("BROKER_URL", "redis://localhost:6379/0"),
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_connect_timeout": 2, "socket_timeout": 30, "visibility_timeout": 300},
    task_ignore_result=True,
    # Early: what a dying worker leaves undone is found by the sweep, not by the broker.
    task_acks_late=False,
    task_serializer="json",
    accept_content=["json"],
    task_default_queue="default",
    task_create_missing_queues=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    enable_utc=True,
    timezone="UTC",
)

# name: (task, every seconds, queue)
SCHEDULE: dict[str, tuple[str, float, str]] = {
    "submission sweep": ("messaging.submission.sweep", 1.0, "submission"),
    "receipts sweep": ("messaging.receipts.sweep", 5.0, "receipts"),
    "webhooks sweep": ("messaging.webhooks.sweep", 1.0, "webhooks"),
    "expire messages": ("messaging.receipts.expire", 5.0, "receipts"),
    "recent figures": ("messaging.traffic.recent", 20.0, "default"),
    "late figures": ("messaging.traffic.late", 300.0, "default"),
    "processors": ("messaging.processors.recent", 300.0, "default"),
    "late processors": ("messaging.processors.noted", 21600.0, "default"),
    "running low": ("messaging.running_low.tell", 900.0, "default"),
    "key watch": ("messaging.key_watch.tell", 300.0, "default"),
    "holds sweep": ("billing.holding.sweep", 30.0, "billing"),
    "exports sweep": ("messaging.exports.sweep", 10.0, "default"),
    "status": ("smsplatform.status.probe", 60.0, "default"),
    "notifications sweep": ("accounts.notifications.send_due", 20.0, "default"),
    "support idle": ("accounts.support.settle_idle", 3600.0, "default"),
    "corridors": ("messaging.corridors.publish", 21600.0, "default"),
    "purge": ("privacy.retention.purge", 300.0, "privacy"),
    "partitions": ("privacy.retention.partitions", 3600.0, "privacy"),
    "archives sweep": ("privacy.archives.sweep", 5.0, "privacy"),
    "promises": ("privacy.promises.run_due", 60.0, "privacy"),
    "promise report": ("privacy.promises.report", 120.0, "privacy"),
    "audit seal": ("privacy.sealing.sealer.seal", 60.0, "privacy"),
    "policy versions": ("privacy.documents.take_effect", 60.0, "privacy"),
    "policy mails": ("accounts.policy_letters.send_due", 60.0, "default"),
    "disclosure notices": ("privacy.disclosures.publish", 60.0, "privacy"),
    "incident notices": ("privacy.breaches.publish", 60.0, "privacy"),
    "requests sweep": ("privacy.requests.fulfilling.sweep", 5.0, "privacy"),
    "requests watch": ("privacy.requests.watching.watch", 300.0, "privacy"),
    "erasures resumed": ("privacy.erasure.resuming.sweep", 60.0, "privacy"),
    "hold reviews": ("privacy.hold_reviews.watch", 3600.0, "privacy"),
    "closings": ("accounts.closing.erase_due", 300.0, "privacy"),
}


def _schedule() -> dict[str, Any]:
    return {
        name: {"task": task, "schedule": every, "options": {"queue": queue, "expires": max(every, 5.0)}}
        for name, (task, every, queue) in SCHEDULE.items()
    }


app.conf.beat_schedule = _schedule()
app.conf.beat_schedule_filename = str(Path(os.environ.get("RUN_DIR", ".run")) / "beat")
# Tasks live under the function they wake. They need Django; beat runs without it and imports none of these.
if "DJANGO_SETTINGS_MODULE" in os.environ:
    app.conf.include = [
        "smsplatform.worker",
        "messaging.submission",
        "messaging.receipts",
        "messaging.webhooks",
        "messaging.traffic",
        "messaging.processors",
        "messaging.exports",
        "messaging.corridors",
        "messaging.running_low",
        "messaging.key_watch",
        "billing.holding",
        "smsplatform.status",
        "privacy.retention",
        "privacy.requests.fulfilling",
        "privacy.requests.letters",
        "privacy.requests.watching",
        "privacy.documents.versions",
        "privacy.breaches.notices",
        "privacy.disclosures.telling",
        "privacy.archives.building",
        "privacy.erasure.resuming",
        "privacy.hold_reviews",
        "privacy.promises.evaluating",
        "privacy.promises.reporting",
        "privacy.sealing.sealer",
        "accounts.closing",
        "accounts.letters",
        "accounts.policy_letters",
        "accounts.notifications",
        "accounts.evidence",
        "accounts.support",
    ]


@beat_init.connect
def purge_now(**kwargs: Any) -> None:
    """What came to its end while nothing ran goes at once, not after the first interval."""
    app.send_task("privacy.retention.purge", queue="privacy")
