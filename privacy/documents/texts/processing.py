"""The processing agreement (Art. 28 GDPR) between a workspace and the operator."""

from privacy.documents.clauses import Clause, Document, Section, Table

SUBJECT = Section(
    key="subject",
    en="Subject and duration",
    de="Gegenstand und Dauer",
    parts=(
        Clause(
            en="The workspace is the controller and {operator} its processor for the messages it sends. The "
               "agreement runs as long as the workspace exists.",
            de="Der Arbeitsbereich ist Verantwortlicher und {operator} sein Auftragsverarbeiter für die Nachrichten, "
               "die er sendet. Die Vereinbarung läuft, solange der Arbeitsbereich besteht.",
            promises=("transit-88", "team-04"),
        ),
        Clause(
            en="Nature, purpose, people and kinds of data are these, made from the declarations of the software.",
            de="Art, Zweck, betroffene Personen und Datenarten sind diese, erzeugt aus den Angaben der Software.",
            promises=("otp-06", "team-11", "fleet-08"),
        ),
        Table(key="processing"),
    ),
)  # fmt: skip

DUTIES = Section(
    key="duties",
    en="What the processor does",
    de="Was der Auftragsverarbeiter tut",
    parts=(
        Clause(
            en="It processes only on documented instructions: what the workspace asks for through API and dashboard "
               "is the instruction.",
            de="Er verarbeitet nur auf dokumentierte Weisung: Was der Arbeitsbereich über API und Dashboard verlangt, "
               "ist die Weisung.",
            promises=("api-15", "team-04", "team-28"),
        ),
        Clause(
            en="Everybody with access is bound to confidentiality, sees data only for a recorded reason, and uses a "
               "second factor.",
            de="Alle mit Zugang sind zur Vertraulichkeit verpflichtet, sehen Daten nur aus aufgezeichnetem Grund und "
               "nutzen einen zweiten Faktor.",
            promises=("fleet-28", "fleet-29", "team-38", "transit-101"),
        ),
        Clause(
            en="Measures of security: TLS {tls.minimum} or newer, fields encrypted with keys of each workspace, "
               "isolation enforced by the database, a log nobody can change.",
            de="Maßnahmen der Sicherheit: TLS {tls.minimum} oder neuer, Felder mit Schlüsseln je Arbeitsbereich "
               "verschlüsselt, Trennung durch die Datenbank, ein Protokoll, das niemand ändern kann.",
            promises=("transit-92", "transit-95", "fleet-19", "transit-100"),
        ),
        Clause(
            en="It helps with the requests of people: they are shown to the workspace with a due date, and copy, "
               "erasure and restriction are built in.",
            de="Er hilft bei Anfragen von Menschen: Sie erscheinen beim Arbeitsbereich mit Frist, und Kopie, Löschung "
               "und Einschränkung sind eingebaut.",
            promises=("transit-63", "team-07", "fleet-43"),
        ),
        Clause(
            en="It tells the workspace of a breach within {breach.controllers} after it knows of it.",
            de="Er meldet dem Arbeitsbereich eine Verletzung innerhalb von {breach.controllers} nach Kenntnis.",
            promises=("transit-102", "otp-45"),
        ),
        Clause(
            en="Texts are deleted after {retention.body}, delivery data after {retention.delivery_meta}, and "
               "everything when the workspace is erased, except what a law makes the processor keep.",
            de="Texte werden nach {retention.body} gelöscht, Zustelldaten nach {retention.delivery_meta}, und alles, "
               "wenn der Arbeitsbereich gelöscht wird, außer was ein Gesetz den Auftragsverarbeiter behalten lässt.",
            promises=("transit-22", "transit-58", "fleet-35", "team-34"),
        ),
        Clause(
            en="Records, this agreement and the results of the checks are open to the workspace for audits.",
            de="Verzeichnisse, diese Vereinbarung und die Ergebnisse der Prüfungen stehen dem Arbeitsbereich für "
               "Kontrollen offen.",
            promises=("transit-118", "fleet-03"),
        ),
    ),
)  # fmt: skip

OTHERS = Section(
    key="others",
    en="Further processors and transfers",
    de="Weitere Auftragsverarbeiter und Übermittlungen",
    parts=(
        Clause(
            en="The page of recipients lists every further processor. A new one is announced {policy.notice} before "
               "it is used, and the workspace can object until then.",
            de="Die Seite der Empfänger führt jeden weiteren Auftragsverarbeiter auf. Ein neuer wird {policy.notice} "
               "vor seinem Einsatz angekündigt; bis dahin kann der Arbeitsbereich widersprechen.",
            promises=("team-23", "transit-115", "otp-21"),
        ),
        Clause(
            en="Transfers outside the European Economic Area need a safeguard; the standard contractual clauses, the "
               "United Kingdom's addendum and the Swiss variant are the page \"Clauses for transfers\", and are sent "
               "signed on request to {address}.",
            de="Übermittlungen außerhalb des Europäischen Wirtschaftsraums brauchen eine Garantie; die "
               "Standardvertragsklauseln, der Zusatz des Vereinigten Königreichs und die Schweizer Fassung sind die "
               "Seite „Klauseln für Übermittlungen“ und kommen unterschrieben auf Anfrage an {address}.",
            promises=("team-59", "transit-89", "transit-90", "transit-91"),
        ),
    ),
)  # fmt: skip

PROCESSING = Document(
    key="processing", en="Processing agreement", de="Vereinbarung zur Auftragsverarbeitung",
    sections=(SUBJECT, DUTIES, OTHERS),
)  # fmt: skip
