"""Evidence: what was done with personal data."""

from privacy.models.audit import AuditEvent
from privacy.models.purge_run import PurgeRun

__all__ = ["AuditEvent", "PurgeRun"]
