"""The panel at the bottom of every page where somebody decides about cookies, and what may load after that."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.utils.functional import Promise

from privacy.consent import cookies
from privacy.consent.choices import Choices
from privacy.consent.middleware import is_public, may_load_analytics

register = template.Library()


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A group as the panel offers it. ``said`` is None until somebody decides."""

    key: str
    title: str | Promise
    what: str | Promise
    said: bool | None
    by_browser: bool  # the browser's signal declines it


@register.inclusion_tag("components/consent.html", takes_context=True)
def consent_panel(context: Context) -> dict[str, Any]:
    """The link and the panel behind it."""
    return _panel(context, method="panel")


@register.inclusion_tag("components/consent_bar.html", takes_context=True)
def consent_bar(context: Context) -> dict[str, Any]:
    """The question, on public pages, where the policy has something to ask and nobody answered."""
    request = context.get("request")
    said = _said(context)
    asked = cookies.asks() and said.analytics is None and is_public(request) and context.get("consent_page") is None
    return {**_panel(context, method="banner"), "asked": asked}


@register.inclusion_tag("components/consent_form.html", takes_context=True)
def consent_form(context: Context) -> dict[str, Any]:
    """The form of the page about cookies."""
    return _panel(context, method="page")


@register.inclusion_tag("components/analytics.html", takes_context=True)
def analytics_tag(context: Context) -> dict[str, Any]:
    """The script of a third party, in public pages, after somebody agreed; else nothing."""
    wanted = may_load_analytics(_said(context)) and is_public(context.get("request"))
    return {"tag": settings.ANALYTICS_TAG if wanted else ""}


def offers(said: Choices) -> list[Offer]:
    """What can be decided on, with what was."""
    return [
        Offer(
            key=words.group,
            title=words.title,
            what=words.what,
            said=said.of(words.group),
            by_browser=said.gpc and words.group == cookies.Group.ANALYTICS,
        )
        for words in cookies.words()
    ]


def _panel(context: Context, *, method: str) -> dict[str, Any]:
    said = _said(context)
    return {"offers": offers(said), "said": said, "method": method}


def _said(context: Context) -> Choices:
    """What the visitor decided; on pages that failed before the middleware ran, nothing."""
    return getattr(context.get("request"), "consent", None) or Choices()
