"""Evidence: what was done with personal data."""

from privacy.models.audit import AuditEvent
from privacy.models.consent_record import ConsentRecord
from privacy.models.purge_run import PurgeRun
from privacy.models.visit import Visit

__all__ = ["AuditEvent", "ConsentRecord", "PurgeRun", "Visit"]
