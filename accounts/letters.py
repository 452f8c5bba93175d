"""Mails to people about their account, each a task: a slow mail server slows no page, and a page's time tells nothing.

Tasks are given ids: a person's, a row's, or the blind index of an address in the form of a UUID. The moment of an
event is that of its id.
"""

import logging
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.functional import lazy

from accounts import devices, links, notices
from accounts.links import Side
from accounts.models import ClosingWish, EmailChange, StaffGrant, User, Workspace
from accounts.models.user import StaffRole
from accounts.roles import Role
from smsplatform.lib import ids, mail
from smsplatform.lib.tasks import GuardedTask, task
from smsplatform.lib.tenancy import scope

logger = logging.getLogger(__name__)
AGAIN: dict[str, Any] = {"autoretry_for": (mail.Undelivered,), "retry_backoff": 15, "max_retries": 7}


def post(letter: GuardedTask, **arguments: str) -> None:
    """Send when the running transaction has committed. Without a broker the mail is lost, and people ask again."""
    transaction.on_commit(lambda: letter.soon(**arguments))


def to_address(email: str) -> str:
    """How a task is told of an address: by its blind index."""
    return str(UUID(bytes=User.email_index(email)))


@task(name="accounts.letters.sign_up", queue="default", **AGAIN)
def sign_up(*, address: str) -> None:
    """The confirmation; or word that there is an account already."""
    if (user := _whose(address)) is None:
        return
    if user.email_confirmed_at is None:
        _confirm(user)
    else:
        context = {"sign_in_url": _url("sign_in"), "reset_url": _url("password_forgotten")}
        mail.send("accounts/already_here", to=[user], context=context)


@task(name="accounts.letters.confirm", queue="default", **AGAIN)
def confirm(*, address: str) -> None:
    """The confirmation once more, if one is still owed."""
    if (user := _whose(address)) is not None and user.email_confirmed_at is None:
        _confirm(user)


@task(name="accounts.letters.reset", queue="default", **AGAIN)
def reset(*, address: str) -> None:
    """The link to a new password; to somebody who never confirmed, the confirmation."""
    if (user := _whose(address)) is None:
        return
    if user.email_confirmed_at is None:
        _confirm(user)
        return
    minutes = int(links.RESET_KEPT.total_seconds() // 60)
    context = {"url": _url("password_reset", links.reset(user)), "minutes": minutes}
    mail.send("accounts/password_reset", to=[user], context=context)


@task(name="accounts.letters.password_changed", queue="default", **AGAIN)
def password_changed(*, user: str, device: str, event: str) -> None:
    """That the password is another one."""
    _alert("accounts/password_changed", user, device, event, _url("password_forgotten"))


@task(name="accounts.letters.new_device", queue="default", **AGAIN)
def new_device(*, user: str, device: str, event: str) -> None:
    """That somebody came with a kind of browser not seen before."""
    _alert("accounts/new_device", user, device, event, _url("security"))


@task(name="accounts.letters.factor_changed", queue="default", **AGAIN)
def factor_changed(*, user: str, what: str, kind: str, event: str) -> None:
    """That a second factor came or went, or a recovery code was used."""
    person = User.objects.filter(id=user, is_active=True).first()
    if person is not None:
        context = {"what": what, "kind": kind, "at": ids.time_of(UUID(event)), "url": _url("security")}
        mail.send("accounts/factor_changed", to=[person], context=context)


@task(name="accounts.letters.email_change", queue="default", **AGAIN)
def email_change(*, change: str) -> None:
    """To both addresses, the question whether it is meant."""
    row = EmailChange.objects.select_related("user").filter(id=change).first()
    if row is None:
        return
    hours = int(links.EMAIL_CHANGE_KEPT.total_seconds() // 3600)
    for side, template, address in (
        (Side.OLD, "accounts/email_old", row.user.email),
        (Side.NEW, "accounts/email_new", row.email),
    ):
        context = {"url": _url("email_confirm", links.email_change(row, side)), "hours": hours, "at": row.asked_at}
        mail.send(template, to=[mail.Address.of(row.user, address)], context=context)


@task(name="accounts.letters.closing_asked", queue="default", **AGAIN)
def closing_asked(*, wish: str, workspace: str) -> None:
    """To whoever asked to close a workspace, the link by which they confirm it."""
    with scope.workspace(UUID(workspace)):
        row = ClosingWish.objects.select_related("workspace").filter(pk=wish).first()
    person = User.objects.filter(pk=row.asked_by, is_active=True).first() if row else None
    if row is None or person is None:
        return
    context = {
        "workspace": row.workspace.name,
        "when": row.when,
        "at": row.asked_at,
        "hours": int(links.CLOSING_KEPT.total_seconds() // 3600),
        "url": _url("closing_confirm", links.closing(row)),
    }
    mail.send("accounts/closing_asked", to=[person], context=context)


@task(name="accounts.letters.broke_glass", queue="default", **AGAIN)
def broke_glass(*, grant: str, workspace: str) -> None:
    """To every admin of the staff, that somebody looks into a workspace without anybody's leave."""
    row = StaffGrant.objects.using("system").filter(id=grant, workspace_id=workspace).first()
    if row is None:
        return
    context = {
        "at": row.created_at,
        "grant": ids.encode(ids.GRANT, row.id),
        "workspace": ids.encode(ids.WORKSPACE, row.workspace_id),
        "ticket": row.ticket,
        "url": mail.link("/staff/grants"),
    }
    for admin in User.objects.filter(staff_role=StaffRole.ADMIN, is_active=True).order_by("id"):
        mail.send("accounts/broke_glass", to=[admin], context=context)


@task(name="accounts.letters.staff_asks", queue="default", **AGAIN)
def staff_asks(*, grant: str, workspace: str) -> None:
    """To owners and admins of a workspace, that staff ask to be let in."""
    with scope.workspace(UUID(workspace)):
        row = StaffGrant.objects.filter(id=grant).first()
        name = Workspace.objects.values_list("name", flat=True).get(pk=workspace)
        people = notices.people(UUID(workspace), Role.OWNER, Role.ADMIN)
    if row is not None:
        context = {
            "workspace": name,
            "category": row.get_category_display(),
            "ticket": row.ticket,
            "at": row.created_at,
        }
        mail.send("accounts/staff_asks", to=people, context={**context, "url": mail.link("/staff-access")})


def email_changed(*, user: User, old: str, event: UUID) -> None:
    """To the old address, that it is the old one. At once, because the address is kept nowhere from here on."""
    try:
        mail.send("accounts/email_changed", to=[mail.Address.of(user, old)], context={"at": ids.time_of(event)})
    except mail.Undelivered as error:
        logger.warning("mail_undelivered", extra={"error": error.code})


def _alert(template: str, user_id: str, device: str, event: str, url: str) -> None:
    user = User.objects.filter(id=user_id, is_active=True).first()
    if user is not None:
        context = {"at": ids.time_of(UUID(event)), "device": lazy(devices.label, str)(device), "url": url}
        mail.send(template, to=[user], context=context)


def _confirm(user: User) -> None:
    hours = int(links.CONFIRMATION_KEPT.total_seconds() // 3600)
    context = {"url": _url("sign_up_confirm", links.confirmation(user)), "hours": hours}
    mail.send("accounts/confirm", to=[user], context=context)


def _whose(address: str) -> User | None:
    return User.objects.filter(email_idx=UUID(address).bytes, is_active=True).first()


def _url(name: str, *args: str) -> str:
    return mail.link(reverse(name, args=args))
