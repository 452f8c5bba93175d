"""Every address, by app. A test walks them all and fails on a view that does not say who may use it."""

from django.urls import include, path, register_converter

from privacy.documents.texts import DOCUMENTS
from smsplatform.views import (
    abuse,
    consent,
    disclosures,
    docs,
    health,
    notices,
    outbox,
    policies,
    promises,
    public,
    recipients,
    security_notices,
    support,
    tickets,
    well_known,
)
from smsplatform.views.requests import centre, outcome, own, proving, senders, tracking
from smsplatform.views.staff import abuse as staff_abuse
from smsplatform.views.staff import audit as staff_audit
from smsplatform.views.staff import breaches
from smsplatform.views.staff import carriers as staff_carriers
from smsplatform.views.staff import dead_letters as staff_dead_letters
from smsplatform.views.staff import disclosures as staff_disclosures
from smsplatform.views.staff import holds as staff_holds
from smsplatform.views.staff import notices as staff_notices
from smsplatform.views.staff import policies as staff_policies
from smsplatform.views.staff import promises as staff_promises
from smsplatform.views.staff import queues as staff_queues
from smsplatform.views.staff import records as staff_records
from smsplatform.views.staff import requests as staff_requests
from smsplatform.views.staff import retention as staff_retention
from smsplatform.views.staff import reviews as staff_reviews

