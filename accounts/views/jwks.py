"""The public keys that our access tokens are signed with, for whoever wants to check one (RFC 7517)."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from accounts import signing_keys
from accounts.access import public
from smsplatform.lib import clock


@public
@cache_control(public=True, max_age=300)
@require_GET
def jwks(request: HttpRequest) -> JsonResponse:
    """Every key that may have signed a token that is still good."""
    return JsonResponse({"keys": signing_keys.published(at=clock.now())})
