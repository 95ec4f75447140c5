"""`/platforms/<name>/webhook`: what a platform sends by itself, in its own form, with its own signature."""

from typing import Any, Final, cast

import structlog
from django.http import HttpRequest
from ninja import Path, Router, Schema

from answerable import clock
from answerable.api.problems import Problem
from answerable.cases import commands
from answerable.cases.inputs import Refused
from answerable.platforms import base, registry, watching
from answerable.platforms.besides import Hears

router = Router(tags=["platforms"])
LARGEST_MESSAGE_BYTES: Final = 1_000_000
log = structlog.get_logger(__name__)


class HeardOut(Schema):
    """What was in the message: taken, now or when it came before."""

    reports: int
    items: int


@router.post("/platforms/{name}/webhook", response=HeardOut, auth=None)
def hear(
    request: HttpRequest,
    name: str = Path(..., pattern=r"^[a-z][a-z0-9-]{0,39}$"),  # type: ignore[type-arg]
) -> Any:
    """Take a webhook of the platform of that name. Its signature is the key; the same message again changes nothing."""
    target = registry.platforms().get(name)
    if target is None or base.Capability.HEAR not in target.capabilities:
        raise Problem(
            404, "No platform of that name sends webhooks here: see `[[platforms]]` in the configuration."
        )
    if len(request.body) > LARGEST_MESSAGE_BYTES:
        raise Problem(413, "No message of a platform is so large.")
    headers = {key.lower(): value for key, value in request.headers.items()}
    try:
        news = cast(Hears, target).hears(headers, request.body)
    except base.NotSigned as error:
        raise Problem(401, str(error)) from error
    except base.AnswerMalformed as error:
        commands.news_unheard(name, why=error.detail, now=clock.now())
        log.warning("a platform's message could not be read", platform=name, why=error.detail)
        raise Problem(422, f"This isn't a message as the platform writes them: {error.detail}") from error
    except base.PlatformError as error:
        log.error("a platform's messages can't be checked", platform=name, why=type(error).__name__)
        raise Problem(
            503, "Messages of this platform can't be checked now: the desk's own set-up is wrong."
        ) from error
    try:
        watching.hear(name, news)
    except Refused as error:
        commands.news_unheard(name, why=str(error), now=clock.now())
        raise Problem(422, str(error)) from error
    return HeardOut(reports=len(news.reports), items=len(news.posted) + len(news.edited) + len(news.deleted))