register_converter(policies.DocumentConverter, "document")

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("", public.home, name="home"),
    path("welcome", public.welcome, name="welcome"),
    path("prices", public.prices, name="prices"),
    path("status", public.status_page, name="status"),
    path("privacy", public.privacy, name="privacy"),
    path("privacy/promises", promises.board, name="promises"),
    path("privacy/promises.json", promises.report, name="promises_report"),
    path(".well-known/promises.json", promises.keys, name="promises_keys"),
    path("staff/promises", staff_promises.board, name="staff_promises"),
    path("staff/promises/<slug:promise>", staff_promises.promise_page, name="staff_promise"),
    path("staff/promises/<slug:promise>/attest", staff_promises.attest, name="staff_promise_attest"),
    path("staff/promises/<slug:promise>/look", staff_promises.look, name="staff_promise_look"),
    *(path(f"privacy/{key}", policies.current, {"document": key}, name=key) for key in DOCUMENTS),
    path("privacy/<document:document>/versions", policies.archive, name="document_archive"),
    path("privacy/<document:document>/<int:number>", policies.numbered, name="document_version"),
    path("privacy/<document:document>/<int:number>/changes", policies.changed, name="document_changes"),
    path("privacy/notices.atom", notices.feed, name="notices_feed"),
    path("privacy/notices/<slug:notice_id>/dismiss", notices.dismiss, name="notice_dismiss"),
    path("staff/policies", staff_policies.index, name="staff_policies"),
    path("staff/policies/<document:document>", staff_policies.show, name="staff_policy"),
    path("staff/policies/<document:document>/draft", staff_policies.draft, name="staff_policy_draft"),
    path("staff/policies/<document:document>/raise", staff_policies.raise_weight, name="staff_policy_raise"),
    path("staff/policies/<document:document>/announce", staff_policies.announce, name="staff_policy_announce"),
    path("staff/records", staff_records.index, name="staff_records"),
    *(
        path(
            f"staff/records/{role}.{form}",
            staff_records.download,
            {"role": role, "form": form},
            name="staff_records_file",
        )
        for role in staff_records.ROLES
        for form in staff_records.FORMS
    ),
    path("staff/records/data-map.yml", staff_records.data_map, name="staff_data_map"),
    path("privacy/recipients", recipients.index, name="recipients"),
    path("privacy/cookies", consent.cookie_page, name="cookies"),
    path("privacy/cookies/receipt.json", consent.receipt, name="consent_receipt"),
    path("security-notices", security_notices.security_notices, name="security_notices"),
    path(".well-known/security.txt", security_notices.security_contact, name="security_txt"),
    path("staff/breaches", breaches.breaches, name="staff_breaches"),
    path("staff/breaches/new", breaches.breach_new, name="staff_breach_new"),
    path("staff/breaches/runbook", breaches.breach_runbook, name="staff_breach_runbook"),
    path("staff/breaches/<str:incident_id>", breaches.breach, name="staff_breach"),
    path("staff/breaches/<str:incident_id>/scope", breaches.breach_scope, name="staff_breach_scope"),
    path("staff/breaches/<str:incident_id>/assess", breaches.breach_assess, name="staff_breach_assess"),
    path("staff/breaches/<str:incident_id>/measure", breaches.breach_measure, name="staff_breach_measure"),
    path("staff/breaches/<str:incident_id>/revoke", breaches.breach_revoke, name="staff_breach_revoke"),
    path("staff/breaches/<str:incident_id>/close", breaches.breach_close, name="staff_breach_close"),
    path("staff/breaches/<str:incident_id>/report", breaches.breach_report, name="staff_breach_report"),
    path("staff/breaches/<str:incident_id>/tell/<str:audience>", breaches.breach_tell, name="staff_breach_tell"),
    path(".well-known/gpc.json", consent.gpc, name="gpc"),
    path(".well-known/audit/checkpoint", well_known.checkpoint, name="audit_checkpoint"),
    path(".well-known/audit/key", well_known.key, name="audit_key"),
    path(".well-known/audit/segments", well_known.segments, name="audit_segments"),
    path("privacy/requests", centre.centre, name="privacy_requests"),
    path("privacy/requests/find", proving.find, name="privacy_find"),
    path("privacy/requests/code", proving.code, name="privacy_code"),
    path("privacy/requests/wallet", proving.wallet, name="privacy_wallet"),
    path("privacy/requests/sent", proving.sent, name="privacy_sent"),
    path("privacy/requests/link/<str:token>", proving.link, name="privacy_link"),
    path("privacy/requests/mine", tracking.mine, name="privacy_mine"),
    path("privacy/requests/senders", senders.senders, name="privacy_senders"),
    path("privacy/requests/senders/stop", senders.stop, name="privacy_stop"),
    path("privacy/requests/<str:data_request_id>", tracking.track, name="privacy_request"),
    path("privacy/requests/<str:data_request_id>/withdraw", tracking.withdraw, name="privacy_withdraw"),
    path("privacy/requests/<str:data_request_id>/approve", outcome.approve, name="privacy_approve"),
    path("privacy/requests/<str:data_request_id>/lift", outcome.lift, name="privacy_lift"),
    path("privacy/requests/<str:data_request_id>/copy", outcome.copy, name="privacy_copy"),
    path("account/data", own.data, name="account_data"),
    path("privacy-requests", tickets.index, name="tickets"),
    path("privacy-requests/switches", tickets.switches, name="ticket_switches"),
    path("privacy-requests/<str:ticket_id>", tickets.ticket, name="ticket"),
    path("privacy-requests/<str:ticket_id>/accept", tickets.accept, name="ticket_accept"),
    path("privacy-requests/<str:ticket_id>/refuse", tickets.refuse, name="ticket_refuse"),
    path("support", support.index, name="support"),
    path("support/new", support.new, name="support_new"),
    path("support/<slug:support_number>", support.show, name="support_thread"),
    path("support/<slug:support_number>/write", support.write, name="support_write"),
    path("support/<slug:support_number>/resolved", support.settle, name="support_settle"),
    path("staff/requests", staff_requests.queue, name="staff_requests"),
    path("staff/requests/<str:staff_request_id>", staff_requests.one, name="staff_request"),
    path("staff/requests/<str:staff_request_id>/act", staff_requests.act, name="staff_request_act"),
    path("docs", docs.docs, name="docs"),
    path("docs/api", docs.api, name="docs_api"),
    path("docs/api/key", docs.api_key, name="docs_api_key"),
    path("docs/webhooks", docs.webhooks, name="docs_webhooks"),
    path("docs/testing", docs.testing, name="docs_testing"),
    path("docs/errors", docs.errors, name="docs_errors"),
    path("docs/errors/<slug:code>", docs.error, name="docs_error"),
    path("outbox", outbox.outbox_list, name="outbox"),
    path("outbox/preview", outbox.preview_list, name="mail_previews"),
    path("outbox/preview/<path:template>.html", outbox.preview_html, name="mail_preview_html"),
    path("outbox/preview/<path:template>", outbox.preview, name="mail_preview"),
    path("outbox/<str:mail_id>.html", outbox.outbox_html, name="outbox_html"),
    path("outbox/<str:mail_id>", outbox.outbox_mail, name="outbox_mail"),
    path("staff/retention", staff_retention.index, name="staff_retention"),
    path("report", abuse.report, name="report"),
    path("report/done", abuse.done, name="report_done"),
    path("staff/abuse", staff_abuse.index, name="staff_abuse"),
    path("staff/abuse/new", staff_abuse.new, name="staff_abuse_new"),
    path("staff/abuse/<str:abuse_case_id>", staff_abuse.show, name="staff_abuse_case"),
    path("staff/abuse/<str:abuse_case_id>/move", staff_abuse.move, name="staff_abuse_move"),
    path("staff/abuse/<str:abuse_case_id>/trace", staff_abuse.trace, name="staff_abuse_trace"),
    path("staff/abuse/<str:abuse_case_id>/forget", staff_abuse.forget, name="staff_abuse_forget"),
    path("disclosures", disclosures.index, name="disclosures"),
    path("disclosures/<str:disclosure_notice_id>/object", disclosures.object_to, name="disclosure_object"),
    path("privacy/authorities", disclosures.authorities, name="authorities"),
    path("staff/disclosures", staff_disclosures.index, name="staff_disclosures"),
    path("staff/disclosures/new", staff_disclosures.new, name="staff_disclosure_new"),
    path("staff/disclosures/runbook", staff_disclosures.runbook, name="staff_disclosure_runbook"),
    path("staff/disclosures/<str:disclosure_id>", staff_disclosures.show, name="staff_disclosure"),
    path("staff/disclosures/<str:disclosure_id>/assess", staff_disclosures.assess, name="staff_disclosure_assess"),
    path("staff/disclosures/<str:disclosure_id>/tell", staff_disclosures.tell, name="staff_disclosure_tell"),
    path("staff/disclosures/<str:disclosure_id>/answer", staff_disclosures.answer, name="staff_disclosure_answer"),
    path("staff/disclosures/<str:disclosure_id>/approve", staff_disclosures.approve, name="staff_disclosure_approve"),
    path(
        "staff/disclosures/<str:disclosure_id>/lengthen", staff_disclosures.lengthen, name="staff_disclosure_lengthen"
    ),
    path("staff/disclosures/<str:disclosure_id>/silence", staff_disclosures.decide_bar, name="staff_disclosure_bar"),
    path("staff/disclosures/<str:disclosure_id>/shorten", staff_disclosures.shorten, name="staff_disclosure_shorten"),
    path(
        "staff/disclosures/<str:disclosure_id>/hand-over",
        staff_disclosures.hand_over,
        name="staff_disclosure_hand_over",
    ),
    path(
        "staff/disclosures/<str:disclosure_id>/withdraw", staff_disclosures.withdraw, name="staff_disclosure_withdraw"
    ),
    path("staff/holds", staff_holds.index, name="staff_holds"),
    path("staff/holds/place", staff_holds.place, name="staff_hold_place"),
    path("staff/holds/<slug:hold_id>", staff_holds.show, name="staff_hold"),
    path("staff/holds/<slug:hold_id>/review", staff_holds.review, name="staff_hold_review"),
    path("staff/holds/<slug:hold_id>/release", staff_holds.release, name="staff_hold_release"),
    path("staff/audit", staff_audit.index, name="staff_audit"),
    path("staff/audit/verify", staff_audit.verify, name="staff_audit_verify"),
    path("staff/audit/download.<slug:file_format>", staff_audit.download, name="staff_audit_download"),
    path("staff/audit/<str:event_id>", staff_audit.event, name="staff_audit_event"),
    path("staff/audit/<str:event_id>/proof.json", staff_audit.proof, name="staff_audit_proof"),
    path("staff/carriers", staff_carriers.index, name="staff_carriers"),
    path("staff/carriers/<str:subject>/<slug:onoff>", staff_carriers.switch, name="staff_carrier_switch"),
    path("staff/queues", staff_queues.index, name="staff_queues"),
    path("staff/dead-letters", staff_dead_letters.index, name="staff_dead_letters"),
    path("staff/dead-letters/<slug:kind>/<str:subject>", staff_dead_letters.retry, name="staff_dead_letter_retry"),
    path("staff/notices", staff_notices.index, name="staff_notices"),
    path("staff/notices/end", staff_notices.end, name="staff_notice_end"),
    path("staff/reviews", staff_reviews.index, name="staff_reviews"),
    path("staff/reviews/sign", staff_reviews.sign, name="staff_reviews_sign"),
    path("", include("smsplatform.staff_urls")),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("messaging.urls")),
]
handler500 = "smsplatform.views.failures.server_error"
