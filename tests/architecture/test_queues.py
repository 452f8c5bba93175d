import re
from pathlib import Path

import pytest

from smsplatform.celery import QUEUES, SCHEDULE, app
from smsplatform.quickstart import services

ROOT = Path(__file__).resolve().parents[2]


def test_the_worker_of_the_quick_start_consumes_every_queue() -> None:
    assert sorted(services.QUEUES) == sorted(QUEUES)


def test_every_scheduled_task_exists_and_goes_to_its_own_queue() -> None:
    app.loader.import_default_modules()

    for name, (task, _, queue) in SCHEDULE.items():
        assert task in app.tasks, f"{name}: there is no task {task}"
        assert getattr(app.tasks[task], "stage", queue) == queue, name


def test_every_task_goes_to_a_queue_that_somebody_consumes() -> None:
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}

    assert ours
    for name, task in ours.items():
        assert getattr(task, "stage", None) in QUEUES, name


@pytest.mark.parametrize("files", ["deploy/docker-compose.yml", "deploy/systemd/*.service"])
def test_the_deployments_consume_every_queue(files: str) -> None:
    text = "\n".join(path.read_text() for path in sorted(ROOT.glob(files)))
    consumed = [queue for match in re.findall(r'-Q,? "?([a-z,]+)"?', text) for queue in match.split(",")]

    assert sorted(consumed) == sorted(QUEUES)
