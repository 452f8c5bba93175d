"""The inventory is complete, says why, and refuses to start when it is not."""

import pytest
from django.apps import apps
from django.core.checks import run_checks

from accounts.models import User
from privacy import checks, registry
from privacy.registry import F, ModelPolicy

POLICY = registry.policy_of(User)


def ids_of(policy: ModelPolicy) -> list[str | None]:
    return [error.id for error in checks.faults(policy)]


def with_fields(**fields: F) -> ModelPolicy:
    return ModelPolicy(model="accounts.User", scope="global", fields={**POLICY.fields, **fields})


@pytest.mark.promise("transit-01", "team-02")
def test_every_model_and_field_is_classified() -> None:
    assert [error for error in run_checks(tags=["privacy"]) if str(error.id).startswith("privacy.E00")] == []


def test_an_undeclared_model_is_an_error_whose_hint_is_the_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(registry._declared, (ModelPolicy, "accounts.User"))

    (error,) = checks.inventory_is_complete()

    assert error.id == "privacy.E001"
    assert "accounts/personal_data.py" in str(error.hint)
    assert '"email_idx": F("none", reason="…"),' in str(error.hint)


def test_a_model_of_a_package_is_to_be_declared_by_privacy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(registry._declared, (ModelPolicy, "sessions.Session"))

    (error,) = checks.inventory_is_complete()

    assert "privacy/personal_data.py" in str(error.hint)


def test_an_unclassified_field_is_an_error_that_names_it() -> None:
    fields = {name: kind for name, kind in POLICY.fields.items() if name != "last_login"}

    (error,) = checks.faults(ModelPolicy(model="accounts.User", scope="global", fields=fields))

    assert error.id == "privacy.E002"
    assert '"last_login": F("none", reason="…"),' in str(error.hint)


def test_a_field_that_is_gone_is_an_error() -> None:
    assert ids_of(with_fields(username=F("none", reason="gone"))) == ["privacy.E003"]


def test_a_model_that_is_gone_is_an_error() -> None:
    assert ids_of(ModelPolicy(model="accounts.Robot", scope="global", fields={})) == ["privacy.E003"]


def test_an_unknown_category_is_an_error() -> None:
    assert ids_of(with_fields(last_login=F("whatever"))) == ["privacy.E003"]


@pytest.mark.parametrize("kind", [F("none"), F("email", erase="keep"), F("money")])
def test_what_is_kept_or_harmless_needs_a_reason(kind: F) -> None:
    assert ids_of(with_fields(last_login=kind)) == ["privacy.E004"]


def test_what_should_be_sealed_and_is_not_needs_a_reason() -> None:
    assert ids_of(with_fields(email=F("email", form="plain"))) == ["privacy.E005"]
    assert ids_of(with_fields(email=F("email", form="plain", reason="the law says so"))) == []


def test_a_thing_is_declared_once() -> None:
    with pytest.raises(registry.AlreadyDeclared):
        registry.declare(POLICY)


def test_every_column_is_sealed_searched_or_plain_for_a_reason() -> None:
    sealed = {column.label for column in registry.encrypted_columns()}
    searched = {column.label for column in registry.non_personal_columns()}
    rest = [c for c in registry.columns() if c.label not in sealed | searched]

    assert {"accounts.User.email", "messaging.Message.to_ct", "messaging.Body.text_ct"} <= sealed
    assert "messaging.Message.status" in searched
    assert sealed.isdisjoint(searched)
    assert all(column.declared.reason for column in rest)


def test_every_reference_of_the_inventory_leads_somewhere() -> None:
    activities = {activity.key for activity in registry.activities()}
    subjects = {subject.key for subject in registry.subjects()}
    recipients = {recipient.key for recipient in registry.recipients()}
    kinds = registry.categories().keys()

    for policy in registry.policies():
        columns = {field.attname for field in apps.get_model(policy.model)._meta.concrete_fields}
        assert set(policy.activities) <= activities, policy.model
        assert set(policy.paths) <= subjects, policy.model
        assert set(policy.paths.values()) <= columns, policy.model
        assert policy.units or policy.reason, f"{policy.model}: no retention and nobody said why"
    for activity in registry.activities():
        assert set(activity.subjects) <= subjects
        assert set(activity.recipients) <= recipients
    for holds in [store.holds for store in registry.stores()] + [each.holds for each in registry.recipients()]:
        assert set(holds) <= kinds


@pytest.mark.promise("api-32")
def test_every_retention_unit_is_purged_or_says_why_not() -> None:
    assert [unit.name for unit in registry.units() if unit.purge is None and not unit.reason] == []


def test_every_unit_with_a_purge_tells_when_its_oldest_row_is_over() -> None:
    purged = [unit for unit in registry.units() if unit.purge is not None]

    assert [unit.name for unit in purged if unit.due is None and not unit.undated] == []
    assert [due for unit in purged if unit.due and (due := unit.due()) is not None and due.tzinfo is None] == []


def test_what_is_shredded_is_purged_first() -> None:
    actions = [unit.action for unit in registry.units()]

    assert actions == sorted(actions, key=lambda action: action != "shred")
