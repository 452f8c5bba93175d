from django.apps import AppConfig


class KeystoreConfig(AppConfig):
    """Wrapped keys and tombstones, in a database of their own that the main backup never contains."""

    name = "privacy.keystore"
    label = "keystore"
