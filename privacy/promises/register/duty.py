"""Silent duties, which hold in every policy: without them some sentence above would be untrue."""

from django.utils.translation import gettext_noop as _

from privacy.promises.register import shared
from privacy.promises.register.row import row

ROWS = (
    row("duty-01", _("No personal data is in the broker, in results of tasks or in names of cache entries."),
        "smsplatform.lib.tasks", "test"),
    row("duty-02", _("Logs of the application and the databases hold no personal data."), "smsplatform.lib.logs",
        "test privacy.database_logs"),
    row("duty-03", _("Debugging pages are off and error reports are scrubbed."), "smsplatform.settings",
        "test smsplatform.debug_off"),
    row("duty-04", _("Exchanges with carriers are not traced with their content."), "messaging.carriers.smpp.session",
        "test"),
    row("duty-05", _("Attempts to deliver a webhook keep no text beyond the text's own time."), "messaging.webhooks",
        "test"),
    row("duty-06", _("Repeated requests are recognised by a keyed hash, not by a copy."), "messaging.posting", "test"),
    row("duty-07", _("Files of exports end when they are meant to."), "messaging.upkeep.purge_exports",
        "test"),
    row("duty-08", _("Phones drop texts after reporting, and can be wiped."), "", gap=shared.NO_DEVICES),
    row("duty-09", _("A push to a phone carries an id, not a text."), "", gap=shared.NO_DEVICES),
    row("duty-10", _("Archives of personal data run out and their keys die."), "privacy.archives",
        "test privacy.archives_over"),
    row("duty-11", _("A restored backup serves nobody until erasures are applied again."), "privacy.erasure",
        "test privacy.tombstones privacy.restore_seen smsplatform.restore_guard"),
    row("duty-12", _("The clocks of host and database agree."), "smsplatform.lib.clock", "privacy.clock"),
    row("duty-13", _("The purge runs."), "privacy.retention", "privacy.purge_alive"),
    row("duty-14", _("What an announced policy says cannot be changed behind its back."), "privacy.documents", "test"),
    row("duty-15", _("One policy is in force in one language at a time."), "privacy.documents",
        "test privacy.policy_one"),
)  # fmt: skip
