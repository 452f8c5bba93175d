"""What the documents say, in both languages and under every profile."""

import re
from pathlib import Path

import pytest

from privacy import inventory, profiles, registry
from privacy.documents import german, lint, rendering, words
from privacy.documents.clauses import LANGUAGES, Clause, Document, Table, Unfounded
from privacy.documents.texts import DOCUMENTS
from privacy.documents.texts.privacy_policy import PRIVACY, SUMMARY
from privacy.promises import promises

ROOT = Path(__file__).resolve().parents[3]
EVERY = [pytest.param(document, id=document.key) for document in DOCUMENTS.values()]


def test_a_clause_without_a_promise_does_not_load() -> None:
    with pytest.raises(Unfounded):
        Clause(en="We never sleep.", de="Wir schlafen nie.", promises=())


@pytest.mark.parametrize("document", EVERY)
def test_every_promise_that_a_clause_names_is_in_the_register(document: Document) -> None:
    cited = {promise for clause in document.clauses() for promise in clause.promises}

    assert cited - {promise.id for promise in promises()} == set()


@pytest.mark.parametrize("document", EVERY)
def test_titles_promise_nothing(document: Document) -> None:
    assert list(lint.unfounded(document)) == []


def test_the_pages_around_the_documents_promise_nothing() -> None:
    pages = [*ROOT.glob("templates/public/document*.html"), *ROOT.glob("templates/public/recipients.html")]
    said = {
        page.name: re.findall(r'{% (?:block)?translate "([^"]+)"|>([^<>{}%]+)<', page.read_text()) for page in pages
    }

    assert len(pages) > 2
    assert {name: found for name, texts in said.items() if (found := lint.promises_in(str(texts)))} == {}


@pytest.mark.parametrize(
    "words_", ["we are SOC 2 certified", "ISO/IEC 27001", "PCI-DSS", "HIPAA ready", "zertifiziert"]
)
def test_the_lint_finds_claims(words_: str) -> None:
    assert lint.claims_in(f"Rest assured: {words_}.")


@pytest.mark.promise("transit-105", "team-37")
@pytest.mark.parametrize("profile", [*profiles.PROFILES, profiles.STRICT])
@pytest.mark.parametrize("document", EVERY)
def test_no_document_claims_a_certificate_in_any_profile(settings, document: Document, profile: str) -> None:  # type: ignore[no-untyped-def]
    settings.POLICY_PROFILE = profile

    for language in LANGUAGES:
        text = "\n".join(rendering.lines(rendering.rendered(document, language)))
        assert lint.claims_in(text) == []
        assert "{" not in text


@pytest.mark.parametrize("document", EVERY)
def test_both_languages_name_the_same_values(document: Document) -> None:
    for clause in document.clauses():
        assert words.slots(clause.en) == words.slots(clause.de), clause.en


@pytest.mark.promise("team-01")
@pytest.mark.parametrize("profile", [*profiles.PROFILES, profiles.STRICT])
def test_the_summary_says_what_the_body_says(settings, profile: str) -> None:  # type: ignore[no-untyped-def]
    settings.POLICY_PROFILE = profile
    known = rendering.values("en")
    body = [part for section in PRIVACY.sections if section is not SUMMARY for part in section.parts]
    slots = {slot for part in body if isinstance(part, Clause) and part.holds(known) for slot in words.slots(part.en)}

    for part in SUMMARY.parts:
        assert isinstance(part, Clause)
        assert words.slots(part.en) <= slots


def test_the_values_are_those_of_the_profile(settings) -> None:  # type: ignore[no-untyped-def]
    settings.POLICY_PROFILE = "otp"
    english = "\n".join(rendering.lines(rendering.rendered(PRIVACY, "en")))
    german_ = "\n".join(rendering.lines(rendering.rendered(PRIVACY, "de")))

    assert "We hold the text of a message for 7 days" in english
    assert "Den Text einer Nachricht halten wir 7 Tage" in german_
    assert "kept for 1 year" in english
    assert "name, phone number and company" in english


