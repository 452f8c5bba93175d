"""The terms of service, as short as they can be. An operator's lawyer reads them before anybody relies on them."""

from privacy.documents.clauses import Clause, Document, Section

SERVICE = Section(
    key="service",
    en="The service",
    de="Der Dienst",
    parts=(
        Clause(
            en="{operator} sends the text messages that your workspace hands over through the API or the dashboard, "
               "and tells you what became of them.",
            de="{operator} sendet die Kurznachrichten, die Ihr Arbeitsbereich über die API oder das Dashboard "
               "übergibt, und berichtet, was aus ihnen wurde.",
            promises=("otp-14", "api-15", "fleet-12"),
        ),
        Clause(
            en="A message that was accepted reaches a final state. Delivery to a handset depends on networks we do "
               "not run, so we do not promise it.",
            de="Eine angenommene Nachricht erreicht einen Endzustand. Die Zustellung auf ein Gerät hängt von Netzen "
               "ab, die wir nicht betreiben; wir sagen sie nicht zu.",
            promises=("transit-20", "api-26"),
        ),
        Clause(
            en="Messages are sent under the sender you declared.",
            de="Nachrichten gehen unter dem Absender hinaus, den Sie angegeben haben.",
            promises=("transit-18", "transit-13"),
            when=lambda values: not values["route.sender_rewrite"],
        ),
        Clause(
            en="If your workspace has allowed it, a message can go out under another sender when a route fails; the "
               "sender used is shown on the message.",
            de="Hat Ihr Arbeitsbereich es erlaubt, kann eine Nachricht unter einem anderen Absender hinausgehen, wenn "
               "ein Weg ausfällt; der benutzte Absender steht bei der Nachricht.",
            promises=("api-03",),
            when=lambda values: bool(values["route.sender_rewrite"]),
        ),
    ),
)  # fmt: skip

USE = Section(
    key="use",
    en="What you agree to",
    de="Worauf Sie sich einlassen",
    parts=(
        Clause(
            en="You are {age.minimum} or older and act for the workspace you sign up for.",
            de="Sie sind mindestens {age.minimum} Jahre alt und handeln für den Arbeitsbereich, den Sie anmelden.",
            promises=("otp-49", "transit-111", "team-57"),
        ),
        Clause(
            en="You send to people who expect your messages, name yourself truthfully as the sender, and respect who "
               "has opted out.",
            de="Sie senden an Menschen, die Ihre Nachrichten erwarten, nennen sich wahrheitsgemäß als Absender und "
               "achten, wer widersprochen hat.",
            promises=("fleet-15", "transit-37", "otp-17"),
        ),
        Clause(
            en="Fraud, phishing and spam end the account. We say why, and a person decides on your answer.",
            de="Betrug, Phishing und Spam beenden das Konto. Wir sagen, warum, und über Ihre Antwort entscheidet ein "
               "Mensch.",
            promises=("transit-36", "otp-17", "team-21"),
        ),
        Clause(
            en="The service is not made for health records under the law of the United States.",
            de="Der Dienst ist nicht für Gesundheitsdaten nach dem Recht der Vereinigten Staaten gemacht.",
            promises=("transit-106",),
        ),
    ),
)  # fmt: skip

MONEY = Section(
    key="money",
    en="Prices and money",
    de="Preise und Geld",
    parts=(
        Clause(
            en="The price of a message is the one listed when it is accepted. It is held then, and released when the "
               "terms of the price list say so.",
            de="Der Preis einer Nachricht ist der, der bei ihrer Annahme in der Liste steht. Er wird dann "
               "vorgemerkt und freigegeben, wenn die Preisliste das vorsieht.",
            promises=("transit-33", "api-13"),
        ),
        Clause(
            en="You can export every charge and every refund.",
            de="Jede Belastung und jede Erstattung können Sie exportieren.",
            promises=("transit-33", "transit-39", "transit-118"),
        ),
    ),
)  # fmt: skip

END = Section(
    key="end",
    en="Ending, and changes",
    de="Ende und Änderungen",
    parts=(
        Clause(
            en="You can close your workspace at any time. Within {retention.account_grace} it can be opened again; "
               "then it is erased, except for the books.",
            de="Sie können Ihren Arbeitsbereich jederzeit schließen. Innerhalb von {retention.account_grace} lässt er "
               "sich wieder öffnen; danach wird er gelöscht, bis auf die Bücher.",
            promises=("transit-60", "fleet-35", "team-29", "fleet-39"),
        ),
        Clause(
            en="Changes of these terms to your disadvantage take effect no earlier than {policy.notice} after we "
               "announced them by {policy.notice_channels}.",
            de="Änderungen dieser Bedingungen zu Ihrem Nachteil gelten frühestens {policy.notice} nach der "
               "Ankündigung durch {policy.notice_channels}.",
            promises=("transit-115", "team-60", "api-35"),
        ),
        Clause(
            en="How we treat personal data is said in the privacy policy.",
            de="Wie wir mit personenbezogenen Daten umgehen, steht in der Datenschutzerklärung.",
            promises=("team-63", "otp-02"),
        ),
    ),
)  # fmt: skip

TERMS = Document(key="terms", en="Terms of service", de="Nutzungsbedingungen", sections=(SERVICE, USE, MONEY, END))
