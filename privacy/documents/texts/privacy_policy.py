"""The privacy policy: sentences carried by promises, values from the profile, tables from the inventory."""

from privacy.documents.clauses import Clause, Document, Section, Table
from privacy.documents.texts.assurances import CHANGES, CHILDREN, CONTACT, NOT_CLAIMED, SECURITY
from privacy.documents.texts.rights import RIGHTS

SUMMARY = Section(
    key="summary",
    en="In short",
    de="Kurz gesagt",
    parts=(
        Clause(
            en="We hold the text of a message for {retention.body} after {retention.body_anchor}; then its key is "
               "destroyed and nobody can read it.",
            de="Den Text einer Nachricht halten wir {retention.body}, gezählt ab dem Moment, in dem "
               "{retention.body_anchor}; danach wird sein Schlüssel vernichtet und niemand kann ihn lesen.",
            promises=("transit-22", "fleet-09", "team-12", "team-01"),
        ),
        Clause(
            en="When, where to and how a message went is kept for {retention.delivery_meta}.",
            de="Wann, wohin und wie eine Nachricht ging, wird {retention.delivery_meta} aufbewahrt.",
            promises=("transit-58", "team-30", "otp-28", "team-01"),
        ),
        Clause(
            en="We sell and rent no data, and give it to nobody who trades in it.",
            de="Wir verkaufen und vermieten keine Daten und geben sie niemandem, der damit handelt.",
            promises=("transit-51", "team-03", "transit-03"),
        ),
        Clause(
            en="You can ask for a copy, for correction and for erasure, and get an answer within {sla.request}.",
            de="Sie können Kopie, Berichtigung und Löschung verlangen und bekommen innerhalb von {sla.request} "
               "Antwort.",
            promises=("fleet-53", "api-31", "transit-84", "team-55", "otp-39"),
        ),
        Clause(
            en="Changes that matter are announced {policy.notice} before they apply.",
            de="Änderungen von Gewicht werden {policy.notice} vorher angekündigt.",
            promises=("transit-115", "team-60", "otp-51"),
        ),
    ),
)  # fmt: skip

WHO = Section(
    key="who",
    en="Who we are, and what this covers",
    de="Wer wir sind und wofür dies gilt",
    parts=(
        Clause(
            en="{operator} runs this service and answers for the data of the people who use it.",
            de="{operator} betreibt diesen Dienst und verantwortet die Daten der Menschen, die ihn nutzen.",
            promises=("otp-02", "fleet-02", "fleet-03"),
        ),
        Clause(
            en="This policy covers the website, the API, the dashboard and the mails we send.",
            de="Diese Erklärung gilt für die Website, die API, das Dashboard und die E-Mails, die wir senden.",
            promises=("otp-02", "fleet-02"),
        ),
        Clause(
            en="For the numbers and texts that a workspace sends, that workspace decides and we act on its "
               "instructions.",
            de="Über die Nummern und Texte, die ein Arbeitsbereich sendet, entscheidet dieser Arbeitsbereich; wir "
               "handeln in seinem Auftrag.",
            promises=("team-04", "transit-88"),
        ),
        Clause(
            en="It applies to people who sign in, to people a message is sent to, and to visitors of our pages.",
            de="Sie gilt für Menschen, die sich anmelden, für Empfänger von Nachrichten und für Besucher unserer "
               "Seiten.",
            promises=("team-07", "otp-02"),
        ),
    ),
)  # fmt: skip

