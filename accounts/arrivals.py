"""What happens at every sign-in and sign-out, by whatever factor: the session says whose and what device, a new kind of
device is told by mail, and each workspace of the person has it on record.
"""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import devices, evidence, letters
from accounts.models import User
from accounts.session_store import DEVICE, STARTED
from privacy.requests import gpc
from smsplatform.lib import clock, ids


@receiver(user_logged_in, dispatch_uid="accounts.arrivals")
def arrived(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Somebody has signed in."""
    at, device = clock.now(), devices.family(request.headers.get("User-Agent", ""))
    request.session[DEVICE], request.session[STARTED] = device, at.isoformat()
    if devices.is_new(user=user, device=device, at=at):
        letters.post(letters.new_device, user=str(user.id), device=device, event=str(ids.uuid7(at)))
    if request.headers.get("Sec-GPC", "").strip() == "1":
        gpc.of_account(user=user.id, email=user.email, at=at)
    evidence.record(user=user.id, action="user:session:started", at=at, details={"device": device})


@receiver(user_logged_out, dispatch_uid="accounts.departures")
def left(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """Somebody has signed out."""
    if user is not None:
        evidence.record(user=user.id, action="user:session:ended", at=clock.now())
