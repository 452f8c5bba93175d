from importlib import import_module

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for new workspaces, and say what notifications mean."""
        import_module("messaging.objecting")
        import_module("messaging.opening")
        import_module("messaging.notices")
        import_module("messaging.stopping")
        import_module("messaging.incidents")
