from django.apps import apps

from billing import personal_data
from privacy import checks, registry


def test_every_field_of_billing_is_classified() -> None:
    for model in apps.get_app_config("billing").get_models():
        assert list(checks.faults(registry.policy_of(model))) == []


def test_transfers_hold_nothing_that_must_be_erased() -> None:
    fields = registry.policy_of("billing.Transfer").fields.values()

    assert personal_data.SEVEN_YEARS in registry.units()
    assert {field.category for field in fields} <= {"none", "money", "workspace_meta", "person_id"}