@pytest.mark.parametrize("document", EVERY)
def test_a_table_has_rows_as_wide_as_its_head(document: Document) -> None:
    for language in LANGUAGES:
        for section in rendering.rendered(document, language)["sections"]:
            for block in section["blocks"]:
                if block["kind"] == "table":
                    assert block["rows"] or block["key"] == "cookies"
                    assert {len(row) for row in block["rows"]} <= {len(block["head"])}
    assert (
        any(isinstance(part, Table) for section in document.sections for part in section.parts)
        or document.key == "terms"
    )


def test_the_inventorys_words_are_known_in_german() -> None:
    said = [
        *(subject.label for subject in inventory.SUBJECTS), *(subject.source for subject in inventory.SUBJECTS),
        *(one.label for one in inventory.CATEGORIES if one.sensitivity),
        *(one.purpose for one in inventory.ACTIVITIES), *(one.basis for one in inventory.ACTIVITIES),
        *(one.name for one in inventory.RECIPIENTS),
    ]  # fmt: skip

    assert [word for word in said if word not in german.WORDS] == []


@pytest.mark.promise("otp-06", "fleet-08", "team-11")
def test_the_policy_names_every_subject_retention_and_recipient() -> None:
    text = "\n".join(rendering.lines(rendering.rendered(PRIVACY, "en")))

    for one in registry.activities():
        assert one.purpose in text
    for recipient in registry.recipients():
        assert recipient.name in text
    known = registry.categories()
    about_people = [
        policy
        for policy in registry.policies()
        if any(known[kind.category].sensitivity for kind in policy.fields.values())
    ]
    assert len(about_people) > 10
    for unit in {unit.name: unit for policy in about_people for unit in policy.units}.values():
        assert str(unit.kept) in text


@pytest.mark.parametrize(
    ("key", "words_"),
    [
        pytest.param("policy", "We sign no agreement for health records", marks=pytest.mark.promise("transit-106")),
        pytest.param("processing", 'Swiss variant are the page "Clauses for transfers"'),
        pytest.param("transfers", "Decision (EU) 2021/914", marks=pytest.mark.promise("transit-89")),
        pytest.param("transfers", "Addendum of the Information Commissioner", marks=pytest.mark.promise("transit-90")),
        pytest.param("transfers", "Swiss Federal Act on Data Protection", marks=pytest.mark.promise("transit-91")),
        pytest.param("terms", "not made for health records", marks=pytest.mark.promise("transit-106")),
        pytest.param("policy", "Every version stays in the archive", marks=pytest.mark.promise("otp-51", "api-34")),
        pytest.param("terms", "privacy policy", marks=pytest.mark.promise("team-63")),
    ],
)
@pytest.mark.parametrize("profile", [*profiles.PROFILES, profiles.STRICT])
def test_the_documents_say_what_people_look_for(settings, key: str, words_: str, profile: str) -> None:  # type: ignore[no-untyped-def]
    settings.POLICY_PROFILE = profile

    assert words_ in "\n".join(rendering.lines(rendering.rendered(DOCUMENTS[key], "en")))


@pytest.mark.promise("transit-72")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_policy_says_which_data_come_from_where_for_what_and_whom(language: str) -> None:
    tables: dict[str, list[list[str]]] = {}
    for section in rendering.rendered(PRIVACY, language)["sections"]:
        for block in section["blocks"]:
            if block["kind"] == "table":
                tables.setdefault(block["key"], []).extend(block["rows"])
    known, people = registry.categories(), {one.key: one for one in registry.subjects()}
    held = {
        (subject, known[one.category].label)
        for policy in registry.policies()
        for one in policy.fields.values()
        for subject in policy.paths
        if known[one.category].sensitivity
    }

    assert {german.word(label, language) for _subject, label in held} == {row[0] for row in tables["data"]}
    assert {german.word(people[subject].label, language) for subject, _label in held} == {
        row[0] for row in tables["sources"]
    }
    assert all(row[1] for row in tables["sources"])
    assert {row[0] for row in tables["purposes"]} == {
        german.word(one.purpose, language) for one in registry.activities()
    }
    assert all(row[-1] for row in tables["purposes"])
