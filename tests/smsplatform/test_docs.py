"""Pages for developers say what the API does, from the sources the API itself uses."""

import html
import json
import shlex

import pytest
from django.test import Client

from accounts.models import ApiKey, Membership
from accounts.roles import Role, Scope
from messaging.sandbox.script import MAGIC_NUMBERS
from smsplatform import reference, snippets
from smsplatform.lib.api.codes import CODES
from smsplatform.lib.tenancy import scope
from tests.factories import pages


@pytest.mark.parametrize("path", ["/docs", "/docs/api", "/docs/webhooks", "/docs/testing", "/docs/errors"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_anybody_can_read_the_docs_in_their_language(path: str, language: str) -> None:
    answer = Client().get(path, headers={"accept-language": language})

    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.content.decode()


def test_every_operation_of_the_api_is_in_the_reference() -> None:
    page = Client().get("/docs/api").content.decode()

    operations = reference.operations()

    assert len(operations) > 25
    assert [one.id for one in operations if f'id="{one.id}"' not in page] == []


def test_every_code_a_refusal_can_have_is_in_the_dictionary() -> None:
    named = {code for operation in reference.operations() for code in operation.codes}

    assert named - set(CODES) == set()
    assert [code for code in CODES if Client().get(f"/docs/errors/{code}").status_code != 200] == []


def test_an_unknown_code_is_not_found() -> None:
    assert Client().get("/docs/errors/no_such_code").status_code == 404


def test_the_page_of_a_code_says_why_and_what_to_do() -> None:
    page = html.unescape(Client().get("/docs/errors/insufficient_balance").content.decode())

    assert CODES["insufficient_balance"].cause in page
    assert CODES["insufficient_balance"].fix in page
    assert "/docs/api#send_message" in page


def test_test_numbers_are_those_of_the_simulated_carrier() -> None:
    page = Client().get("/docs/testing").content.decode()

    assert [magic.number for magic in MAGIC_NUMBERS if magic.number not in page] == []


def test_a_snippet_for_curl_is_one_command_with_valid_json() -> None:
    send = next(one for one in reference.operations() if one.id == "send_message")

    words = shlex.split(snippets.curl(send, base_url="http://sms.example", key="sk_test_x").replace("\\\n", ""))

    assert words[:2] == ["curl", "http://sms.example/v1/messages"]
    assert "Authorization: Bearer sk_test_x" in words
    assert json.loads(words[words.index("-d") + 1])["to"]


def test_snippets_for_python_are_python() -> None:
    for operation in reference.operations():
        compile(snippets.python(operation, base_url="http://sms.example", key="sk_test_x"), operation.id, "exec")


def test_a_developer_gets_a_test_key_filled_into_the_examples_once() -> None:
    shop = pages.shop()
    client = pages.client(shop.owner)

    page = client.post("/docs/api/key").content.decode()

    with scope.workspace(shop.workspace.id):
        key = ApiKey.objects.get(name="API reference")
    assert not key.livemode
    assert f"{key.prefix}" in page
    assert f"{key.last4}" in page
    assert "sk_test_YOUR_KEY" not in page
    assert "sk_test_YOUR_KEY" in client.get("/docs/api").content.decode()


def test_a_viewer_gets_no_key() -> None:
    shop = pages.shop()

    assert pages.client(shop.viewer).post("/docs/api/key").status_code == 403


def test_a_developers_key_may_no_more_than_the_developer() -> None:
    shop = pages.shop()
    developer, _ = pages.person()
    with scope.workspace(shop.workspace.id):
        Membership.objects.create(workspace=shop.workspace, user=developer, role=Role.DEVELOPER)

    assert pages.client(developer).post("/docs/api/key").status_code == 200

    with scope.workspace(shop.workspace.id):
        scopes = ApiKey.objects.get(created_by=developer.pk).scopes
    assert Scope.MESSAGES_SEND in scopes
    assert Scope.BILLING_READ not in scopes
