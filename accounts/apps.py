from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to sign-ins, incidents and requests that people have to be told of; register notifications."""
        import_module("accounts.arrivals")
        import_module("accounts.closing")
        import_module("accounts.disclosing")
        import_module("accounts.incidents")
        import_module("accounts.reauth")
        import_module("accounts.request_notices")
        import_module("accounts.support")
