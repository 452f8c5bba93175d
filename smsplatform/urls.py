"""Every address, by app. A test walks them all and fails on a view that does not say who may use it."""

from django.urls import include, path

from smsplatform.views import health

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("messaging.urls")),
]