DATA = Section(
    key="data",
    en="Which data, about whom",
    de="Welche Daten, über wen",
    parts=(
        Clause(
            en="We ask for as little as the service needs. These are all the kinds of data we hold, by the people "
               "they are about; the list is made from the same declarations that the software works by.",
            de="Wir erheben so wenig, wie der Dienst braucht. Dies sind alle Arten von Daten, die wir halten, nach "
               "den Menschen, um die es geht; die Liste entsteht aus denselben Angaben, nach denen die Software "
               "arbeitet.",
            promises=("transit-01", "team-02", "otp-06", "fleet-08", "team-11"),
        ),
        Table(key="data"),
        Clause(
            en="This is where they come from.",
            de="Daher kommen sie.",
            promises=("transit-72", "otp-06"),
        ),
        Table(key="sources"),
        Clause(
            en="An account needs an e-mail address and a password. Any provider's address will do.",
            de="Ein Konto braucht eine E-Mail-Adresse und ein Passwort. Die Adresse jedes Anbieters genügt.",
            promises=("transit-05", "transit-06", "fleet-04", "otp-05"),
        ),
        Clause(
            en="If you like, you can also give: {profile.collect}.",
            de="Wenn Sie möchten, können Sie außerdem angeben: {profile.collect}.",
            promises=("otp-04", "api-08", "team-08"),
            when=lambda values: bool(values["profile.collect"]),
        ),
        Clause(
            en="We collect no identity documents, no biometrics, no date of birth, no postal address and no tax "
               "number.",
            de="Wir erheben keine Ausweisdokumente, keine biometrischen Daten, kein Geburtsdatum, keine "
               "Postanschrift und keine Steuernummer.",
            promises=("transit-42", "transit-43", "transit-44", "transit-45", "transit-47"),
            when=lambda values: not values["profile.collect"],
        ),
        Clause(
            en="Card numbers do not pass through us: payments are made on the pages of the payment provider, and we "
               "keep its reference, the amount and the state.",
            de="Kartennummern laufen nicht über uns: Bezahlt wird auf den Seiten des Zahlungsdienstes, und wir "
               "behalten dessen Referenz, den Betrag und den Stand.",
            promises=("otp-08", "otp-09", "otp-10"),
        ),
        Clause(
            en="If you pay from a wallet, its address is entered in the books. It serves these and the prevention of "
               "fraud; what the chain says besides is not looked at.",
            de="Wenn Sie aus einer Wallet zahlen, wird deren Adresse in die Bücher eingetragen. Sie dient diesen und "
               "der Abwehr von Betrug; was die Blockchain sonst sagt, sehen wir nicht an.",
            promises=("transit-07", "transit-08", "transit-09"),
        ),
    ),
)  # fmt: skip

PURPOSES = Section(
    key="purposes",
    en="What for, and on what basis",
    de="Wofür und auf welcher Grundlage",
    parts=(
        Clause(
            en="Data are used for these purposes and for no other. Legal bases are confirmed by the operator of this "
               "installation.",
            de="Die Daten werden für diese Zwecke verwendet und für keine anderen. Die Rechtsgrundlagen bestätigt der "
               "Betreiber dieser Installation.",
            promises=("otp-13", "otp-07", "api-12", "transit-70"),
        ),
        Table(key="purposes"),
        Clause(
            en="Texts of messages are not read for statistics, advertising or training, and no profiles of people "
               "are made.",
            de="Texte von Nachrichten werden nicht für Statistik, Werbung oder Training gelesen, und es entstehen "
               "keine Profile von Menschen.",
            promises=("transit-31", "transit-02", "transit-41"),
        ),
        Clause(
            en="Statistics are kept only as sums over at least {stats.messages_min} messages and "
               "{stats.workspaces_min} workspaces.",
            de="Statistik bleibt nur als Summe über mindestens {stats.messages_min} Nachrichten und "
               "{stats.workspaces_min} Arbeitsbereiche.",
            promises=("transit-40", "team-33", "otp-19", "api-16"),
        ),
        Clause(
            en="We send no advertising.",
            de="Wir senden keine Werbung.",
            promises=("transit-05", "fleet-13"),
            when=lambda values: not values["marketing.enabled"],
        ),
        Clause(
            en="News about the product is mailed only to people who asked for it twice, and every such mail ends it "
               "with one click.",
            de="Neuigkeiten zum Produkt gehen nur an Menschen, die sie zweifach bestellt haben, und jede solche Mail "
               "beendet das mit einem Klick.",
            promises=("team-17", "team-18"),
            when=lambda values: bool(values["marketing.enabled"]),
        ),
    ),
)  # fmt: skip

