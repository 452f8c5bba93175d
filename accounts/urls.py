"""Signing in and personal choices."""

from django.urls import path

from accounts.views import places, preferences, second_factor, sessions

urlpatterns = [
    path("sign-in", sessions.sign_in, name="sign_in"),
    path("sign-in/code", second_factor.second_factor, name="second_factor"),
    path("sign-out", sessions.sign_out, name="sign_out"),
    path("workspace", preferences.workspace, name="workspace"),
    path("mode", preferences.mode, name="mode"),
    path("theme", preferences.theme, name="theme"),
    path("language", preferences.language, name="language"),
    path("no-workspace", places.no_workspace, name="no_workspace"),
]
