"""`/platforms/{name}/webhook`: what a platform's own notifications tell, in that platform's own shape.

Who may speak, and what is said, only its adapter knows (`hears`). It is taken by the commands that every other door
uses; what is told twice, late or in another order changes nothing.
"""

from typing import Any

import structlog
from django.http import HttpRequest
from ninja import Path, Router

from answerable.api.event_shapes import TakenOut
from answerable.api.problems import Problem
from answerable.cases.inputs import Refused
from answerable.platforms import base, watching
from answerable.platforms.registry import platforms

router = Router(tags=["events"])
log = structlog.get_logger(__name__)


@router.post("/platforms/{name}/webhook", response=TakenOut, auth=None)
def take_webhook(
    request: HttpRequest,
    name: str = Path(..., pattern=r"^[a-z][a-z0-9-]{0,39}$"),  # type: ignore[type-arg]
) -> Any:
    """Take one notification of a platform, authenticated as its adapter says."""
    hears = getattr(platforms().get(name), "hears", None)
    if hears is None:
        raise Problem(404, "There is nothing here.")
    try:
        news = hears({key.lower(): value for key, value in request.headers.items()}, request.body)
    except base.PlatformRefused as error:
        log.warning("a notification was refused", platform=name, why=error.detail)
        raise Problem(401, "The notification does not carry what this platform's own would.") from error
    except base.AnswerMalformed as error:
        raise Problem(422, error.detail) from error
    try:
        watching.take(name, news)
    except Refused as error:
        raise Problem(409, str(error)) from error
    return TakenOut(taken=len(news.posted) + len(news.edited) + len(news.reports) + len(news.deleted))
