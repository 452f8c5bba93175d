"""What accounts tells the apps above it."""

from django.dispatch import Signal

# A workspace was just made by its owner; arguments: workspace, by, at. Sent after its transaction has committed.
workspace_opened = Signal()