RECIPIENTS = Section(
    key="recipients",
    en="Who is given data",
    de="Wer Daten bekommt",
    parts=(
        Clause(
            en="These are all the recipients. The current list with places, contracts and their dates is on the page "
               "of recipients.",
            de="Dies sind alle Empfänger. Die aktuelle Liste mit Orten, Verträgen und deren Daten steht auf der Seite "
               "der Empfänger.",
            promises=("team-23", "otp-21", "otp-23", "api-18", "transit-52"),
        ),
        Table(key="recipients"),
        Clause(
            en="A carrier sees the number, the sender and the text it has to deliver, and nothing of who you are, "
               "what you pay or how much you send.",
            de="Ein Netzbetreiber sieht die Nummer, den Absender und den Text, den er zustellen soll, und nichts "
               "davon, wer Sie sind, was Sie zahlen oder wie viel Sie senden.",
            promises=("transit-53", "transit-54", "otp-22", "team-28"),
        ),
        Clause(
            en="Every provider that works for us is bound by a contract on data protection.",
            de="Jeder Dienstleister, der für uns arbeitet, ist vertraglich an den Datenschutz gebunden.",
            promises=("otp-25", "team-24", "api-19", "otp-48"),
        ),
        Clause(
            en="Authorities get the least that a lawful order demands. We tell the account holder first, unless the "
               "law forbids it.",
            de="Behörden bekommen das Mindeste, was eine rechtmäßige Anordnung verlangt. Vorher sagen wir es der "
               "Inhaberin oder dem Inhaber des Kontos, außer das Gesetz verbietet es.",
            promises=("transit-56", "transit-57", "transit-114", "fleet-16", "api-20", "team-26"),
            when=lambda values: bool(values["disclosure.notify_first"]),
        ),
        Clause(
            en="Should the business change hands, you are told {transfer.notice} before, and this policy goes with "
               "the data.",
            de="Wechselt das Unternehmen den Eigentümer, erfahren Sie es {transfer.notice} vorher, und diese "
               "Erklärung geht mit den Daten über.",
            promises=("team-25", "api-21"),
        ),
    ),
)  # fmt: skip

TRANSFERS = Section(
    key="transfers",
    en="Where data are, and transfers",
    de="Wo die Daten liegen, und Übermittlungen",
    parts=(
        Clause(
            en="Your data are kept in: {regions}. A message leaves for the country of its destination, because that is "
               "where it is delivered.",
            de="Ihre Daten liegen hier: {regions}. Eine Nachricht verlässt dieses Gebiet in das Land ihres Ziels, "
               "weil sie dort zugestellt wird.",
            promises=("otp-47", "transit-86", "team-58"),
        ),
        Clause(
            en="A provider outside the European Economic Area is used only with a safeguard, which the page of "
               "recipients names. Standard contractual clauses, the addendum of the United Kingdom and the Swiss "
               "variant are on a page of their own.",
            de="Dienstleister außerhalb des Europäischen Wirtschaftsraums nutzen wir nur mit einer Garantie, die auf "
               "der Seite der Empfänger steht. Standardvertragsklauseln, der Zusatz des Vereinigten Königreichs und "
               "die Schweizer Fassung stehen auf einer eigenen Seite.",
            promises=("team-59", "transit-89", "transit-90", "transit-91"),
        ),
    ),
)  # fmt: skip

