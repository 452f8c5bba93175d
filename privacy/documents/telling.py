"""Computed changes between two versions of a document, in the words of pages and mails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from privacy import registry
from privacy.documents import snapshot, words
from privacy.documents.german import word
from privacy.promises import promises, sentence

Stored = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A change as a sentence."""

    text: str
    material: bool


def listed(stored: Sequence[Stored]) -> list[Said]:
    """Every change, what is of weight first."""
    return [Said(text=_sentence(change), material=change["material"]) for change in stored]


def texts(stored: Sequence[Stored]) -> list[str]:
    """The sentences alone, for mails and the API."""
    return [said.text for said in listed(stored)]


def summary(stored: Sequence[Stored]) -> str:
    """In a few words: how many, and how many of weight."""
    heavy = sum(change["material"] for change in stored)
    if not stored:
        return _("Nothing but wording and dates.")
    count = ngettext("%(count)d change", "%(count)d changes", len(stored)) % {"count": len(stored)}
    return _("%(changes)s, %(heavy)d of weight.") % {"changes": count, "heavy": heavy}


def _sentence(change: Stored) -> str:
    say = _SENTENCES.get(change["kind"])
    return say(change) if say else f"{change['kind']}: {change['what']}"


def _setting(change: Stored) -> str:
    values = {name: words.said(snapshot.decoded(change[name]), language()) for name in ("before", "after")}
    return _("%(what)s: %(before)s becomes %(after)s.") % {"what": setting(change["what"]), **values}


def value(given: Any) -> str:
    """A setting's value in words."""
    return words.said(given, language())


def setting(key: str) -> str:
    """A setting in words; its key where nobody wrote any down."""
    return _settings().get(key, key)


def _data(form: Callable[[], str]) -> Callable[[Stored], str]:
    def say(change: Stored) -> str:
        known = registry.categories()
        kind = change["after"] or change["before"]
        label = known[kind].label if kind in known else kind
        subject = next((one.label for one in registry.subjects() if one.key == change["what"]), change["what"])
        return form() % {"kind": word(label, language()), "people": word(subject, language())}

    return say


def _named(form: Callable[[], str]) -> Callable[[Stored], str]:
    def say(change: Stored) -> str:
        content = change["after"] or change["before"]
        name = content.get("name") or content.get("purpose") if isinstance(content, dict) else change["what"]
        return form() % {"name": word(name, language())}

    return say


def _kept(change: Stored) -> str:
    values = {"what": change["what"], "before": change["before"], "after": change["after"]}
    return _("%(what)s is kept %(after)s, before: %(before)s.") % values


def _promise(form: Callable[[], str]) -> Callable[[Stored], str]:
    def say(change: Stored) -> str:
        found = next((one for one in promises() if one.id == change["what"]), None)
        return form() % {"id": change["what"], "sentence": sentence(found) if found else "–"}

    return say


def _plain(form: Callable[[], str]) -> Callable[[Stored], str]:
    return lambda change: form() % {"what": change["what"]}


def language() -> str:
    """The reader's."""
    return get_language() or "en"


_SENTENCES: dict[str, Callable[[Stored], str]] = {
    "setting_weaker": _setting,
    "setting_stronger": _setting,
    "data_added": _data(lambda: _("New data about %(people)s: %(kind)s.")),
    "data_removed": _data(lambda: _("No longer held about %(people)s: %(kind)s.")),
    "purpose_added": _named(lambda: _("New purpose: %(name)s.")),
    "purpose_removed": _named(lambda: _("Purpose that ends: %(name)s.")),
    "purpose_changed": _named(lambda: _("Purpose that changes: %(name)s.")),
    "recipient_added": _named(lambda: _("New recipient: %(name)s.")),
    "recipient_removed": _named(lambda: _("Recipient that ends: %(name)s.")),
    "recipient_changed": _named(lambda: _("Recipient that changes: %(name)s.")),
    "cookie_added": _named(lambda: _("New cookie: %(name)s.")),
    "cookie_removed": _named(lambda: _("Cookie that ends: %(name)s.")),
    "cookie_changed": _named(lambda: _("Cookie that changes: %(name)s.")),
    "kept_longer": _kept,
    "kept_shorter": _kept,
    "promise_added": _promise(lambda: _("New (%(id)s): %(sentence)s")),
    "promise_removed": _promise(lambda: _("No longer said (%(id)s): %(sentence)s")),
    "wording": _plain(lambda: _("The wording changes.")),
}


def _settings() -> dict[str, str]:
    return {
        "retention.body": _("How long texts can be read"),
        "retention.body_anchor": _("When that time begins"),
        "retention.body_cap": _("How long texts can be read at most"),
        "retention.body_extended": _("The longest debugging window"),
        "retention.delivery_meta": _("How long delivery data are kept"),
        "retention.account_grace": _("How long a closed account can be opened again"),
        "retention.audit": _("How long the activity log is kept"),
        "retention.ledger": _("How long the books are kept"),
        "retention.support": _("How long letters to support are kept"),
        "retention.api_log": _("How long API requests are kept"),
        "retention.backups": _("How long backups can be restored"),
        "policy.notice": _("Notice of changes"),
        "policy.notice_channels": _("How changes are announced"),
        "sla.inquiry": _("Time to answer questions"),
        "sla.request": _("Time to answer requests"),
        "sla.request_extension": _("How much longer a complex request can take"),
        "breach.authority": _("Time to tell the authority of a breach"),
        "breach.users": _("Time to tell users of a breach"),
        "breach.controllers": _("Time to tell workspaces of a breach"),
        "age.minimum": _("Youngest age of users"),
        "profile.collect": _("What an account can also hold"),
        "analytics.mode": _("How visits are counted"),
        "marketing.enabled": _("News about the product by mail"),
        "tls.minimum": _("Oldest version of TLS"),
        "vault.hardware": _("Keys in hardware"),
        "erasure.mode": _("How a workspace is erased"),
        "erasure.cool_off": _("Time to think before a workspace is erased"),
        "policy.deemed_acceptance": _("Going on is noted as acceptance of a notice"),
        "redact.recipient_with_body": _("The number goes with the text"),
        "auth.factors": _("Second factors"),
        "auth.access_token": _("How long access tokens are valid"),
        "auth.refresh_token": _("How long refresh tokens are valid"),
        "stats.messages_min": _("Fewest messages in a statistic"),
        "stats.workspaces_min": _("Fewest workspaces in a statistic"),
        "route.sender_rewrite": _("Another sender when a route fails"),
        "disclosure.notify_first": _("Word to the holder before a disclosure"),
        "disclosure.wait": _("Time between that word and the disclosure"),
        "retention.abuse": _("How long reports of unwanted texts are kept"),
        "retention.abuse_words": _("How long the words and numbers in such reports are kept"),
        "retention.disclosures": _("How long the register of disclosures is kept"),
        "retention.contact_idle": _("How long unused contacts are kept"),
        "analytics.third_party": _("Statistics by somebody else"),
        "requests.channels": _("Ways to make a request"),
        "tenancy.tier": _("How workspaces are kept apart"),
        "regions": _("Where data are"),
        "claims": _("Certificates"),
        "transfer.notice": _("Notice before the business changes hands"),
    }
