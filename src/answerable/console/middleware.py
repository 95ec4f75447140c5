"""Deny by default: every page takes a person who used a second factor in this session."""

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode

from answerable.cases.models import Person
from answerable.console.sign_in import ENROLLING, person_of, used_second_factor

OPEN = frozenset(
    {
        "account_login",
        "account_logout",
        "account_inactive",
        "mfa_authenticate",
        "mfa_login_webauthn",
        "console:open_link",
        "console:ready",
        "console:live",
    }
)
"""Pages without a sign-in: the sign-in itself, and what the supervisor asks."""
ENROLMENT = frozenset({"console:enrol", "console:enrol_app", "console:enrol_passkey"})
"""Pages that a spent link leads to, for half an hour."""

Handler = Callable[[HttpRequest], HttpResponse]


class StaffRequest(HttpRequest):
    """A request that passed: it has a person."""

    person: Person


class SecondFactorMiddleware:
    """Lets through to an open page, to enrolment after a link, or where a second factor was used."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        """Answer, or lead to the sign-in."""
        name = _name(request.path_info)
        if name in OPEN:
            return self.get_response(request)
        person = person_of(request)
        if person is not None and name in ENROLMENT and _enrolling(request):
            return self.get_response(request)
        if person is not None and name not in ENROLMENT and used_second_factor(request):
            request.person = person
            return self.get_response(request)
        if request.user.is_authenticated and _enrolling(request):
            return redirect("console:enrol")
        if request.user.is_authenticated and (person is None or not used_second_factor(request)):
            logout(request)
        target = "" if name is None or request.method != "GET" else f"?{urlencode({'next': request.path})}"
        return redirect(reverse("account_login") + target)


def _name(path: str) -> str | None:
    try:
        return resolve(path).view_name
    except Resolver404:
        return None


def _enrolling(request: HttpRequest) -> bool:
    return float(request.session.get(ENROLLING, 0)) > time.time()
