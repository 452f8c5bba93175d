from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PrivacyConfig(AppConfig):
    """Collects what apps declare in ``personal_data.py`` and ``promises.py``, as the admin collects ``admin.py``."""

    name = "privacy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """All models are loaded by now."""
        from privacy import checks, inventory  # they need loaded models

        inventory.install()
        autodiscover_modules("personal_data", "promises", "live")
        checks.install()
