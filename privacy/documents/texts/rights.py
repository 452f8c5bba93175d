"""The rights of people, and how they are used, without legal titles where plain words will do."""

from privacy.documents.clauses import Clause, Section

RIGHTS = Section(
    key="rights",
    en="Your rights, and how to use them",
    de="Ihre Rechte, und wie Sie sie nutzen",
    parts=(
        Clause(
            en="Copy and portability: you get everything we hold about you, as JSON with its schema and as pages to "
               "read (Art. 15 and 20 GDPR).",
            de="Auskunft und Übertragbarkeit: Sie bekommen alles, was wir über Sie halten, als JSON mit Schema und "
               "als lesbare Seiten (Art. 15 und 20 DSGVO).",
            promises=("transit-65", "transit-69", "otp-39", "fleet-40", "fleet-43", "api-27", "team-49", "team-52"),
        ),
        Clause(
            en="Correction: you can change what your account says of you at any time, and ask for the rest (Art. 16).",
            de="Berichtigung: Was Ihr Konto über Sie sagt, ändern Sie jederzeit selbst; um das Übrige bitten Sie uns "
               "(Art. 16).",
            promises=("transit-66", "otp-40", "fleet-41", "api-28", "team-50"),
        ),
        Clause(
            en="Erasure: we delete what we hold about you, and name what a law makes us keep, with the law and the "
               "date (Art. 17).",
            de="Löschung: Wir löschen, was wir über Sie halten, und nennen, was ein Gesetz uns behalten lässt, mit "
               "Gesetz und Datum (Art. 17).",
            promises=("transit-67", "transit-64", "otp-41", "otp-30", "fleet-42", "api-29", "team-06", "team-51"),
        ),
        Clause(
            en="Restriction and objection: a number that is restricted or objects gets no more messages through us, "
               "and its rows are out of sight for our staff (Art. 18 and 21).",
            de="Einschränkung und Widerspruch: Eine Nummer, die eingeschränkt ist oder widerspricht, bekommt über uns "
               "keine Nachrichten mehr, und ihre Zeilen sieht unser Personal nicht (Art. 18 und 21).",
            promises=("transit-68", "transit-70", "otp-42", "fleet-44", "fleet-45", "api-30", "team-53", "team-54"),
        ),
        Clause(
            en="Consent you gave is withdrawn in one step, from the foot of any page.",
            de="Eine Einwilligung widerrufen Sie in einem Schritt, am Fuß jeder Seite.",
            promises=("fleet-46", "fleet-51"),
        ),
        Clause(
            en="You have these rights wherever you live; using them costs nothing and changes neither price nor "
               "limits.",
            de="Diese Rechte haben Sie, wo auch immer Sie leben; sie zu nutzen kostet nichts und ändert weder Preise "
               "noch Grenzen.",
            promises=("transit-63", "transit-77", "transit-80", "transit-72", "transit-79"),
        ),
        Clause(
            en="We sell no data, so there is nothing to opt out of; your browser's signal against it (GPC) is "
               "respected all the same.",
            de="Wir verkaufen keine Daten, es gibt also nichts abzuwählen; das Signal Ihres Browsers dagegen (GPC) "
               "achten wir trotzdem.",
            promises=("transit-75", "transit-51"),
        ),
        Clause(
            en="Ask on the privacy page, in your settings or by mail to {address}. Somebody without an account shows "
               "that a number is theirs by a code we send to it.",
            de="Fragen Sie auf der Datenschutzseite, in Ihren Einstellungen oder per E-Mail an {address}. Wer kein "
               "Konto hat, zeigt mit einem Code, den wir an die Nummer senden, dass sie ihm gehört.",
            promises=("otp-43", "fleet-47", "transit-81", "transit-82", "fleet-39"),
        ),
        Clause(
            en="Somebody who cannot read the mail of their account any more can sign a text with the wallet that paid "
               "for it.",
            de="Wer die Post seines Kontos nicht mehr lesen kann, kann mit der Wallet, die dafür gezahlt hat, einen "
               "Text signieren.",
            promises=("transit-83",),
        ),
        Clause(
            en="We answer within {sla.request}. A complex case can take {sla.request_extension} more; then you hear "
               "the reason in time.",
            de="Wir antworten innerhalb von {sla.request}. Ein schwieriger Fall kann {sla.request_extension} länger "
               "dauern; dann erfahren Sie rechtzeitig den Grund.",
            promises=("transit-84", "transit-85", "fleet-53", "api-31", "team-55"),
        ),
        Clause(
            en="You can complain to a supervisory authority, above all that of the country you live in.",
            de="Sie können sich bei einer Aufsichtsbehörde beschweren, vor allem bei der des Landes, in dem Sie leben.",
            promises=("transit-71", "fleet-54", "team-56"),
        ),
    ),
)  # fmt: skip
