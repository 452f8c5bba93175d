"""Every address, by app. A test walks them all and fails on a view that does not say who may use it."""

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("messaging.urls")),
]
