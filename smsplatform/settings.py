"""Every setting, read from the environment once. Four are required in production:

BASE_URL, SECRET_KEY, DATABASE_URL (with KEYSTORE_URL) and BROKER_URL. A wrong combination is a
numbered system check with a hint (``smsplatform/checks.py``), not a stack trace at the first request.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

from smsplatform.lib.secrets import derive_password

ROOT = Path(__file__).resolve().parent.parent
RUN_DIR = Path(environ.Env().str("RUN_DIR", default=str(ROOT / ".run")))
env = environ.Env()
if (RUN_DIR / "env").exists() and "DATABASE_URL" not in env.ENVIRON:
    # The quick start leaves its settings here, so that `manage.py shell` and friends reach the same databases.
    environ.Env.read_env(str(RUN_DIR / "env"))

# --- What the operator must say -----------------------------------------------------------------
BASE_URL = env.str("BASE_URL", default="http://localhost:8000")
SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = False
DEMO = env.bool("DEMO", default=False)  # the quick start: simulated carrier, handsets page, loopback webhooks

_host = urlsplit(BASE_URL).hostname or "localhost"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_host, "127.0.0.1", "localhost"] if DEMO else [_host])
SECURE = BASE_URL.startswith("https://")

# --- Databases ----------------------------------------------------------------------------------
# Roles, not rights, keep workspaces apart (smsplatform/lib/tenancy): `default` is what web requests and
# workspace tasks use, `staff` is what staff read as under a grant, `system` claims work across workspaces, `owner`
# migrates and is absent at run time.
_SESSION = "-c statement_timeout=60s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"


def _database(url: str, *, options: str = _SESSION) -> dict[str, Any]:
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    config["OPTIONS"] = {"options": options, "server_side_binding": True}
    # Under ASGI each request has a thread of its own: a connection that outlives it is never used again and only fills
    # PostgreSQL up, until somebody collects the garbage. Hot paths have sessions of their own (lib/database.py).
    config["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=0)
    config["CONN_HEALTH_CHECKS"] = True
    config["DISABLE_SERVER_SIDE_CURSORS"] = False
    return config


DATABASE_URL = env.str("DATABASE_URL", default="postgres://sp_app@localhost/main")
KEYSTORE_URL = env.str("KEYSTORE_URL", default="postgres://sp_keys@localhost/keystore")
DATABASES: dict[str, dict[str, Any]] = {"default": _database(DATABASE_URL), "keystore": _database(KEYSTORE_URL)}
_app = DATABASES["default"]
DATABASES["system"] = {
    **_app,
    "USER": "sp_system",
    "PASSWORD": env.str("SYSTEM_DATABASE_PASSWORD", default=derive_password(SECRET_KEY, "sp_system")),
}
DATABASES["staff"] = {
    **_app,
    "USER": "sp_staff",
    "PASSWORD": env.str("STAFF_DATABASE_PASSWORD", default=derive_password(SECRET_KEY, "sp_staff")),
}
# Auditors' pages read as `sp_audit`, which may write nothing, in sessions that are read-only besides.
DATABASES["audit"] = {
    **_app,
    "USER": "sp_audit",
    "PASSWORD": env.str("AUDIT_DATABASE_PASSWORD", default=derive_password(SECRET_KEY, "sp_audit")),
    "OPTIONS": {**_app["OPTIONS"], "options": f"{_SESSION} -c default_transaction_read_only=on"},
}
if OWNER_DATABASE_URL := env.str("OWNER_DATABASE_URL", default=""):
    DATABASES["owner"] = _database(OWNER_DATABASE_URL, options="-c lock_timeout=10s")
DATABASE_ROUTERS = ["smsplatform.lib.tenancy.routers.Router"]

# --- Broker and cache: nothing that may not be lost ---------------------------------------------
BROKER_URL = env.str("BROKER_URL", default="redis://localhost:6379/0")
LIMITS_URL = env.str("LIMITS_URL", default=BROKER_URL if BROKER_URL.startswith("redis") else "")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Keys ---------------------------------------------------------------------------------------
VAULT = env.str("VAULT", default="file")  # file | pkcs11
VAULT_FILE = env.str("VAULT_FILE", default=str(RUN_DIR / "vault.json"))
VAULT_PKCS11 = {
    "module": env.str("VAULT_PKCS11_MODULE", default=""),
    "token": env.str("VAULT_PKCS11_TOKEN", default=""),
    "pin": env.str("VAULT_PKCS11_PIN", default=""),
}

# --- Applications: the order is the data flow, and the order of erasure --------------------------
INSTALLED_APPS = [
    "messaging",
    "billing",
    "accounts",
    "privacy",
    "privacy.keystore",
    "smsplatform",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_otp",
    "django_otp_webauthn",
    "django_htmx",
    "heroicons",
    "csp",
    "cookie_consent",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "messaging.middleware.ApiLog",
    "smsplatform.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "privacy.consent.middleware.Consent",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.StaffConsole",
    "accounts.middleware.PolicyNotices",
    "accounts.middleware.Language",
    "accounts.middleware.Workspace",
]
ROOT_URLCONF = "smsplatform.urls"
ASGI_APPLICATION = "smsplatform.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "smsplatform.middleware.page_context",
            ],
            "builtins": [
                "heroicons.templatetags.heroicons",
                "smsplatform.templatetags.ui",
                "smsplatform.templatetags.consent",
                "smsplatform.templatetags.incidents",
                "smsplatform.templatetags.waiting_tickets",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.signin.EmailBackend", "django_otp_webauthn.backends.WebAuthnBackend"]
PASSWORD_HASHERS = ["smsplatform.lib.secrets.PasswordHasher"]  # BCryptSHA256 at cost 12
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
POLICY_PROFILE = env.str("POLICY_PROFILE", default="strict")  # privacy/profiles.py; one of five presets
STAFF_TICKET = env.str("STAFF_TICKET", default=r"[A-Z]{2,10}-[0-9]{1,8}")  # what a ticket's number looks like
STAFF_TIME_ZONE = env.str("STAFF_TIME_ZONE", default="UTC")  # when staff work; looks outside stand out to auditors
STAFF_HOURS = env.str("STAFF_HOURS", default="07:00-20:00")
STAFF_DAYS = env.list("STAFF_DAYS", cast=int, default=[1, 2, 3, 4, 5])  # 1 is Monday
STAFF_REFUND_ALONE_MAX_MICRO = env.int("STAFF_REFUND_ALONE_MAX_MICRO", default=0)  # above it a second person agrees
RECIPIENTS_FILE = env.str("RECIPIENTS_FILE", default="")  # providers that work for us: privacy/documents/providers.py
OPERATOR_NAME = env.str("OPERATOR_NAME", default=_host)  # whom the policy names as the one who runs this
# The plan of workspaces made by sign-up; the default is the list that ships with the product.
PRICE_PLAN = env.str("PRICE_PLAN", default="01890000-0000-7000-8000-000000000001")
# Passkeys belong to a host name: on a bare network address browsers offer none.
OTP_WEBAUTHN_RP_ID = _host
OTP_WEBAUTHN_RP_NAME = "smsplatform"
OTP_WEBAUTHN_ALLOWED_ORIGINS = [BASE_URL.rstrip("/") if SECURE or _host == "localhost" else "http://localhost"]
OTP_WEBAUTHN_HELPER_CLASS = "accounts.passkeys.Helper"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/messages"
LOGOUT_REDIRECT_URL = "/sign-in"
SESSION_ENGINE = "accounts.session_store"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of its own
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [BASE_URL]

# --- Cookies: declared in privacy/consent/cookies.py -----------------------------------------------
COOKIE_CONSENT_NAME = "consent"
COOKIE_CONSENT_DOMAIN = env.str("CONSENT_COOKIE_DOMAIN", default="") or None  # for what runs on subdomains beside this
COOKIE_CONSENT_MAX_AGE = 365 * 24 * 3600
COOKIE_CONSENT_SECURE = SECURE
COOKIE_CONSENT_LOG_ENABLED = False  # privacy.ConsentRecord is the evidence
# The script of a third party's analytics, for a policy that has one; loaded after consent only, nothing before.
ANALYTICS_TAG = env.str("ANALYTICS_TAG", default="")  # https://www.googletagmanager.com/gtag/js?id=G-…
ANALYTICS_HOSTS = env.list("ANALYTICS_HOSTS", default=[])  # to which that script reports

# --- Transport and headers ----------------------------------------------------------------------
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|metrics)$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
    }
}
APPEND_SLASH = False
MESSAGE_TAGS = {20: "info", 25: "ok", 30: "warn", 40: "bad"}  # our classes for Django's levels

# --- Language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [ROOT / "locale"]
FORMAT_MODULE_PATH = ["smsplatform.formats"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files -------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static"]
STATIC_ROOT = RUN_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# --- API ----------------------------------------------------------------------------------------
API_REQUESTS_MAX = env.int("API_REQUESTS_MAX", default=50)  # per key and second, besides sending, which counts messages
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["smsplatform.lib.api.framework.StrictJSONParser"],
    "URL_FORMAT_OVERRIDE": None,  # JSON only; ?format= is an unknown filter as any other
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "smsplatform.lib.api.framework.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "smsplatform",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": r"/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["smsplatform.lib.api.openapi.complete"],
}

# --- Messages -----------------------------------------------------------------------------------
WEBHOOK_PRIVATE_HOSTS = env.list("WEBHOOK_PRIVATE_HOSTS", default=["localhost", "127.0.0.1", "::1"] if DEMO else [])
WEBHOOK_TIMEOUT_SECONDS = env.float("WEBHOOK_TIMEOUT_SECONDS", default=15.0)  # how long an endpoint may take
MARKETING_UNKNOWN_SECONDS = env.float("MARKETING_UNKNOWN_SECONDS", default=60.0)  # messaging/submission.py
HANDSETS_URL = env.str("HANDSETS_URL", default="")  # control address of the simulated carrier, quick start only

# --- Mail and logs ------------------------------------------------------------------------------
EMAIL_CONFIG: dict[str, Any] = env.email_url("EMAIL_URL", default="consolemail://")
OUTBOX_DIR = RUN_DIR / "outbox"  # the demo keeps its mails here, where the page /outbox shows them
if DEMO and "EMAIL_URL" not in env.ENVIRON:
    EMAIL_CONFIG = {"EMAIL_BACKEND": "smsplatform.lib.outbox.Backend"}
vars().update(EMAIL_CONFIG)
PRIVACY_EMAIL = env.str("PRIVACY_EMAIL", default=f"privacy@{_host}")  # where people ask about their data
# The operator's own workspace (its UUID): from it go the codes by which people prove that a number is theirs. Without
# one the privacy centre takes no proof by text. What all codes of a day may cost is in micro-units.
PRIVACY_WORKSPACE = env.str("PRIVACY_WORKSPACE", default="01890000-0000-7000-8000-0000000000d5" if DEMO else "")
PRIVACY_CODES_DAY_MICRO = env.int("PRIVACY_CODES_DAY_MICRO", default=5_000_000)
SECURITY_EMAIL = env.str("SECURITY_EMAIL", default=f"security@{_host}")  # where weaknesses are reported
SECURITY_TXT_EXPIRES = env.str("SECURITY_TXT_EXPIRES", default="2027-10-31T00:00:00+00:00")
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default=f"no-reply@{_host}")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # opens /metrics; without it there is none outside the demo
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING_CONFIG = "smsplatform.lib.logs.configure"
LOGGING: dict[str, Any] = {"level": LOG_LEVEL}
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the blind index beside the e-mail address is unique
