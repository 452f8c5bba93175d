"""Evidence: what was done with personal data."""

from privacy.models.audit import AuditEvent

__all__ = ["AuditEvent"]
