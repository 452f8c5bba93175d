from importlib import import_module

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The project itself: tenancy's migration, the commands and the deployment checks."""

    name = "smsplatform"

    def ready(self) -> None:
        """Register the checks, and our Celery application as the one that tasks belong to."""
        import_module("smsplatform.celery")
        import_module("smsplatform.checks")
