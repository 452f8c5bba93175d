"""The clauses that safeguard transfers out of the European Economic Area, the United Kingdom and Switzerland.

They are agreed by reference, with the choices that each of them leaves open; the annexes come from the inventory.
"""

from privacy.documents.clauses import Clause, Document, Section, Table

EXPORTERS = ("transit-89", "transit-90", "transit-91", "team-59")

SCOPE = Section(
    key="scope",
    en="When these apply",
    de="Wann sie gelten",
    parts=(
        Clause(
            en="A workspace whose law asks for a safeguard before data leave its country agrees these clauses with "
               "{operator} together with the processing agreement. A signed copy is sent on request to {address}.",
            de="Ein Arbeitsbereich, dessen Recht eine Garantie verlangt, bevor Daten das Land verlassen, vereinbart "
               "diese Klauseln mit {operator} zusammen mit der Vereinbarung zur Auftragsverarbeitung. Ein "
               "unterschriebenes Exemplar kommt auf Anfrage an {address}.",
            promises=EXPORTERS,
        ),
        Clause(
            en="Where these clauses and another agreement of ours differ, these clauses count.",
            de="Wo diese Klauseln und eine andere Vereinbarung von uns auseinandergehen, gelten diese Klauseln.",
            promises=EXPORTERS,
        ),
    ),
)  # fmt: skip

UNION = Section(
    key="union",
    en="European Union: standard contractual clauses",
    de="Europäische Union: Standardvertragsklauseln",
    parts=(
        Clause(
            en="The clauses of Commission Implementing Decision (EU) 2021/914 apply as they stand: module two where "
               "the workspace is the controller, module three where it is itself a processor.",
            de="Die Klauseln des Durchführungsbeschlusses (EU) 2021/914 der Kommission gelten unverändert: Modul zwei, "
               "wo der Arbeitsbereich Verantwortlicher ist, Modul drei, wo er selbst Auftragsverarbeiter ist.",
            promises=("transit-89", "team-59"),
        ),
        Clause(
            en="Choices: clause 7 applies; of clause 9(a) option 2, with notice of {policy.notice}; the option of "
               "clause 11(a) does not apply; for clauses 17 and 18 the law and the courts of the member state in "
               "which the workspace has its seat, and of Ireland where it has none in the Union.",
            de="Auswahl: Klausel 7 gilt; in Klausel 9(a) Option 2 mit einer Frist von {policy.notice}; die Option der "
               "Klausel 11(a) gilt nicht; für die Klauseln 17 und 18 Recht und Gerichte des Mitgliedstaats, in dem "
               "der Arbeitsbereich seinen Sitz hat, und Irlands, wo er keinen in der Union hat.",
            promises=("transit-89", "transit-115"),
        ),
    ),
)  # fmt: skip

KINGDOM = Section(
    key="kingdom",
    en="United Kingdom: addendum",
    de="Vereinigtes Königreich: Zusatz",
    parts=(
        Clause(
            en="For transfers under the law of the United Kingdom the International Data Transfer Addendum of the "
               "Information Commissioner, version B1.0, is part of those clauses. Its tables 1 to 3 are filled by "
               "the annexes below; of table 4, neither party.",
            de="Für Übermittlungen nach dem Recht des Vereinigten Königreichs ist das International Data Transfer "
               "Addendum des Information Commissioner, Version B1.0, Teil dieser Klauseln. Seine Tabellen 1 bis 3 "
               "füllen die Anhänge unten; in Tabelle 4 keine der Parteien.",
            promises=("transit-90", "team-59"),
        ),
    ),
)  # fmt: skip

SWITZERLAND = Section(
    key="switzerland",
    en="Switzerland: the same clauses, adapted",
    de="Schweiz: dieselben Klauseln, angepasst",
    parts=(
        Clause(
            en="For transfers under the Swiss Federal Act on Data Protection the same clauses apply with the changes "
               "that the Federal Data Protection and Information Commissioner asks for: the Commissioner is the "
               "supervisory authority, references to the GDPR also mean the Act, and people in Switzerland can sue "
               "where they live.",
            de="Für Übermittlungen nach dem Schweizer Bundesgesetz über den Datenschutz gelten dieselben Klauseln mit "
               "den Anpassungen, die der Eidgenössische Datenschutz- und Öffentlichkeitsbeauftragte verlangt: Er ist "
               "die Aufsichtsbehörde, Verweise auf die DSGVO meinen auch das Gesetz, und Menschen in der Schweiz "
               "können an ihrem Wohnort klagen.",
            promises=("transit-91", "team-59"),
        ),
    ),
)  # fmt: skip

ANNEXES = Section(
    key="annexes",
    en="Annexes",
    de="Anhänge",
    parts=(
        Clause(
            en="Annex I: exporter is the workspace, importer is {operator}, reached at {address}. This is what is "
               "processed, continuously and as long as the workspace exists.",
            de="Anhang I: Exporteur ist der Arbeitsbereich, Importeur ist {operator}, erreichbar unter {address}. Dies "
               "wird verarbeitet, fortlaufend und solange der Arbeitsbereich besteht.",
            promises=("transit-88", "team-11", "fleet-08"),
        ),
        Table(key="processing"),
        Clause(
            en="Annex II: TLS {tls.minimum} or newer, fields encrypted with keys of each workspace, isolation enforced "
               "by the database, access of staff with a recorded reason, a log nobody can change.",
            de="Anhang II: TLS {tls.minimum} oder neuer, Felder mit Schlüsseln je Arbeitsbereich verschlüsselt, "
               "Trennung durch die Datenbank, Zugang des Personals mit aufgezeichnetem Grund, ein Protokoll, das "
               "niemand ändern kann.",
            promises=("transit-92", "transit-95", "fleet-19", "fleet-29", "transit-100"),
        ),
        Clause(
            en="Annex III: these are given data.",
            de="Anhang III: Diese erhalten Daten.",
            promises=("team-23", "otp-21", "api-18"),
        ),
        Table(key="recipients"),
    ),
)  # fmt: skip

TRANSFERS = Document(
    key="transfers", en="Clauses for transfers", de="Klauseln für Übermittlungen",
    sections=(SCOPE, UNION, KINGDOM, SWITZERLAND, ANNEXES),
)  # fmt: skip
