"""Log lines: JSON on standard error, without addresses, paths, bodies or people's words (rule 20).

An exception's message may quote what a person wrote (a database names the offending value), so only its
type and the lines that it passed through are logged; our own exceptions say nothing personal.
"""

import logging
import traceback
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import structlog

KEPT_WITH_MESSAGE = "answerable."
FRAMES = 12


def _exception(
    kind: type[BaseException], error: BaseException, trail: TracebackType | None
) -> dict[str, str | list[str]]:
    name = f"{kind.__module__}.{kind.__qualname__}"
    told: dict[str, str | list[str]] = {"type": name}
    if name.startswith(KEPT_WITH_MESSAGE):
        told["message"] = str(error)
    told["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trail)][
        -FRAMES:
    ]
    return told


def without_personal_detail(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A processor: what Django says about a request becomes its status and the view's name."""
    record = event.get("_record")
    if record is not None and record.name.startswith(("django.request", "django.security", "django.server")):
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        event["event"] = "request refused or failed"
        event["status"] = getattr(record, "status_code", None)
        event["view"] = getattr(match, "view_name", None)
    information = event.pop("exc_info", None)
    if isinstance(information, BaseException):
        information = (type(information), information, information.__traceback__)
    if isinstance(information, tuple) and information[0] is not None:
        event["exception"] = _exception(*information)
    return event


def formatter() -> structlog.stdlib.ProcessorFormatter:
    """Turns records of the standard library and of structlog into one JSON line."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.PositionalArgumentsFormatter(),
        ],
        processors=[
            without_personal_detail,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )


def configure(settings: Mapping[str, Any]) -> None:
    """Django's LOGGING_CONFIG: one handler for everything; `settings` is `{"level": ...}`."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.get("level", "INFO"))
    for name in ("django", "django.server", "_granian"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
