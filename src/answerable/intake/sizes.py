"""What a person sends is small: more is refused by its declared length, before anything of it is read.

The machine API beside these pages takes pictures in its bodies, from known keys; its own limit is Django's.
"""

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

LARGEST_FORM_BYTES = 8 * 1024 * 1024
"""Far more than may be sent, so that who pastes too much still gets the form back, with all of it."""
API = "/api/"


def small_forms(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: raises RequestDataTooBig (400) for a larger form. Without a length nothing is read at all."""

    def answer(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not request.path_info.startswith(API) and length.isdecimal() and int(length) > LARGEST_FORM_BYTES:
            raise RequestDataTooBig("the form is larger than any that a person fills in")
        return get_response(request)

    return answer
