"""Questions to support."""

from accounts import support
from accounts.models import SupportThread, User, Workspace
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope

SUBJECT, TEXT = "Receipts are late", "Since this morning nothing comes back from +4915123456789."


def question(**changed: str) -> support.Question:
    """Something about delivery."""
    return support.Question(**{"topic": "delivery", "subject": SUBJECT, "text": TEXT, **changed})


def thread(workspace: Workspace, by: User, **changed: str) -> SupportThread:
    """A new thread, which waits for support."""
    with scope.workspace(workspace.pk):
        return support.open(workspace=workspace.pk, by=by, question=question(**changed), at=clock.now())


def resolved(workspace: Workspace, by: User) -> SupportThread:
    """A thread that its writer settled."""
    made = thread(workspace, by)
    with scope.workspace(workspace.pk):
        support.settle(thread=made, by=by, at=clock.now())
        made.refresh_from_db()
    return made