RETENTION = Section(
    key="retention",
    en="How long data are kept",
    de="Wie lange Daten aufbewahrt werden",
    parts=(
        Clause(
            en="The text of a message can be read for {retention.body} after {retention.body_anchor}, and no longer "
               "than {retention.body_cap} after it was accepted. Reading is refused from that moment on; the key is "
               "destroyed afterwards.",
            de="Der Text einer Nachricht ist {retention.body} lesbar, gezählt ab dem Moment, in dem "
               "{retention.body_anchor}, und nicht länger als {retention.body_cap} nach der Annahme. Von da an wird "
               "das Lesen verweigert; danach wird der Schlüssel vernichtet.",
            promises=("transit-22", "transit-23", "fleet-09", "team-12", "transit-24"),
        ),
        Clause(
            en="A text stays longer only while a case of fraud or abuse is investigated, while a lawful order "
               "requires it, or while the workspace has set a debugging window of at most {retention.body_extended} "
               "with an end date.",
            de="Länger bleibt ein Text nur, solange ein Fall von Betrug oder Missbrauch untersucht wird, solange eine "
               "rechtmäßige Anordnung es verlangt oder solange der Arbeitsbereich ein Fenster zur Fehlersuche von "
               "höchstens {retention.body_extended} mit festem Ende gesetzt hat.",
            promises=("transit-27", "transit-28", "transit-29", "transit-30"),
        ),
        Clause(
            en="Delivery data are kept for {retention.delivery_meta}, the log of API requests for "
               "{retention.api_log}, the activity log for {retention.audit}, letters to support for "
               "{retention.support} after they were settled.",
            de="Zustelldaten bleiben {retention.delivery_meta}, das Protokoll der API-Aufrufe {retention.api_log}, "
               "das Aktivitätsprotokoll {retention.audit}, Schreiben an den Support {retention.support} nach ihrer "
               "Erledigung.",
            promises=("transit-58", "transit-59", "fleet-36", "transit-62", "otp-28", "team-30", "otp-12"),
        ),
        Clause(
            en="The books are kept for {retention.ledger}, as the law requires; what names you in them is replaced "
               "when your account is erased.",
            de="Die Bücher werden {retention.ledger} aufbewahrt, wie das Gesetz es verlangt; was Sie darin benennt, "
               "wird ersetzt, wenn Ihr Konto gelöscht wird.",
            promises=("transit-61", "team-32", "otp-29"),
        ),
        Clause(
            en="A closed account can be opened again for {retention.account_grace}; then it is erased.",
            de="Ein geschlossenes Konto lässt sich {retention.account_grace} lang wieder öffnen; danach wird es "
               "gelöscht.",
            promises=("transit-60", "fleet-35", "team-29", "team-34", "otp-27"),
        ),
        Table(key="retention"),
    ),
)  # fmt: skip

COOKIES = Section(
    key="cookies",
    en="Cookies",
    de="Cookies",
    parts=(
        Clause(
            en="Our public pages can be read without any cookie. These are all the cookies we set.",
            de="Unsere öffentlichen Seiten lassen sich ohne Cookies lesen. Dies sind alle Cookies, die wir setzen.",
            promises=("otp-38", "transit-107", "fleet-48", "team-43", "otp-36"),
        ),
        Table(key="cookies"),
        Clause(
            en="Visits are counted without a cookie, with shortened network addresses, by ourselves.",
            de="Besuche zählen wir selbst, ohne Cookie und mit gekürzten Netzwerkadressen.",
            promises=("transit-110",),
            when=lambda values: values["analytics.mode"] == "log",
        ),
        Clause(
            en="Cookies that count visits are set only after you have agreed to them, and removed when you withdraw.",
            de="Cookies, die Besuche zählen, werden erst gesetzt, wenn Sie zugestimmt haben, und entfernt, wenn Sie "
               "widerrufen.",
            promises=("fleet-49", "fleet-50", "team-45", "otp-37", "fleet-46"),
            when=lambda values: values["analytics.mode"] == "consent_cookie",
        ),
        Clause(
            en="There are no advertising cookies, no trackers of social networks and no fingerprints of browsers.",
            de="Es gibt keine Werbe-Cookies, keine Tracker sozialer Netzwerke und keine Fingerabdrücke von Browsern.",
            promises=("transit-109", "transit-55", "transit-49", "team-48"),
        ),
    ),
)  # fmt: skip

PRIVACY = Document(
    key="policy",
    en="Privacy policy",
    de="Datenschutzerklärung",
    sections=(
        SUMMARY, WHO, DATA, PURPOSES, RECIPIENTS, RETENTION, COOKIES, RIGHTS, TRANSFERS, SECURITY, CHILDREN, CHANGES,
        CONTACT, NOT_CLAIMED,
    ),
)  # fmt: skip
