"""Addresses of the staff's work on customers: finding them, access, and what a grant opens."""

from django.urls import path

from smsplatform.views.staff import acts, exports, grants, messages, packages, people, proposals, support, workspaces

urlpatterns = [
    path("staff", workspaces.home, name="staff_home"),
    path("staff/grants", grants.index, name="staff_grants"),
    path("staff/grants/<slug:grant_id>/step", grants.step, name="staff_grant_step"),
    path("staff/grants/<slug:grant_id>/second", grants.ask_second, name="staff_grant_ask_second"),
    path("staff/grants/<slug:grant_id>/approve", grants.approve, name="staff_grant_approve"),
    path("staff/grants/<slug:grant_id>/end", grants.end, name="staff_grant_end"),
    path("staff/grants/<slug:grant_id>/review", grants.review, name="staff_grant_review"),
    path("staff/proposals/<slug:proposal_id>", proposals.decide, name="staff_proposal_decide"),
    path("staff/senders", acts.sender_reviews, name="staff_senders"),
    path("staff/workspaces/<slug:workspace_id>", workspaces.show, name="staff_workspace"),
    path("staff/workspaces/<slug:workspace_id>/access", grants.ask, name="staff_grant_ask"),
    path("staff/workspaces/<slug:workspace_id>/suspend", acts.suspend, name="staff_workspace_suspend"),
    path("staff/workspaces/<slug:workspace_id>/reinstate", acts.reinstate, name="staff_workspace_reinstate"),
    path("staff/workspaces/<slug:workspace_id>/messages", messages.index, name="staff_messages"),
    path("staff/workspaces/<slug:workspace_id>/messages/<slug:message_id>", messages.show, name="staff_message"),
    path(
        "staff/workspaces/<slug:workspace_id>/messages/<slug:message_id>/refund",
        messages.refund,
        name="staff_message_refund",
    ),
    path("staff/workspaces/<slug:workspace_id>/ledger", acts.ledger, name="staff_ledger"),
    path("staff/workspaces/<slug:workspace_id>/exports", exports.index, name="staff_exports"),
    path(
        "staff/workspaces/<slug:workspace_id>/exports/<slug:export_id>",
        exports.download,
        name="staff_export_download",
    ),
    path("staff/workspaces/<slug:workspace_id>/keys", acts.keys, name="staff_keys"),
    path(
        "staff/workspaces/<slug:workspace_id>/keys/<slug:key_id>",
        acts.key_suspension,
        name="staff_key_suspension",
    ),
    path(
        "staff/workspaces/<slug:workspace_id>/disclosures/<slug:disclosure_id>/produce",
        packages.produce,
        name="staff_package_produce",
    ),
    path(
        "staff/workspaces/<slug:workspace_id>/disclosures/<slug:disclosure_id>/take",
        packages.take,
        name="staff_package_take",
    ),
    path("staff/workspaces/<slug:workspace_id>/team", people.team, name="staff_team"),
    path(
        "staff/workspaces/<slug:workspace_id>/team/<slug:user_id>/sign-out",
        people.end_sessions,
        name="staff_end_sessions",
    ),
    path("staff/support", support.queue, name="staff_support"),
    path("staff/workspaces/<slug:workspace_id>/support", support.index, name="staff_workspace_support"),
    path(
        "staff/workspaces/<slug:workspace_id>/support/<slug:support_number>",
        support.thread,
        name="staff_support_thread",
    ),
    path(
        "staff/workspaces/<slug:workspace_id>/support/<slug:support_number>/answer",
        support.answer,
        name="staff_support_answer",
    ),
    path(
        "staff/workspaces/<slug:workspace_id>/support/<slug:support_number>/take",
        support.take,
        name="staff_support_take",
    ),
    path(
        "staff/workspaces/<slug:workspace_id>/support/<slug:support_number>/resolve",
        support.resolve,
        name="staff_support_resolve",
    ),
    path("staff/workspaces/<slug:workspace_id>/senders", acts.senders, name="staff_workspace_senders"),
    path(
        "staff/workspaces/<slug:workspace_id>/senders/<slug:sender_id>",
        acts.decide_sender,
        name="staff_sender_decide",
    ),
]
