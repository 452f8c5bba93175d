"""What requests tell the apps above: sent inside the open scope of the workspace, in the transaction of the ticket."""

from django.dispatch import Signal

# Somebody is not to be texted any more; arguments: workspace, msisdn, by, at.
objected = Signal()
# A workspace has a new ticket; arguments: ticket, at.
ticket_opened = Signal()
# A ticket is not decided yet; arguments: ticket, step (of privacy.requests.watching: 1 to 4, the last is overdue), at.
ticket_due = Signal()
# A ticket was accepted, refused, taken back by its person, or carried out; its state says which; arguments: ticket, at.
ticket_decided = Signal()
