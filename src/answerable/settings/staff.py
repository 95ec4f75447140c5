"""The staff door: the console, signed in with a second factor."""

from answerable.settings.base import *  # noqa: F403
from answerable.settings.base import CONFIG, HTTPS, ROOT, cookie_name, templates
from answerable.settings.base import INSTALLED_APPS as _BASE_APPS

INSTALLED_APPS = [
    *_BASE_APPS,
    "answerable.console",  # before allauth: its templates replace theirs
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
ROOT_URLCONF = "answerable.console.site"
TEMPLATES = templates(
    "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"
)
MIDDLEWARE = [
    "answerable.settings.headers.privacy_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "answerable.console.middleware.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "answerable.console.middleware.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "answerable.console.context.desk",
            ]
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "static" / "staff"
WHITENOISE_USE_FINDERS = True  # served as they lie in the packages: no collecting step at an operator's
SECURE_REFERRER_POLICY = None  # HeadersMiddleware sends it, with the other headers of this door

# Two doors on one host share cookies, whatever their port: these names keep them apart.
SESSION_ENGINE = "answerable.console.sessions"
SESSION_COOKIE_NAME = "answerable_staff"
SESSION_COOKIE_AGE = 12 * 3600  # a shift
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "answerable_staff_csrf"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.desk.staff_url.startswith("https:")
CSRF_TRUSTED_ORIGINS = [CONFIG.desk.staff_url.rstrip("/")]

AUTHENTICATION_BACKENDS = ["answerable.console.sign_in.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "answerable.console.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_ADAPTER = "answerable.console.sign_in.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]  # a lost device takes a new link, not a printed code
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = CONFIG.desk.staff_url.startswith("http://localhost")

SESSION_COOKIE_NAME = cookie_name("staff_session")
CSRF_COOKIE_NAME = cookie_name("staff_csrf")
SESSION_COOKIE_AGE = 12 * 3600  # a shift
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"  # `Strict` would sign out whoever follows an alert's link
LANGUAGE_COOKIE_NAME = cookie_name("staff_language")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Sign-in: a name, a password, and always a second factor. Accounts begin with an invitation, never by
# signing up, and carry no e-mail address.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = CONFIG.desk.name
# Passkeys need TLS, except on http://localhost, where browsers take the machine itself as trustworthy.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
