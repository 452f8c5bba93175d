"""Evidence: what was done with personal data."""

from privacy.models.audit import AuditEvent, AuditReview, AuditSeal, AuditSegment
from privacy.models.consent_record import ConsentRecord
from privacy.models.purge_run import PurgeRun
from privacy.models.visit import Visit

__all__ = ["AuditEvent", "AuditReview", "AuditSeal", "AuditSegment", "ConsentRecord", "PurgeRun", "Visit"]
