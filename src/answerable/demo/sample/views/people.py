"""Who is signed in. A sample: the name is all it takes."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from answerable.demo.sample.models import Notice, Person

NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")


class SignedInMiddleware:
    """Puts the signed-in person, or None, on the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.session.get("name")
        request.person = Person.objects.filter(name=name).first() if name else None  # type: ignore[attr-defined]
        return self.get_response(request)


def viewer(request: HttpRequest) -> Person | None:
    """The person who is signed in."""
    person: Person | None = getattr(request, "person", None)
    return person


def context(request: HttpRequest) -> dict[str, Any]:
    """For every template: who is signed in, and what the desk told them that they have not opened."""
    person = viewer(request)
    return {"me": person, "notices": Notice.objects.filter(person=person).count() if person else 0}


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Send people without a name to the sign-in page first."""

    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if viewer(request) is None:
            return redirect(f"{reverse('sign_in')}?next={request.path}")
        return view(request, *args, **kwargs)

    return wrapped


def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by name; a new name makes a new account."""
    if request.method == "POST":
        written = request.POST.get("name", "").strip()
        shown = Person.objects.filter(shown_name__iexact=written).first()
        name = shown.name if shown else written.lower()
        if not NAME.fullmatch(name):
            messages.error(request, "A name has 2 to 30 letters, digits or _, and begins with a letter.")
            return render(request, "sample/sign_in.html", status=400)
        Person.objects.get_or_create(
            name=name, defaults={"shown_name": name.capitalize(), "joined_at": datetime.now(UTC)}
        )
        request.session["name"] = name
        return redirect(_next(request))
    return render(request, "sample/sign_in.html", {"next": request.GET.get("next", "")})


def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget who is signed in."""
    if request.method == "POST":
        request.session.flush()
    return redirect("home")


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else reverse("home")
