"""What requests tell the apps above: sent inside the open scope of the workspace, in the transaction of the ticket."""

from django.dispatch import Signal

# Somebody is not to be texted any more; arguments: workspace, msisdn, by, at.
objected = Signal()
# A workspace has a new ticket, or one that is nearly due; arguments: ticket, at.
ticket_opened = Signal()
ticket_due = Signal()
