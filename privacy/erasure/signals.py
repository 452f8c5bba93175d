"""What erasing tells the apps above."""

from django.dispatch import Signal

# Nothing more is to be sent in a workspace (``msisdn`` empty) or to one number there, and what waits is to be given up
# with its money back; arguments: workspace, msisdn, at. Receivers answer how many messages a carrier is being handed.
sending_stops = Signal()
# A database was restored with the rows of a workspace whose keys are destroyed: take it apart again; arguments:
# workspace, at. Receivers answer how many rows went.
workspace_came_back = Signal()
