"""From a sign-in link to an enrolled second factor, and the sign-in afterwards."""

import time
from typing import Any, cast

from allauth.account.views import LoginView, LogoutView
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, LoginWebAuthnView
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User, update_last_login
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET, require_http_methods

from answerable import clock
from answerable.console import links
from answerable.console.sign_in import ENROLLING, ENROLMENT_SECONDS

BACKEND = "answerable.console.sign_in.Backend"

# When somebody last signed in is nobody's business here, and would be a write before the second factor.
user_logged_in.disconnect(update_last_login, dispatch_uid="update_last_login")


class SignIn(LoginView):  # type: ignore[misc]
    """Name and password; the second factor follows. No page of the desk is named here."""

    template_name = "account/login.html"

    def get_form(self, form_class: Any = None) -> Form:
        """Labels are enough: a hint inside a field is taken for something already typed."""
        form: Form = super().get_form(form_class)
        for field in form.fields.values():
            field.widget.attrs.pop("placeholder", None)
        return form


@method_decorator(transaction.atomic, name="dispatch")
class SecondFactor(AuthenticateView):  # type: ignore[misc]
    """The code of an authenticator app, or a passkey, after the password. Its use is on record."""


@method_decorator(transaction.atomic, name="dispatch")
class PasskeyLogin(LoginWebAuthnView):  # type: ignore[misc]
    """A passkey alone: it proves a device and, on the device, the person."""


class SignOut(LogoutView):  # type: ignore[misc]
    """Asks before it signs out."""

    template_name = "account/logout.html"


@require_http_methods(["GET", "POST"])
def open_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Show what the link is for (GET), and use it up (POST): link previews and prefetching spend nothing."""
    now = clock.now()
    try:
        if request.method == "GET":
            link = links.find(secret, now=now)
            return render(request, "console/link.html", {"pseudonym": link.account.person.pseudonym})
        user = links.spend(secret, now=now)
    except links.LinkUnusable:
        return render(request, "console/link_unusable.html", status=410)
    request.session.flush()
    login(request, user, backend=BACKEND)
    request.session[ENROLLING] = time.time() + ENROLMENT_SECONDS
    return redirect("console:enrol")


@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Set a password, then choose a second factor; afterwards, on to the queue."""
    user = cast(User, request.user)
    factors = Authenticator.objects.filter(user=user)
    form = SetPasswordForm(user, request.POST or None)
    form.fields["new_password1"].help_text = form.fields["new_password2"].help_text = ""  # the page says it
    form.fields["new_password2"].label = "The same again"
    if request.method == "POST":
        if request.POST.get("action") == "done" and factors.exists():
            del request.session[ENROLLING]
            return redirect("console:queue")
        if form.is_valid():
            user.set_password(form.cleaned_data["new_password1"])
            with transaction.atomic():
                user.save(update_fields=["password"])
            update_session_auth_hash(request, user)
            return redirect("console:enrol")
    context = {"form": form, "has_password": user.has_usable_password(), "factors": factors}
    return render(request, "console/enrol.html", context)


class _Enrols:
    """Enrolling proves that the device is at hand: it counts as having used it in this session."""

    success_url = reverse_lazy("console:enrol")
    request: HttpRequest
    kind: Authenticator.Type

    def get_success_url(self) -> str:
        return str(self.success_url)

    def form_valid(self, form: Form) -> HttpResponse:
        theirs = Authenticator.objects.filter(user_id=self.request.user.pk, type=self.kind)
        before = list(theirs.values_list("pk", flat=True))
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        post_authentication(self.request, theirs.exclude(pk__in=before).get())
        return response


@method_decorator(transaction.atomic, name="dispatch")
class EnrolApp(_Enrols, ActivateTOTPView):  # type: ignore[misc]
    """Scan a code with an authenticator app, and type what it shows."""

    kind = Authenticator.Type.TOTP

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Back to the choice when an app is there already."""
        if Authenticator.objects.filter(user_id=request.user.pk, type=self.kind).exists():
            return redirect("console:enrol")
        return cast(HttpResponse, super().dispatch(request, *args, **kwargs))


@method_decorator(transaction.atomic, name="dispatch")
class EnrolPasskey(_Enrols, AddWebAuthnView):  # type: ignore[misc]
    """Let the browser make a passkey."""

    kind = Authenticator.Type.WEBAUTHN


@require_GET
def inactive(request: HttpRequest) -> HttpResponse:
    """Where the sign-in leads when it no longer belongs to anybody active."""
    return render(request, "console/link_unusable.html", status=403)


@require_GET
def ready(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Answers once this door can serve."""
    return HttpResponse("ready\n", content_type="text/plain")
