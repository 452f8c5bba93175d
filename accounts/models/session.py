from importlib import import_module

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from smsplatform.lib import clock


class Session(AbstractBaseSession):
    """A browser that somebody signed in with. The key is a digest: who reads this table cannot use what is in it.

    No network address and no full user agent: ``device`` is the family of browser and system.
    """

    user = models.ForeignKey("accounts.User", null=True, on_delete=models.CASCADE, related_name="sessions")
    device = models.CharField(max_length=40, default="", blank=True)
    started_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(default=clock.now)

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        db_table = "accounts_session"

    @classmethod
    def get_session_store_class(cls):  # type: ignore[no-untyped-def]  # as Django's, which is untyped
        return import_module(settings.SESSION_ENGINE).SessionStore
