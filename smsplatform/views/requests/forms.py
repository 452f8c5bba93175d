"""What people fill in at the privacy centre. Everything but the way to reach them may stay empty."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms.account import ProfileForm
from accounts.forms.fields import email_field
from messaging.forms.send import plain_number
from privacy import objections, registry
from privacy.documents.german import word
from privacy.models import DataRequest
from privacy.models.data_request import OBJECT, About, Kind
from privacy.requests import correcting
from privacy.requests.deadlines import LAWS
from privacy.requests.desk import UNPROVED_KINDS, WORDS_MAX, Wish
from privacy.requests.fulfilling import SIGNED_UP, TEXTED
from privacy.requests.proofs import DIGITS, Identity
from smsplatform import regions
from smsplatform.lib import phone, wallets
from smsplatform.lib.api.codes import CODES

ON_RECORD = (Kind.CONFIRMATION, Kind.ACCESS, Kind.ERASURE, Kind.OBJECTION, Kind.OPT_OUT_OF_SALE)
_ANYBODY = (Kind.INQUIRY, Kind.COMPLAINT, Kind.CHILD_ACCOUNT)
_RIGHTS = (
    Kind.ACCESS, Kind.ERASURE, Kind.RECTIFICATION, Kind.RESTRICTION, Kind.PORTABILITY, Kind.ANONYMISATION,
    Kind.OPT_OUT_OF_SALE, Kind.LIMIT_SENSITIVE,
)  # fmt: skip
KINDS: dict[str, tuple[Kind, ...]] = {
    About.RECIPIENT: (Kind.OBJECTION, Kind.CONFIRMATION, *_RIGHTS, *_ANYBODY),
    About.CONTACT: (Kind.OBJECTION, Kind.CONFIRMATION, *_RIGHTS, *_ANYBODY),
    About.ACCOUNT_HOLDER: (*_RIGHTS, Kind.OBJECTION, Kind.CONFIRMATION, *_ANYBODY),
    About.TEAM_MEMBER: (*_RIGHTS, Kind.OBJECTION, Kind.CONFIRMATION, *_ANYBODY),
    About.VISITOR: (
        Kind.CONFIRMATION, Kind.ACCESS, Kind.ERASURE, Kind.OBJECTION, Kind.OPT_OUT_OF_SALE, *_ANYBODY
    ),
}  # fmt: skip
OBJECTORS = {About.ACCOUNT_HOLDER: ("account_holder", "visitor"), About.TEAM_MEMBER: ("account_holder", "visitor")}


def _residences() -> list[tuple[str, Any]]:
    """The countries whose law gives people a date; everybody else has our own promise."""
    language = get_language() or "en"
    named = [(code, _name(code, language)) for code in LAWS]
    return [("", _("I would rather not say")), *sorted(named, key=lambda one: one[1].casefold())]


def _name(code: str, language: str) -> str:
    return "California" if code == "US-CA" else regions.name(code, language)


def number_field() -> forms.CharField:
    """A phone number, as people write it."""
    return forms.CharField(
        label=_("Your phone number"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel", "placeholder": "+49 151 23456789"}
        ),
        error_messages={"required": _("Write the number with its country code, such as +49 151 23456789.")},
    )


class WalletField(forms.CharField):
    """The address of a wallet; may stay empty. Cleaned, it carries its checksum."""

    def __init__(self, *, label: Any) -> None:
        widget = forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "0x…", "class": "mono"}
        )
        super().__init__(label=label, max_length=60, required=False, widget=widget)

    def clean(self, value: Any) -> str:
        """Raises ``ValidationError``."""
        text = super().clean(value)
        try:
            return wallets.address(text) if text else ""
        except wallets.InvalidAddress:
            raise forms.ValidationError(
                _("This is no address of a wallet: 0x and 40 digits or letters from a to f. Is one mistyped?")
            ) from None


class AskForm(forms.Form):
    """What somebody wants, and how they can be reached to show that it is them."""

    kind = forms.ChoiceField(
        label=_("What do you want?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you want.")},
    )
    number = number_field()
    email = email_field(_("Your e-mail address"))
    wallet = WalletField(label=_("Or the wallet that paid for the workspace"))
    field = forms.ChoiceField(label=_("What is wrong?"), required=False)
    value = forms.CharField(label=_("What is right?"), max_length=200, required=False)
    activity = forms.ChoiceField(label=_("Which use of your data?"), required=False)
    residence = forms.ChoiceField(label=_("Where do you live?"), choices=lazy(_residences, list)(), required=False)
    words = forms.CharField(
        label=_("In your words"), max_length=WORDS_MAX, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(
        self, *args: Any, about: str, signed_in: bool = False, consent: UUID | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.consent = consent if about == About.VISITOR else None
        texted = about in TEXTED
        self._offer(about)
        label = {} if texted else {Kind.OBJECTION: OBJECT}
        choices = [(str(kind), label.get(kind, kind.label)) for kind in KINDS[about]]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]  # it is a ChoiceField
        if signed_in or not texted:
            del self.fields["number"]
        if signed_in or about != About.ACCOUNT_HOLDER:
            del self.fields["wallet"]
        else:
            self.fields["email"].required = False
        if signed_in or texted:
            del self.fields["email"]
        elif about == About.VISITOR:
            self.fields["email"].label = _("Your e-mail address, if you want an answer")
            self.fields["email"].required = False

    def _offer(self, about: str) -> None:
        """What may be corrected, and what may be objected to; nothing where the workspaces decide."""
        language = get_language() or "en"
        uses = [(one.key, word(one.purpose, language)) for one in objections.open_to(*OBJECTORS.get(About(about), ()))]
        self._choose("activity", uses)
        known = ProfileForm()
        self.corrections = {
            label: known.fields[column.field.attname]
            for label, column in correcting.fields().items()
            if column.field.attname in known.fields
        }
        named = [(label, field.label) for label, field in self.corrections.items()]
        self._choose("field", [("", _("Something else")), *named] if about in SIGNED_UP else [])
        if "field" not in self.fields:
            del self.fields["value"]

    def _choose(self, name: str, choices: list[Any]) -> None:
        if choices:
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # it is a ChoiceField
        else:
            del self.fields[name]

    def clean_number(self) -> str:
        """In E.164."""
        return checked_number(self.cleaned_data["number"])

    def clean(self) -> dict[str, Any]:
        """Whoever has to show who they are must be reachable; whoever writes must say something."""
        fields = super().clean() or self.cleaned_data
        kind = fields.get("kind")
        reached = fields.get("email") or fields.get("wallet") or self._needs_no_address(kind)
        if "email" in self.fields and not self.errors and not reached:
            self.add_error("email", _("We write to this address, so that you can show that you are you."))
        corrects = kind == Kind.RECTIFICATION and bool(fields.get("field"))
        if corrects:
            self._clean_value(fields)
        elif kind in (*_ANYBODY, Kind.RECTIFICATION) and not fields.get("words", "").strip():
            self.add_error("words", _("Say what it is about, so that somebody can deal with it."))
        if kind == Kind.OBJECTION and "activity" in self.fields and not fields.get("activity"):
            self.add_error("activity", _("Choose what you object to."))
        return fields

    def _needs_no_address(self, kind: str | None) -> bool:
        """Who only complains or asks, and visitors whose browser holds the record that it is about."""
        return kind in UNPROVED_KINDS or (self.consent is not None and kind in ON_RECORD)

    def _clean_value(self, fields: dict[str, Any]) -> None:
        """By the rules of the page on which people set it themselves."""
        value = str(fields.get("value", "")).strip()
        try:
            fields["value"] = self.corrections[fields["field"]].clean(value)
        except forms.ValidationError as error:
            self.add_error("value", error)
        if not value:
            self.add_error("value", _("Write what is right."))

    @property
    def wish(self) -> Wish:
        """Of a valid form: what it is about, beyond its kind."""
        fields, kind = self.cleaned_data, self.cleaned_data["kind"]
        corrects = kind == Kind.RECTIFICATION and bool(fields.get("field"))
        return Wish(
            field=fields["field"] if corrects else "",
            value=fields["value"] if corrects else "",
            activity=fields.get("activity", "") if kind == Kind.OBJECTION else "",
            consent=self.consent,
        )

    @property
    def identity(self) -> Identity | None:
        """Of a valid form: who they say they are."""
        return identity_of(self.cleaned_data)


class FindForm(forms.Form):
    """Number or address, to show again who one is."""

    number = number_field()
    email = email_field(_("Or the e-mail address you asked from"))
    wallet = WalletField(label=_("Or the wallet you asked with"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].required = self.fields["email"].required = False

    def clean_number(self) -> str:
        """In E.164, or empty."""
        return checked_number(self.cleaned_data["number"]) if self.cleaned_data["number"] else ""

    def clean(self) -> dict[str, Any]:
        """One of the three."""
        fields = super().clean() or self.cleaned_data
        if not self.errors and identity_of(fields) is None:
            self.add_error("number", _("Enter the number or the address that you asked with."))
        return fields

    @property
    def identity(self) -> Identity:
        """Of a valid form."""
        found = identity_of(self.cleaned_data)
        assert found is not None
        return found


class CodeForm(forms.Form):
    """The code of the text."""

    code = forms.RegexField(
        label=_("Code from the text"),
        regex=rf"^\s*(\d\s*){{{DIGITS}}}$",
        max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True, "class": "number"}
        ),
        error_messages={"invalid": _("The code has six digits."), "required": _("Enter the six digits of the text.")},
    )

    def clean_code(self) -> str:
        """The digits alone."""
        return "".join(self.cleaned_data["code"].split())


def correction(row: DataRequest) -> str:
    """What a request wants corrected, or objects to, in the words of a page; empty for others."""
    if row.field:
        found = correcting.fields().get(row.field)
        return gettext(found.declared.correct) if found else row.field
    named = [one.purpose for one in registry.activities() if one.key == row.activity]
    return word(named[0], get_language() or "en") if named else ""


class SignatureForm(forms.Form):
    """What a wallet answered."""

    signature = forms.CharField(
        label=_("Signature"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false", "class": "mono"}),
        error_messages={"required": _("Paste the signature that your wallet shows.")},
    )

    def clean_signature(self) -> bytes:
        """The 65 bytes. Raises ``ValidationError``."""
        try:
            return wallets.signature(self.cleaned_data["signature"])
        except wallets.InvalidSignature:
            raise forms.ValidationError(_("A signature is 0x and 130 digits or letters from a to f.")) from None


def identity_of(fields: dict[str, Any]) -> Identity | None:
    """Whom somebody says to be, by what they filled in first."""
    if number := fields.get("number"):
        return Identity(kind="phone", value=number)
    if email := fields.get("email"):
        return Identity(kind="mail", value=email.strip().casefold())
    return Identity(kind="wallet", value=wallet) if (wallet := fields.get("wallet")) else None


def checked_number(text: str) -> str:
    """In E.164; the demo also takes the numbers of its own handsets. Raises ``ValidationError``."""
    try:
        return phone.parse(plain_number(text), sandbox=settings.DEMO).e164
    except phone.InvalidNumber as error:
        info = CODES[error.code]
        raise forms.ValidationError(f"{info.title}. {info.fix}") from None
