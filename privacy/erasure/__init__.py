"""Taking a person out of every table, by a plan that the inventory makes and that can be read first."""

from privacy.erasure.executing import Blocked, InFlight, execute
from privacy.erasure.planning import Plan, Step, plan
from privacy.erasure.reapplying import Stuck, TooOld, reapply
from privacy.erasure.resuming import resume
from privacy.erasure.signals import sending_stops, workspace_came_back

__all__ = [
    "Blocked", "InFlight", "Plan", "Step", "Stuck", "TooOld", "execute", "plan", "reapply", "resume", "sending_stops",
    "workspace_came_back",
]  # fmt: skip
