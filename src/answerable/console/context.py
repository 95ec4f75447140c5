"""What every staff page shows: the desk's name, and who is signed in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from answerable.console.links import role_of


def desk(request: HttpRequest) -> dict[str, Any]:
    """The desk's name and the signed-in person, for the page's head."""
    person = getattr(request, "person", None)
    return {
        "desk_name": settings.CONFIG.desk.name,
        "person": person,
        "person_role": role_of(person) if person is not None else "",
    }
