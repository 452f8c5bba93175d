from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class PrivacyConfig(AppConfig):
    """Collects what apps declare in ``personal_data.py`` and ``promises.py``, as the admin collects ``admin.py``."""

    name = "privacy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """All models are loaded by now."""
        from privacy import checks, inventory  # they need loaded models
        from privacy.consent import groups
        from privacy.disclosures import packing as _packing
        from privacy.documents import in_force, providers

        inventory.install()
        assert _packing.SUBJECT  # imported because it tells archives how packages are made
        providers.install()
        autodiscover_modules("personal_data", "promises", "live")
        checks.install()
        post_migrate.connect(groups.synchronise, sender=apps.get_app_config("cookie_consent"))
        in_force.install()
