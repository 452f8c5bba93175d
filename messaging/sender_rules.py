"""What a sender may be, country by country: declared here, shown on the page of senders, checked by nobody else.

From what carriers and regulators publish: the country pages of Bird and Twilio ("sender availability and restrictions
by country"), and the registers of ComReg (IE), AGCOM (IT), CNMC (ES), ACMA (AU), SGNIC (SG), TRAI (IN), BTK (TR), CST
(SA) and TDRA (AE). As known in 2026. Networks change their rules at short notice and replace what they do not accept,
so this is for planning; the operator agrees on details with the carrier before a launch.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Registration(StrEnum):
    """Whether a name must be registered with the country's networks or regulator before it is used."""

    NO = "no"
    REQUIRED = "required"
    IMPOSSIBLE = "impossible"  # names are not delivered at all


@dataclass(frozen=True, kw_only=True, slots=True)
class SenderRule:
    """One country. ``two_way``: whether people can answer a number that we send from there."""

    country: str
    alphanumeric: bool
    registration: Registration
    two_way: bool
    note: str | Promise = ""


def _open(country: str, note: str | Promise = "", *, two_way: bool = True) -> SenderRule:
    return SenderRule(country=country, alphanumeric=True, registration=Registration.NO, two_way=two_way, note=note)


def _registered(country: str, note: str | Promise = "", *, two_way: bool = True) -> SenderRule:
    return SenderRule(
        country=country, alphanumeric=True, registration=Registration.REQUIRED, two_way=two_way, note=note
    )


def _numbers_only(country: str, note: str | Promise = "", *, two_way: bool = True) -> SenderRule:
    return SenderRule(
        country=country, alphanumeric=False, registration=Registration.IMPOSSIBLE, two_way=two_way, note=note
    )


RULES = (
    _open("AT"),
    _open("CH"),
    _open("DE"),
    _open("DK"),
    _open("FR", _("Marketing only on weekdays from 8 to 20 h and with a way to stop it.")),
    _open("GB", _("Names of banks and authorities are protected.")),
    _open("NL"),
    _open("NO"),
    _open("PL"),
    _open("PT"),
    _open("SE"),
    _registered("AE", _("Marketing names begin with AD-."), two_way=False),
    _registered("AU", _("The register of the regulator; other names arrive as “Unverified”.")),
    _registered("ES", _("The register of the regulator; others are blocked.")),
    _registered("ID", two_way=False),
    _registered("IE", _("The register of the regulator; other names arrive as “Likely Scam”.")),
    _registered("IN", _("Name and templates are registered; else a short code appears."), two_way=False),
    _registered("IT", _("The register of the regulator.")),
    _registered("KE", two_way=False),
    _registered("PH", two_way=False),
    _registered("SA", _("Marketing names end with -AD."), two_way=False),
    _registered("SG", _("The national register; other names arrive as “Likely-SCAM”.")),
    _registered("TR", two_way=False),
    _registered("VN", two_way=False),
    _numbers_only("BR", _("Arrives from a short code of the network.")),
    _numbers_only("CA", _("Registered long numbers, toll-free numbers or short codes.")),
    _numbers_only("CN", _("Arrives from a number of the network; templates are registered."), two_way=False),
    _numbers_only("MX", _("Arrives from a number of the network.")),
    _numbers_only("NZ", _("Short codes and long numbers of the country.")),
    _numbers_only("US", _("Registered long numbers (10DLC), verified toll-free numbers or short codes.")),
)
BY_COUNTRY = {rule.country: rule for rule in RULES}


def reach(kind: str) -> list[tuple[SenderRule, str]]:
    """Each rule with what becomes of a sender of ``kind``: yes, registered first, or replaced."""
    return [(rule, _outcome(rule, kind)) for rule in RULES]


def _outcome(rule: SenderRule, kind: str) -> str:
    if kind == "alphanumeric":
        return {Registration.NO: "yes", Registration.REQUIRED: "register"}.get(rule.registration, "replaced")
    return "yes" if not rule.alphanumeric else "possible"
