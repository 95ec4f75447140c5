"""The staff door: the console, signed in with a second factor."""

from answerable.settings.base import *  # noqa: F403
from answerable.settings.base import CONFIG, cookie_name, of_door, templates
from answerable.settings.base import INSTALLED_APPS as _BASE_APPS

_URL = CONFIG.desk.staff_url
globals().update(of_door(_URL))

INSTALLED_APPS = [
    *_BASE_APPS,
    "answerable.checklist",
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
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
    "answerable.console.context.desk",
)
MIDDLEWARE = [
    "answerable.settings.headers.privacy_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "answerable.console.middleware.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

SESSION_ENGINE = "answerable.console.sessions"
SESSION_COOKIE_NAME = cookie_name("staff_session", _URL)
SESSION_COOKIE_AGE = 12 * 3600  # a shift
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"  # `Strict` would sign out whoever follows an alert's link
CSRF_COOKIE_NAME = cookie_name("staff_csrf", _URL)
LANGUAGE_COOKIE_NAME = cookie_name("staff_language", _URL)
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Sign-in: a name, a password, and always a second factor. Accounts begin with an invitation, never by
# signing up, and carry no e-mail address.
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
# Behind a proxy everybody comes from one address: a limit per address would let a stranger shut out all staff.
# What holds is the limit per sign-in, for the password and for the second factor.
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "120/m/ip,5/300s/key"}
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_ADAPTER = "answerable.console.sign_in.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]  # a lost device takes a new link, not a printed code
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = CONFIG.desk.name
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
# Passkeys need TLS, except on http://localhost, where browsers take the machine itself as trustworthy.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _URL.startswith("https://")
