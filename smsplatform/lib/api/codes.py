"""Every error code of the API: what happened, why, and what to do. API, documentation and dashboard read it here.

Codes are stable; texts may improve. ``gettext_noop`` only marks the texts for translators: the API always answers in
English, and pages translate when they show them.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeInfo:
    """One kind of refusal. ``status`` is the HTTP status when it is the whole answer."""

    status: int
    title: str
    cause: str
    fix: str


def _code(status: int, title: str, cause: str, fix: str) -> CodeInfo:
    return CodeInfo(status=status, title=title, cause=cause, fix=fix)


_BODY = {
    "invalid_request": _code(
        422,
        _("The request has several errors"),
        _("More than one field of the request cannot be accepted."),
        _("Each entry of errors names a field and its fix. Nothing was sent, charged or stored."),
    ),
    "bad_request": _code(
        400,
        _("The request is not understood"),
        _("The request is not well-formed."),
        _("Compare it with the documentation of the endpoint."),
    ),
    "unknown_api_version": _code(
        400,
        _("The version of the API is unknown"),
        _("There is no version of the API by the name in the header Api-Version."),
        _("Name one that there is, or leave the header out to have the version of your key."),
    ),
    "invalid_json": _code(
        400,
        _("The body is not valid JSON"),
        _("The request body is not one JSON value in UTF-8, or contains NaN or Infinity."),
        _("Send one JSON document in UTF-8; numbers must be finite."),
    ),
    "duplicate_key": _code(
        400,
        _("A name appears twice in one object"),
        _("An object of the request body has the same name twice, so its meaning is unclear."),
        _("Send each name once per object."),
    ),
    "body_too_large": _code(
        413,
        _("The request body is too large"),
        _("The request body is larger than this endpoint reads (256 KiB unless its documentation says otherwise)."),
        _("Send less in one request, for example a smaller batch."),
    ),
    "request_timeout": _code(
        408,
        _("The request did not arrive in time"),
        _("The request body was not complete within 30 seconds, and the connection was closed."),
        _("Send the request again, with the same Idempotency-Key if it had one. Nothing was sent, charged or stored."),
    ),
    "unsupported_media_type": _code(
        415,
        _("The content type is not supported"),
        _("The body is not declared as JSON."),
        _("Send Content-Type: application/json."),
    ),
    "not_acceptable": _code(
        406,
        _("No acceptable representation"),
        _("The Accept header excludes JSON."),
        _("Accept application/json."),
    ),
}

_FIELDS = {
    "required": _code(
        422, _("A required field is missing"), _("The field is required."), _("Add the field with a value.")
    ),
    "null": _code(
        422, _("A field may not be null"), _("The field is null."), _("Send a value, or leave the field out.")
    ),
    "blank": _code(422, _("A field is empty"), _("The field is empty."), _("Send at least one character.")),
    "wrong_type": _code(
        422,
        _("A field has the wrong type"),
        _("The value has another JSON type than the field."),
        _("Send the type that the schema names."),
    ),
    "invalid_value": _code(
        422,
        _("A field has a value that is not allowed"),
        _("The value is not one that the field takes."),
        _("Send a value that the schema allows."),
    ),
    "unknown_field": _code(
        422,
        _("A field is unknown"),
        _("The endpoint does not know this field, and ignoring it could send something else than you meant."),
        _("Check the spelling, or remove the field."),
    ),
    "too_long": _code(422, _("A value is too long"), _("The value is longer than allowed."), _("Shorten the value.")),
    "too_short": _code(
        422, _("A value is too short"), _("The value is shorter than allowed."), _("Send the complete value.")
    ),
    "out_of_range": _code(
        422,
        _("A number is out of range"),
        _("The value is above or below what is allowed."),
        _("Send a value within the limits of the schema."),
    ),
    "lone_surrogate": _code(
        422,
        _("A text contains half a character"),
        _("The text contains a lone UTF-16 surrogate, which is no character."),
        _("Cut texts between characters, not inside a pair; emoji are pairs in UTF-16."),
    ),
    "control_character": _code(
        422,
        _("A text contains a NUL character"),
        _("The text contains the character U+0000, which no phone shows and no database stores."),
        _("Remove the character."),
    ),
    "invalid_id": _code(
        422,
        _("An id is malformed"),
        _("The value is not an id of this kind; ids have a prefix such as msg_ and 26 characters."),
        _("Use the id exactly as an earlier answer gave it."),
    ),
    "invalid_cursor": _code(
        422,
        _("The cursor is not valid"),
        _("The cursor was not made by this list."),
        _("Use next_cursor of the last page unchanged, or leave it out to begin again."),
    ),
    "invalid_limit": _code(
        422, _("The page size is not valid"), _("limit is not a whole number from 1 to 100."), _("Send 1 to 100.")
    ),
    "invalid_filter": _code(
        422,
        _("A filter is not valid"),
        _("The filter is unknown or its value has the wrong form."),
        _("Times are RFC 3339 with a zone, such as 2026-03-01T12:00:00Z; the documentation lists each list's filters."),
    ),
}

_NUMBERS = {
    "invalid_number": _code(
        422,
        _("The phone number is not valid"),
        _("No network can have this number."),
        _("Check the number; send it as +, country code and number, digits only."),
    ),
    "not_e164": _code(
        422,
        _("The phone number is not international"),
        _("The number does not start with + and a country code, or contains letters or an extension."),
        _("Send + and the country code, without a leading 0 or 00: 06 1234 5678 in the Netherlands is +31612345678."),
    ),
    "unknown_country": _code(
        422,
        _("The country code does not exist"),
        _("The digits after + are not the calling code of a country."),
        _("Check the country code."),
    ),
    "not_valid": _code(
        422,
        _("The phone number does not exist"),
        _("The number plan of its country has no such number."),
        _("Check the number for a missing or mistyped digit."),
    ),
    "premium_rate": _code(
        422,
        _("Premium and special numbers are not served"),
        _("The number is a premium, shared-cost, company-wide or satellite number."),
        _("Send to a mobile or ordinary number."),
    ),
}

_MESSAGES = {
    "invalid_sender": _code(
        422,
        _("The sender is not valid"),
        _("from is neither a sender of this workspace, nor a number, nor a name of 1 to 11 characters."),
        _("Use a sender from the list of your senders, or leave from out to use the workspace's default."),
    ),
    "no_default_sender": _code(
        422,
        _("There is no default sender"),
        _("The request has no from, and the workspace has no default sender."),
        _("Name a sender in from, or choose a default one for the workspace."),
    ),
    "sender_not_approved": _code(
        422,
        _("The sender is not approved"),
        _("This sender has not been approved for the recipient's country."),
        _("Use another sender, or wait until this one is approved."),
    ),
    "sender_not_allowed": _code(
        422,
        _("The key may not use this sender"),
        _("The API key is limited to certain senders, and this is none of them."),
        _("Name one of the key's senders in from, or add this one to the key's limits."),
    ),
    "country_not_allowed": _code(
        422,
        _("The key may not send to this country"),
        _("The API key is limited to certain countries, and the number belongs to another."),
        _("Send with another key, or add the country to the key's limits."),
    ),
    "body_or_template": _code(
        422,
        _("Either a body or a template is needed"),
        _("The request has both body and template, or neither."),
        _("Send exactly one of them."),
    ),
    "template_not_found": _code(
        422,
        _("The template does not exist"),
        _("The workspace has no template with this id and version."),
        _("Use the id and version of an existing template."),
    ),
    "template_variables": _code(
        422,
        _("The template's variables do not match"),
        _("A variable of the template has no value, or a value has no variable."),
        _("Send exactly the variables that the template names."),
    ),
    "code_not_accepted": _code(
        422,
        _("One-time codes need a template"),
        _("A message of category otp carries its code in the body, where it would be stored."),
        _("Send a template with a variable of type code, or use verifications, so that the code is never at rest."),
    ),
    "offending_characters": _code(
        422,
        _("The text does not fit the encoding"),
        _("encoding is gsm7 and the text has characters outside of it."),
        _("Use encoding auto, or set smart_encoding to have look-alikes replaced."),
    ),
    "not_encodable": _code(
        422,
        _("The text does not fit the encoding"),
        _("The text has characters that the wanted encoding lacks."),
        _("Use encoding auto."),
    ),
    "invalid_text": _code(
        422, _("The text cannot be sent"), _("The text cannot be sent as SMS."), _("Change the text.")
    ),
    "too_many_parts": _code(
        422,
        _("The text needs too many parts"),
        _("The text is longer than max_parts or the limit of the platform allows."),
        _("Shorten the text, remove characters outside GSM 7-bit, or raise max_parts."),
    ),
    "price_above_max": _code(
        422,
        _("The price is above max_price"),
        _("The message costs more than max_price."),
        _("Raise max_price, or shorten the text. Nothing was charged."),
    ),
    "no_route_price": _code(
        422,
        _("The destination is not served"),
        _("The workspace's price plan has no price for this destination."),
        _("Ask for the destination to be added, or send elsewhere."),
    ),
    "no_route": _code(
        422,
        _("The destination cannot be reached"),
        _("No carrier serves this destination at present."),
        _("Send elsewhere, or ask for the destination to be added."),
    ),
    "ttl_out_of_range": _code(
        422,
        _("The time to live is out of range"),
        _("ttl or expires_at is shorter or longer than the platform allows, or not after send_at."),
        _("Send at least 30 seconds, at most as long as the text is kept: 24 hours, or less if the workspace says so."),
    ),
    "ttl_or_expires_at": _code(
        422,
        _("Two ends of validity"),
        _("The request has both ttl and expires_at."),
        _("Send one of them."),
    ),
    "zone_missing": _code(
        422,
        _("A time has no zone"),
        _("The time does not say in which zone it is."),
        _("Send RFC 3339 with a zone, such as 2026-03-01T12:00:00Z."),
    ),
    "retain_hours_out_of_range": _code(
        422,
        _("The retention is out of range"),
        _("retain_hours is below 1 or above what the workspace keeps texts for."),
        _("A message can only ask for less than the workspace's setting."),
    ),
    "invalid_amount": _code(
        422,
        _("The amount is not valid"),
        _("The value is not a decimal of zero or more."),
        _("Send a text such as 0.10, in the currency of the workspace."),
    ),
    "send_at_out_of_range": _code(
        422,
        _("The sending time is out of range"),
        _("send_at is in the past or too far ahead."),
        _("Send a time with zone within the allowed window, or leave it out to send now."),
    ),
    "metadata_invalid": _code(
        422,
        _("The metadata is not valid"),
        _("metadata is not a flat object of short texts, or has too many entries."),
        _("Send up to 20 entries; names up to 40, values up to 200 characters. No personal data."),
    ),
    "batch_empty": _code(422, _("The batch is empty"), _("messages has no entries."), _("Send 1 to 1,000 messages.")),
    "batch_too_large": _code(
        422,
        _("The batch is too large"),
        _("messages has more than 1,000 entries."),
        _("Split it into several requests."),
    ),
    "suppressed_recipient": _code(
        422,
        _("The recipient has opted out"),
        _("The recipient is on the suppression list of this workspace for this category."),
        _("Do not send. Remove the entry only when the person has asked for messages again."),
    ),
    "restricted_recipient": _code(
        422,
        _("The recipient is restricted"),
        _("A restriction of processing stands for this recipient."),
        _("Do not send until the restriction is lifted."),
    ),
}

_ACCESS = {
    "missing_key": _code(
        401,
        _("No API key"),
        _("The request has no API key."),
        _("Send Authorization: Bearer sk_live_… or sk_test_…."),
    ),
    "invalid_key": _code(
        401,
        _("The API key is not valid"),
        _("No such API key exists."),
        _("Check that the whole key was copied, and that it is a key of this platform."),
    ),
    "revoked_key": _code(
        401, _("The API key was revoked"), _("This key has been revoked."), _("Use another key, or create one.")
    ),
    "workspace_suspended": _code(
        403,
        _("The workspace or the key is suspended"),
        _("The operator stopped this workspace or this key, for example because it was misused."),
        _("Nothing you stored is lost. Write to support; the activity log says when it was stopped."),
    ),
    "expired_key": _code(
        401, _("The API key has expired"), _("The key's end date has passed."), _("Use another key, or create one.")
    ),
    "invalid_token": _code(
        401,
        _("The access token is not valid"),
        _("We did not sign this token, or it is meant for something else."),
        _("Refresh it, or sign in again."),
    ),
    "expired_token": _code(
        401,
        _("The access token has expired"),
        _("Access tokens are good for 15 minutes."),
        _("Exchange the refresh token for a new pair."),
    ),
    "revoked_token": _code(
        401,
        _("The access token was revoked"),
        _("Its sign-in was ended, or its person left the workspace."),
        _("Sign in again."),
    ),
    "invalid_refresh_token": _code(
        401,
        _("The refresh token is not valid"),
        _("It is unknown, was revoked, or is older than 30 days."),
        _("Sign in again."),
    ),
    "refresh_token_reused": _code(
        401,
        _("The refresh token was used before"),
        _("A refresh token is good for one exchange; a second one means that it was copied. Its sign-in was ended."),
        _("Sign in again, and keep only the newest refresh token."),
    ),
    "sign_in_failed": _code(
        401,
        _("Signing in failed"),
        _("E-mail and password do not match an account."),
        _("Check both. Nobody is told which of them was wrong."),
    ),
    "second_factor_required": _code(
        401,
        _("A second factor is needed"),
        _("The account or the workspace asks for a code from an authenticator."),
        _("Send the present code as code; set up a second factor in the browser first if there is none."),
    ),
    "second_factor_failed": _code(
        401,
        _("The code is not right"),
        _("The code does not match, was used before, or came too soon after a wrong one."),
        _("Wait for the next code and send that."),
    ),
    "too_many_attempts": _code(
        429,
        _("Too many attempts to sign in"),
        _("Somebody tried this account or from this network too often."),
        _("Wait for the number of seconds in Retry-After."),
    ),
    "ip_not_allowed": _code(
        403,
        _("The address is not allowed"),
        _("The key may only be used from certain addresses, and this request came from another."),
        _("Send from an allowed address, or add this one to the key."),
    ),
    "missing_scope": _code(
        403,
        _("The API key lacks a scope"),
        _("The key may not do this."),
        _("Use a key that has the scope the endpoint's documentation names."),
    ),
    "permission_denied": _code(
        403, _("Not permitted"), _("The request is not permitted."), _("Ask an owner of the workspace.")
    ),
}

_IDEMPOTENCY = {
    "invalid_idempotency_key": _code(
        422,
        _("The idempotency key is not valid"),
        _("Idempotency-Key is not 1 to 255 visible ASCII characters."),
        _("Send a random value, such as a UUID, without personal data."),
    ),
    "idempotency_key_reused": _code(
        422,
        _("The idempotency key was used for another request"),
        _("A request with the same key and another payload was accepted earlier."),
        _("Use a new key for a new request. Nothing was sent or charged for this one."),
    ),
    "idempotency_in_progress": _code(
        409,
        _("The same request is in progress"),
        _("A request with the same idempotency key has not been answered yet."),
        _("Repeat the request after the time in Retry-After."),
    ),
}

_MONEY = {
    "insufficient_balance": _code(
        402,
        _("The balance is too low"),
        _("The wallet does not hold the price of the request."),
        _("Top up the wallet, then send again. Nothing was charged."),
    ),
    "wallet_frozen": _code(
        403,
        _("The wallet is frozen"),
        _("The wallet may not be charged at present."),
        _("Contact support; the reason is in the workspace's notices."),
    ),
}

_STATE = {
    "not_found": _code(
        404,
        _("Not found"),
        _("Nothing with this id exists in the workspace of the key."),
        _("Check the address, the id, and whether the key belongs to the same workspace and mode."),
    ),
    "method_not_allowed": _code(
        405, _("The method is not allowed"), _("This address does not take the method."), _("Allow lists the methods.")
    ),
    "not_cancelable": _code(
        409,
        _("The message can no longer be canceled"),
        _("It has been handed to a carrier, or is in a final state."),
        _("Cancel only while status is scheduled or queued."),
    ),
    "already_final": _code(
        409,
        _("The object is in a final state"),
        _("It will not change any more."),
        _("Read it to see its outcome; create a new one if needed."),
    ),
    "already_redacted": _code(
        409, _("Already redacted"), _("The content was erased before."), _("Nothing is left to do.")
    ),
    "conflict": _code(
        409,
        _("The request conflicts with the present state"),
        _("The object changed in between, or another one like it exists."),
        _("Read the object again and decide anew."),
    ),
}

_TRAFFIC = {
    "spend_limited": _code(
        429,
        _("The key's money for the day is spent"),
        _("The request costs more than what the key may still spend today (UTC)."),
        _("Wait for the number of seconds in Retry-After, or raise the key's limit. Nothing was charged."),
    ),
    "rate_limited": _code(
        429,
        _("The rate limit is reached"),
        _("The key has spent its requests for this second or this day."),
        _("Repeat after the time in Retry-After; RateLimit tells what is left."),
    ),
    "too_many_requests": _code(
        429,
        _("Too many requests at once"),
        _("The platform is working on as many requests of this workspace as it accepts at a time."),
        _("Repeat after the time in Retry-After, with fewer in parallel."),
    ),
    "service_unavailable": _code(
        503,
        _("Temporarily unavailable"),
        _("A part of the platform that this request needs is not available."),
        _("Repeat after the time in Retry-After with the same Idempotency-Key. Nothing was charged twice."),
    ),
    "internal_error": _code(
        500,
        _("Internal error"),
        _("The request failed for a reason that is ours."),
        _("Repeat it with the same Idempotency-Key; tell support the request_id if it persists."),
    ),
}

_WEBHOOKS = {
    "url_invalid": _code(
        422,
        _("The address is not valid"),
        _("The value is not a complete URL with a host name in ASCII, without user and password."),
        _("Send a URL such as https://example.com/webhooks/sms; write an international name in its xn-- form."),
    ),
    "url_not_https": _code(
        422,
        _("The address is not https"),
        _("Events carry data of your recipients and are only sent encrypted."),
        _("Use https on port 443."),
    ),
    "url_forbidden_port": _code(
        422,
        _("The port is not allowed"),
        _("Events are only delivered to port 443."),
        _("Use the standard port."),
    ),
    "url_forbidden_address": _code(
        422,
        _("The address is not public"),
        _("The host is, or resolves to, a private, local or reserved network address."),
        _("Use a host that is reachable on the public internet."),
    ),
    "url_unresolvable": _code(
        422,
        _("The host name cannot be resolved"),
        _("The name has no address."),
        _("Check the name and its DNS records."),
    ),
    "unknown_event_type": _code(
        422,
        _("The event type is unknown"),
        _("An entry of events is not an event type."),
        _("Use the types in the documentation, such as message.delivered."),
    ),
    "too_many_endpoints": _code(
        409,
        _("Too many webhook endpoints"),
        _("The workspace has as many endpoints as it may have."),
        _("Delete or change an existing one."),
    ),
    "too_many_callbacks": _code(
        409,
        _("Too many addresses in status_callback"),
        _("Messages of this workspace and mode have named 100 different addresses, which is as many as there may be."),
        _("Use one address for all and tell messages apart by id or reference, or delete an endpoint made that way."),
    ),
    "endpoint_disabled": _code(
        409,
        _("The webhook endpoint is disabled"),
        _("The endpoint was switched off, by hand or after failing for a long time."),
        _("Enable the endpoint first."),
    ),
}

CODES: dict[str, CodeInfo] = {
    **_BODY,
    **_FIELDS,
    **_NUMBERS,
    **_MESSAGES,
    **_ACCESS,
    **_IDEMPOTENCY,
    **_MONEY,
    **_STATE,
    **_TRAFFIC,
    **_WEBHOOKS,
}
