from importlib import import_module

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The project itself: tenancy's migration, the commands and the deployment checks."""

    name = "smsplatform"

    def ready(self) -> None:
        """Make our Celery application the one that tasks belong to, in every process that uses Django."""
        import_module("smsplatform.celery")
