"""Every sentence that some published policy contains, by policy: 340 rows, and what shows each of them.

A row whose subsystem does not exist says so as a ``gap``; none is left out.
"""

from privacy import profiles
from privacy.promises.model import Promise, declare, promises
from privacy.promises.register import api, duty, fleet, otp, team, transit, transit_rights

declare(*otp.ROWS, *fleet.ROWS, *transit.ROWS, *transit_rights.ROWS, *api.ROWS, *team.ROWS, *duty.ROWS)

DUTY, EVERY = "duty", "all"
# Without a profile the strictest defaults apply, and with them the policy that collects least is what is published.
_PUBLISHES = {profiles.STRICT: "transit"}


def published(*, profile: str = "") -> list[Promise]:
    """What a profile (by default the one in force) publishes, with the duties; ``all`` means every policy."""
    name = profile or profiles.active()
    return [promise for promise in _of(name) if _claimed(promise, name)]


def unclaimed(*, profile: str = "") -> list[Promise]:
    """Sentences of its policy that a deployment does not claim, because a setting they need is off."""
    name = profile or profiles.active()
    return [promise for promise in _of(name) if not _claimed(promise, name)]


def _of(name: str) -> list[Promise]:
    policies = (*profiles.PROFILES, DUTY) if name == EVERY else (_PUBLISHES.get(name, name), DUTY)
    return [promise for promise in promises() if promise.policy in policies]


def _claimed(promise: Promise, profile: str) -> bool:
    home = promise.policy if profile == EVERY else profile
    return not promise.claimed_if or bool(profiles.value(promise.claimed_if, profile=home))
