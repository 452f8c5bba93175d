"""Sentences and reasons that several policies have in common."""

from django.utils.translation import gettext_noop as _

# Rights
ACCESS = _("You can get a copy of the data we hold about you.")
CORRECTION = _("You can have wrong data about you corrected.")
DELETION = _("You can have your data deleted; what a law obliges us to keep stays, and we name the law and the date.")
RESTRICTION = _("You can have the use of your data restricted, for instance while its accuracy is checked.")
OBJECTION = _("You can object to what we do with your data on the ground of our own interest.")
PORTABILITY = _("You can take your data with you as structured JSON.")
COMPLAINT = _("You can complain to a data protection authority; we name yours.")
ANSWERED = _("We answer requests about personal data within {sla.request}.")
ANSWERED_COMPLEX = _(
    "We answer requests within {sla.request}; a complex one may take {sla.request_extension} more, "
    "and we tell you so in time."
)

# Duties
NO_ABSOLUTE = _("No system is free of weaknesses, and we do not say that ours is.")
DISCLOSURE = _("We disclose data when a law obliges us to, with the ground recorded and as little data as answers it.")
BOUND = _("Everybody who processes data for us is bound by a data processing agreement.")
TRANSIT_AND_REST = _("Data is encrypted on the way, and numbers, texts, addresses and names also where they are kept.")
LEDGER = _("Records of payments are kept for {retention.ledger}, as the law on books asks.")
ABSENT_SALE = _("We never sell or rent personal data.")
AGGREGATES = _(
    "To improve the service we look at totals only: at least {stats.messages_min} messages of "
    "{stats.workspaces_min} customers each."
)
TECHNICAL = _("Of visits and calls we keep kind of browser, endpoint and time, to keep the service safe and working.")
CONSENT_ANALYTICS = _("Cookies for analysis are set only after you agreed, and never in the dashboard.")

# What does not exist yet, in words for the board
NO_CARDS = _("Payments by card are not built: nothing takes them. The operator enters what came in by other ways.")
NO_CONTACTS = _("Contact lists and campaigns are not built: a number comes with its message and goes with it.")
NO_DEVICES = _("Phones as gateways are not built: messages leave through carriers only.")
NO_QUOTAS = _(
    "Monthly quotas of routes are not built: fallback reacts to failure and slowness, and staff switch routes off."
)
NO_MARKETING = _("Marketing mail is not built: nobody is sent any.")
NO_SENDING_RULES = _("Rules that notice suspicious texts are not built: people look at what is reported.")
NO_INVOICES = _("Invoices and receipts are not built: the entries of the ledger are the only record.")
NO_MSA = _("Master agreements are not built: nobody can give more than an account holds.")
