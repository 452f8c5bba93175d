"""The inventory's words in German. Whatever the catalogue of translations already has is taken from there."""

from django.utils import translation
from django.utils.translation import gettext

WORDS = {
    # people
    "People who sign in for a workspace": "Menschen, die sich für einen Arbeitsbereich anmelden",
    "People a message is sent to": "Menschen, denen eine Nachricht gesendet wird",
    "The operator's staff": "Mitarbeitende des Betreibers",
    "People a workspace keeps as contacts": "Menschen, die ein Arbeitsbereich als Kontakte führt",
    "People who visit our pages": "Menschen, die unsere Seiten besuchen",
    # where data come from
    "Themselves, their browser and their use of the service": "Sie selbst, ihr Browser und ihre Nutzung des Dienstes",
    "The workspace that sends, and the networks that deliver": (
        "Der Arbeitsbereich, der sendet, und die Netze, die zustellen"
    ),
    "The operator, their browser and what they do here": "Der Betreiber, ihr Browser und was sie hier tun",
    "Their browser": "Ihr Browser",
    # kinds of data
    "Phone number": "Telefonnummer",
    "Text of a message": "Text einer Nachricht",
    "Anything the customer put there": "Was der Kunde dort eingetragen hat",
    "E-mail address": "E-Mail-Adresse",
    "Name of a person": "Name einer Person",
    "Sender address of a workspace": "Absender eines Arbeitsbereichs",
    "Network address": "Netzwerkadresse",
    "Secret that gives access": "Geheimnis, das Zugang gibt",
    "Session of a browser": "Sitzung eines Browsers",
    "When, where to and how a message went": "Wann, wohin und wie eine Nachricht ging",
    "Random id of a person or key": "Zufällige Kennung einer Person oder eines Schlüssels",
    "When and how an account is used": "Wann und wie ein Konto genutzt wird",
    "Settings of a workspace": "Einstellungen eines Arbeitsbereichs",
    "Prices and payments": "Preise und Zahlungen",
    "Address of a wallet": "Adresse einer Wallet",
    # purposes
    "Deliver the messages a workspace sends and tell it what became of them": (
        "Die Nachrichten eines Arbeitsbereichs zustellen und ihm berichten, was aus ihnen wurde"
    ),
    "Let people sign in and run their workspace": "Menschen anmelden und ihren Arbeitsbereich führen lassen",
    "Charge for messages and keep the books": "Nachrichten abrechnen und Bücher führen",
    "Keep the platform safe and prove who did what": "Die Plattform sicher halten und belegen, wer was tat",
    "Not send to people who objected or opted out": "Nicht an Menschen senden, die widersprochen haben",
    "Answer what people ask about their data, and prove that it was answered": (
        "Beantworten, was Menschen zu ihren Daten fragen, und belegen, dass es beantwortet wurde"
    ),
    "Answer authorities with the least that a lawful order demands": (
        "Behörden mit dem Mindesten antworten, was eine rechtmäßige Anordnung verlangt"
    ),
    "Follow up on reports of unwanted texts": "Meldungen unerwünschter Nachrichten nachgehen",
    # bases
    "The workspace's own basis and instructions": "Grundlage und Weisung des Arbeitsbereichs",
    "Contract": "Vertrag",
    "Legal obligation": "Rechtliche Verpflichtung",
    "Legitimate interest": "Berechtigtes Interesse",
    "Consent": "Einwilligung",
    # recipients and places
    "The carriers whose accounts the operator entered": (
        "Die Netzbetreiber, deren Zugänge der Betreiber eingetragen hat"
    ),
    "Authorities, each with a lawful order of its own": "Behörden, jede mit einer eigenen rechtmäßigen Anordnung",
    "The addresses a workspace registered": "Die Adressen, die ein Arbeitsbereich hinterlegt hat",
    # cookies
    "Keeps you signed in.": "Hält Sie angemeldet.",
    "Protects forms against being sent by another site.": (
        "Schützt Formulare davor, von anderen Seiten gesendet zu werden."
    ),
    "essential": "notwendig",
    "functional": "Einstellungen",
    "analytics": "Statistik",
    # words of the tables
    "Kind of data": "Art der Daten",
    "About": "Über",
    "Comes from": "Kommt von",
    "Kept as": "Aufbewahrt als",
    "Kept": "Aufbewahrt",
    "Used for": "Verwendet für",
    "Purpose": "Zweck",
    "Basis": "Grundlage",
    "Who decides": "Wer entscheidet",
    "Given to": "Gegeben an",
    "Recipient": "Empfänger",
    "Country": "Land",
    "Role": "Rolle",
    "What": "Was",
    "How long": "Wie lange",
    "Then": "Danach",
    "Name": "Name",
    "What for": "Wofür",
    "Group": "Gruppe",
    "Lifetime": "Dauer",
    "we": "wir",
    "the workspace": "der Arbeitsbereich",
    "nobody": "niemand",
    "plain": "Klartext",
    "encrypted": "verschlüsselt",
    "fingerprint only": "nur Fingerabdruck",
    "processor": "Auftragsverarbeiter",
    "controller": "eigener Verantwortlicher",
    "where you send to": "wohin Sie senden",
    "as the workspace chose": "wie der Arbeitsbereich gewählt hat",
    "deleted": "gelöscht",
    "its key destroyed": "Schlüssel vernichtet",
    "names removed": "Namen entfernt",
    "kept": "bleibt",
    "stays": "bleibt",
    "until the browser is closed": "bis der Browser geschlossen wird",
}


def word(text: object, language: str) -> str:
    """The inventory's word in a language of ours; untranslated when nobody wrote it down."""
    with translation.override(language):
        said = str(text)  # lazy ones are translated by this
        return WORDS.get(said) or gettext(said) if said and language == "de" else said
