"""Evidence: what was done with personal data, and what people were promised."""

from privacy.models.abuse_case import AbuseCase, AbuseStep
from privacy.models.archive import Archive, ArchivePiece
from privacy.models.audit import AuditEvent, AuditReview, AuditSeal, AuditSegment
from privacy.models.consent_record import ConsentRecord
from privacy.models.data_request import DataRequest, DataRequestStep, IdentityProof, RequestSettings, RequestTicket
from privacy.models.disclosure import Disclosure, DisclosureBar, DisclosureNotice
from privacy.models.document import DocumentReader, DocumentText, DocumentVersion
from privacy.models.erasure import Erasure, KnownEpoch, Objection, Restriction, StoppedErasure
from privacy.models.hold import DebugWindow, Hold
from privacy.models.incident import AffectedWorkspace, Incident, IncidentEntry, IncidentNotice
from privacy.models.promise import CheckResult, PromiseAttestation, PromiseReport, ReportSeal
from privacy.models.purge_run import PurgeRun
from privacy.models.visit import Visit

__all__ = [
    "AbuseCase",
    "AbuseStep",
    "AffectedWorkspace",
    "Archive",
    "ArchivePiece",
    "AuditEvent",
    "AuditReview",
    "AuditSeal",
    "AuditSegment",
    "CheckResult",
    "ConsentRecord",
    "DataRequest",
    "DataRequestStep",
    "DebugWindow",
    "Disclosure",
    "DisclosureBar",
    "DisclosureNotice",
    "DocumentReader",
    "DocumentText",
    "DocumentVersion",
    "Erasure",
    "Hold",
    "IdentityProof",
    "Incident",
    "IncidentEntry",
    "IncidentNotice",
    "KnownEpoch",
    "Objection",
    "PromiseAttestation",
    "PromiseReport",
    "PurgeRun",
    "ReportSeal",
    "RequestSettings",
    "RequestTicket",
    "Restriction",
    "StoppedErasure",
    "Visit",
]
