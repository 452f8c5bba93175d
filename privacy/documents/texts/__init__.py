"""The documents themselves. Adding one is adding it here."""

from privacy.documents.clauses import Document
from privacy.documents.texts.privacy_policy import PRIVACY
from privacy.documents.texts.processing import PROCESSING
from privacy.documents.texts.terms import TERMS
from privacy.documents.texts.transfers import TRANSFERS

DOCUMENTS: dict[str, Document] = {document.key: document for document in (PRIVACY, TERMS, PROCESSING, TRANSFERS)}
