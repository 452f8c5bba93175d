from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class MessagingConfig(AppConfig):
    name = "messaging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for new workspaces and migrations, and say what notifications mean."""
        post_migrate.connect(import_module("messaging.bounds").after_migrate, sender=self)
        import_module("messaging.objecting")
        import_module("messaging.opening")
        import_module("messaging.notices")
        import_module("messaging.stopping")
        import_module("messaging.incidents")
