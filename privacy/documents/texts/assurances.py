"""The second half of the privacy policy: security, children, changes, contact, and what is not claimed."""

from privacy.documents.clauses import Clause, Section

SECURITY = Section(
    key="security",
    en="Security",
    de="Sicherheit",
    parts=(
        Clause(
            en="Connections are encrypted with TLS {tls.minimum} or newer. Numbers, texts, addresses and names are "
               "encrypted field by field (AES-256) with keys of each workspace.",
            de="Verbindungen sind mit TLS {tls.minimum} oder neuer verschlüsselt. Nummern, Texte, Adressen und Namen "
               "sind Feld für Feld verschlüsselt (AES-256), mit Schlüsseln je Arbeitsbereich.",
            promises=("transit-92", "transit-95", "team-35", "team-36", "api-22", "otp-31", "team-05", "fleet-25"),
        ),
        Clause(
            en="The keys are kept in a hardware security module.",
            de="Die Schlüssel liegen in einem Hardware-Sicherheitsmodul.",
            promises=("transit-96",),
            when=lambda values: bool(values["vault.hardware"]),
        ),
        Clause(
            en="The database itself keeps workspaces apart: no query of one can reach the rows of another.",
            de="Die Datenbank selbst trennt die Arbeitsbereiche: Keine Abfrage des einen erreicht Zeilen des anderen.",
            promises=("fleet-17", "fleet-18", "fleet-19", "api-24"),
        ),
        Clause(
            en="Passwords are kept as bcrypt hashes, API keys as one-way hashes. A second factor can be an "
               "authenticator app or a passkey, and is required of our staff.",
            de="Passwörter werden als bcrypt-Hash aufbewahrt, API-Schlüssel als Einweg-Hash. Ein zweiter Faktor kann "
               "eine Authenticator-App oder ein Passkey sein und ist für unsere Mitarbeitenden Pflicht.",
            promises=("fleet-23", "fleet-24", "transit-12", "otp-32", "team-38", "transit-97"),
        ),
        Clause(
            en="Our staff see customer data only for a stated reason, for a limited time, and each look is recorded.",
            de="Unsere Mitarbeitenden sehen Kundendaten nur aus einem genannten Grund, für begrenzte Zeit, und jeder "
               "Blick wird aufgezeichnet.",
            promises=("fleet-28", "fleet-29", "transit-99", "transit-100", "transit-101", "otp-33"),
        ),
        Clause(
            en="After a breach we tell the authority within {breach.authority}, affected users within "
               "{breach.users}, and the workspaces we work for within {breach.controllers}, counted from when we "
               "know of it.",
            de="Nach einer Verletzung des Schutzes melden wir sie der Behörde innerhalb von {breach.authority}, "
               "betroffenen Nutzern innerhalb von {breach.users} und den Arbeitsbereichen, für die wir tätig sind, "
               "innerhalb von {breach.controllers}, gezählt ab unserer Kenntnis.",
            promises=("transit-103", "transit-102", "transit-104", "team-42", "otp-45", "otp-44"),
        ),
        Clause(
            en="No system is fully secure, and we do not say that ours is.",
            de="Kein System ist völlig sicher, und wir behaupten das auch von unserem nicht.",
            promises=("otp-35", "team-41", "api-26"),
        ),
    ),
)  # fmt: skip

CHILDREN = Section(
    key="children",
    en="Children",
    de="Kinder",
    parts=(
        Clause(
            en="Accounts are for people of {age.minimum} years and older, who say so when they sign up. An account of "
               "a younger person that is reported to us is investigated and deleted.",
            de="Konten sind für Menschen ab {age.minimum} Jahren, die das bei der Anmeldung bestätigen. Ein Konto "
               "einer jüngeren Person, das uns gemeldet wird, prüfen und löschen wir.",
            promises=("otp-49", "otp-50", "transit-111", "transit-112", "team-57"),
        ),
    ),
)  # fmt: skip

CHANGES = Section(
    key="changes",
    en="Changes to this policy",
    de="Änderungen dieser Erklärung",
    parts=(
        Clause(
            en="A change that adds data, purposes or recipients, keeps something longer or weakens a right takes "
               "effect no earlier than {policy.notice} after we announced it by {policy.notice_channels}.",
            de="Eine Änderung, die Daten, Zwecke oder Empfänger hinzufügt, etwas länger aufbewahrt oder ein Recht "
               "schwächt, gilt frühestens {policy.notice} nach der Ankündigung durch {policy.notice_channels}.",
            promises=("transit-115", "transit-116", "team-60", "api-35", "api-36", "duty-14"),
        ),
        Clause(
            en="Until a new version is in effect, the software works by the stricter of the old and the new values.",
            de="Bis eine neue Fassung gilt, arbeitet die Software mit dem strengeren der alten und der neuen Werte.",
            promises=("duty-14",),
        ),
        Clause(
            en="Every version stays in the archive with its dates and what it changed.",
            de="Jede Fassung bleibt mit ihren Daten und ihren Änderungen im Archiv.",
            promises=("transit-117", "otp-01", "fleet-01", "api-06", "api-34", "duty-15"),
        ),
        Clause(
            en="We record which version you were shown. Going on to use the service is noted as such and is not taken "
               "as consent to anything.",
            de="Wir halten fest, welche Fassung Ihnen gezeigt wurde. Dass Sie den Dienst weiter nutzen, wird als "
               "solches vermerkt und gilt nicht als Einwilligung.",
            promises=("otp-03", "api-07", "api-37", "team-61"),
        ),
    ),
)  # fmt: skip

CONTACT = Section(
    key="contact",
    en="How to reach us",
    de="So erreichen Sie uns",
    parts=(
        Clause(
            en="Write to {address}. Questions are answered within {sla.inquiry}.",
            de="Schreiben Sie an {address}. Fragen beantworten wir innerhalb von {sla.inquiry}.",
            promises=("otp-52", "api-38", "team-62", "transit-113", "fleet-53"),
        ),
    ),
)  # fmt: skip

NOT_CLAIMED = Section(
    key="not_claimed",
    en="What we do not claim",
    de="Was wir nicht behaupten",
    parts=(
        Clause(
            en="We hold no certificate of information security and show none.",
            de="Wir besitzen kein Zertifikat für Informationssicherheit und zeigen keines.",
            promises=("transit-105",),
            when=lambda values: not values["claims"],
        ),
        Clause(
            en="An audit of our controls by SOC 2 Type II criteria is in progress; there is no report yet.",
            de="Eine Prüfung unserer Kontrollen nach SOC 2 Type II ist im Gange (in progress); einen Bericht gibt es "
               "noch nicht.",
            promises=("team-37",),
            when=lambda values: "soc2_in_progress" in values["claims"],
        ),
        Clause(
            en="We sign no agreement for health records under the law of the United States. Ask us before you send "
               "such data.",
            de="Wir schließen keine Vereinbarung über Gesundheitsdaten nach dem Recht der Vereinigten Staaten. Fragen "
               "Sie uns, bevor Sie solche Daten senden.",
            promises=("transit-106",),
        ),
        Clause(
            en="What a machine cannot check is shown as said by a person, with the date and the evidence, on the page "
               "of our promises.",
            de="Was eine Maschine nicht prüfen kann, steht auf der Seite unserer Zusagen als Angabe eines Menschen, "
               "mit Datum und Beleg.",
            promises=("fleet-03",),
        ),
    ),
)  # fmt: skip
