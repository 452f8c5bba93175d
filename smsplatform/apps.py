from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PlatformConfig(AppConfig):
    """The project itself: tenancy's migration, the commands and the deployment checks."""

    name = "smsplatform"

    def ready(self) -> None:
        """Register the checks, the mails of all apps, and our Celery application as the one tasks belong to."""
        import_module("smsplatform.celery")
        import_module("smsplatform.checks")
        autodiscover_modules("emails")
