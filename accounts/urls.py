"""Signing in and personal choices."""

from django.urls import path

from accounts.access import public
from accounts.api import auth
from accounts.views import (
    closing,
    invitations,
    jwks,
    preferences,
    reauth,
    second_factor,
    sessions,
    settings,
    team,
    workspaces,
)

urlpatterns = [
    path("v1/auth/token", public(auth.Token.as_view())),
    path("v1/auth/refresh", public(auth.Refresh.as_view())),
    path("v1/auth/logout", public(auth.Logout.as_view())),
    path(".well-known/jwks.json", jwks.jwks, name="jwks"),
    path("sign-in", sessions.sign_in, name="sign_in"),
    path("sign-in/code", second_factor.second_factor, name="second_factor"),
    path("sign-out", sessions.sign_out, name="sign_out"),
    path("account/confirm", reauth.confirm, name="confirm"),
    path("workspace", preferences.workspace, name="workspace"),
    path("mode", preferences.mode, name="mode"),
    path("theme", preferences.theme, name="theme"),
    path("language", preferences.language, name="language"),
    path("no-workspace", workspaces.no_workspace, name="no_workspace"),
    path("workspaces/new", workspaces.new, name="workspace_new"),
    path("workspaces/<slug:workspace_id>/reopen", workspaces.reopen, name="workspace_reopen"),
    path("settings", settings.show, name="settings"),
    path("settings/save", settings.save, name="settings_save"),
    path("settings/close", closing.close, name="workspace_close"),
    path("account/delete", closing.delete_account, name="account_delete"),
    path("team", team.index, name="team"),
    path("team/invite", team.invite, name="team_invite"),
    path("team/leave", team.leave, name="team_leave"),
    path("team/join-link", team.join_link, name="team_join_link"),
    path("team/members/<slug:member_id>/role", team.change_role, name="member_role"),
    path("team/members/<slug:member_id>/remove", team.remove, name="member_remove"),
    path("team/invitations/<slug:invitation_id>/resend", team.resend, name="invitation_resend"),
    path("team/invitations/<slug:invitation_id>/revoke", team.revoke, name="invitation_revoke"),
    path("team/requests/<slug:request_id>/accept", team.accept, name="join_request_accept"),
    path("team/requests/<slug:request_id>/refuse", team.refuse, name="join_request_refuse"),
    path("invitations/<slug:invitation_token>", invitations.invitation, name="invitation"),
    path("invitations/<slug:invitation_token>/accept", invitations.accept, name="invitation_accept"),
    path("join/<slug:join_token>", invitations.join, name="join"),
    path("join/<slug:join_token>/ask", invitations.ask, name="join_ask"),
]
