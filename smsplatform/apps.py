from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The project itself: tenancy's migration, the commands and the deployment checks."""

    name = "smsplatform"
