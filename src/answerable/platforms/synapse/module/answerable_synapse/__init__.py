"""The part of Answerable that runs inside Matrix Synapse: no upload is accepted before the report desk saw it.

For Synapse's own Python environment, with nothing beyond Synapse; the desk never imports it. It asks the desk before an
upload is stored, tells it of each upload that was accepted, and serves the news that Synapse's admin API doesn't have
(reports of rooms, media that were posted) to a server administrator.
"""

import errno
import hashlib
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from synapse.logging.context import current_context
from synapse.module_api import NOT_SPAM, LoggingTransaction, ModuleApi, make_deferred_yieldable
from synapse.module_api.errors import Codes, ConfigError, SynapseError
from twisted.internet import defer, reactor, threads
from twisted.python.threadpool import ThreadPool

from answerable_synapse.desk import Desk, DeskUnreachable, Settings
from answerable_synapse.news import AllMedia, News, Redact
from answerable_synapse.spool import Spool

logger = logging.getLogger(__name__)

LARGEST_THE_DESK_TAKES = 40 * 1024 * 1024
THREADS = 8
SEND_EVERY_MS = 200
UPLOAD_ENDS_WITHIN_SECONDS = 15 * 60
"""A screened upload that isn't in Synapse's database by then was broken off."""
QUARANTINE_EVERY_SECONDS, QUARANTINE_TRIES = 0.02, 3000
HELD_BY = "answerable"
TAKEN_NEVER = (400, 404, 409, 422)


class AnswerableModule:
    """What homeserver.yaml names under `modules`."""

    def __init__(self, settings: Settings, api: ModuleApi) -> None:
        self._settings = settings
        self._api = api
        self._desk = Desk(settings)
        self._spool = Spool(settings.spool / (api.worker_name or "main"))
        self._pool = ThreadPool(0, THREADS, "answerable")
        reactor.callWhenRunning(self._pool.start)
        reactor.addSystemEventTrigger("during", "shutdown", self._pool.stop)
        api.register_spam_checker_callbacks(check_media_file_for_spam=self.check_media_file)
        api.register_web_resource("/_synapse/client/answerable/news", News(api))
        api.register_web_resource("/_synapse/client/answerable/media", AllMedia(api))
        api.register_web_resource("/_synapse/client/answerable/redact", Redact(api))
        api.looping_background_call(
            self._tell, SEND_EVERY_MS, desc="answerable_tell", run_on_all_instances=True
        )

    @staticmethod
    def parse_config(config: dict[str, Any]) -> Settings:
        """Check what homeserver.yaml says. Raises ConfigError, which stops Synapse: better than screening nothing."""
        known = {
            "hold": ("refuse", ("refuse", "quarantine")),
            "unreachable": ("refuse", ("refuse", "admit")),
            "too_large": ("hold", ("hold", "hashes")),
        }
        chosen = {}
        for name, (default, values) in known.items():
            chosen[name] = config.get(name, default)
            if chosen[name] not in values:
                raise ConfigError(f"answerable: {name} is one of {', '.join(values)}")
        others = {"desk_url", "api_key_file", "spool", "answer_within_seconds", "largest_bytes"}
        if unknown := set(config) - set(known) - others:
            raise ConfigError(f"answerable: there is no {', '.join(sorted(unknown))}")
        for name in ("desk_url", "api_key_file", "spool"):
            if not isinstance(config.get(name), str) or not config[name]:
                raise ConfigError(f"answerable: {name} is missing")
        parts = urlsplit(config["desk_url"])
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ConfigError("answerable: desk_url is a whole address, such as https://reports.example")
        seconds, largest = (
            config.get("answer_within_seconds", 20),
            config.get("largest_bytes", LARGEST_THE_DESK_TAKES),
        )
        if not isinstance(seconds, int | float) or not 0 < seconds <= 60:
            raise ConfigError("answerable: answer_within_seconds is a number up to 60")
        if not isinstance(largest, int) or not 0 < largest <= LARGEST_THE_DESK_TAKES:
            raise ConfigError(
                f"answerable: largest_bytes is at most {LARGEST_THE_DESK_TAKES}, which the desk takes"
            )
        return Settings(
            desk_url=config["desk_url"],
            api_key_file=Path(config["api_key_file"]),
            spool=Path(config["spool"]),
            hold=chosen["hold"],
            unreachable=chosen["unreachable"],
            answer_within_seconds=float(seconds),
            largest_bytes=largest,
            too_large=chosen["too_large"],
        )

    async def check_media_file(self, file: Any, info: Any) -> Any:
        """Ask the desk about an original. Thumbnails are made of one; the previews of web pages aren't uploads.

        Raises SynapseError (503) where the desk gives no verdict and uploads are refused meanwhile.
        """
        if info.thumbnail or info.url_cache:
            return NOT_SPAM
        data, hashes = await self._read(file)
        account = "" if info.server_name else _uploader()
        try:
            verdict = await self._in_thread(self._desk.verdict, data, hashes, account)
            if data is None and verdict == "clear" and self._settings.too_large == "hold":
                verdict = "hold"  # its hashes say that it isn't a known file, not that it shows nothing known
        except (DeskUnreachable, defer.TimeoutError, defer.CancelledError) as error:
            logger.warning("The desk gave no verdict: %s", error or type(error).__name__)
            if self._settings.unreachable != "admit":
                raise SynapseError(503, "Uploads can't be checked now. Please try again later.") from error
            verdict = ""
        if verdict == "block" or (
            verdict == "hold" and (info.server_name or self._settings.hold == "refuse")
        ):
            return Codes.FORBIDDEN
        if info.server_name is None:  # a file of another server is named only once it is reported
            await self._accepted(info.file_id, held=verdict == "hold", screened=verdict)
        return NOT_SPAM

    async def _read(self, file: Any) -> tuple[bytes | None, dict[str, str]]:
        """The bytes, unless there are more than are sent, and the hashes."""
        kept, size = bytearray(), 0
        sha256, md5 = hashlib.sha256(), hashlib.md5()  # noqa: S324  hash lists hold it

        def take(chunk: bytes) -> None:
            nonlocal size
            size += len(chunk)
            sha256.update(chunk)
            md5.update(chunk)
            if size <= self._settings.largest_bytes:
                kept.extend(chunk)
            else:
                kept.clear()

        await file.write_chunks_to(take)
        data = bytes(kept) if 0 < size <= self._settings.largest_bytes else None
        return data, {"sha256": sha256.hexdigest(), "md5": md5.hexdigest()}

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run it in a thread of this module's own; raises TimeoutError when it takes longer than the desk may."""
        deferred = threads.deferToThreadPool(reactor, self._pool, work, *arguments)
        deferred.addTimeout(self._settings.answer_within_seconds, reactor)
        return await make_deferred_yieldable(deferred)

    async def _accepted(self, media_id: str, *, held: bool, screened: str) -> None:
        def put() -> None:
            self._spool.put(media_id, held=held, screened=screened)

        try:
            await self._in_thread(put)
        except OSError as error:
            logger.error("An upload could not be noted: %s", errno.errorcode.get(error.errno or 0, "?"))
            raise SynapseError(503, "Uploads can't be kept now. Please try again later.") from error
        if held:
            self._api.run_as_background_process("answerable_quarantine", self._quarantine_soon, media_id)

    async def _quarantine_soon(self, media_id: str) -> None:
        """Quarantine an upload on hold as soon as Synapse has it: mostly before its uploader is answered."""
        for _ in range(QUARANTINE_TRIES):
            if await self._quarantine(media_id):
                return
            await self._api.sleep(QUARANTINE_EVERY_SECONDS)

    async def _quarantine(self, media_id: str) -> bool:
        def update(transaction: LoggingTransaction) -> bool:
            transaction.execute(
                "UPDATE local_media_repository SET quarantined_by = ? WHERE media_id = ? "
                "AND media_length IS NOT NULL AND quarantined_by IS NULL",
                (HELD_BY, media_id),
            )
            transaction.execute(
                "SELECT 1 FROM local_media_repository WHERE media_id = ? AND media_length IS NOT NULL",
                (media_id,),
            )
            return transaction.fetchone() is not None

        return bool(await self._api.run_db_interaction("answerable_quarantine", update))

    async def _tell(self) -> None:
        """Tell the desk of accepted uploads, in their order, until it takes each. Never raises."""
        try:
            for path, entry in self._spool.oldest():
                if not await self._told(path, entry):
                    return
        except (DeskUnreachable, defer.TimeoutError, defer.CancelledError) as error:
            logger.warning("The desk could not be told of an upload yet: %s", error or type(error).__name__)
        except Exception:
            logger.exception("The desk could not be told of an upload yet")

    async def _told(self, path: Path, entry: dict[str, Any]) -> bool:
        """Tell one; whether to go on with the next. Raises DeskUnreachable."""
        media_id = entry["media_id"]
        row = await self._api.run_db_interaction("answerable_upload", _upload, media_id)
        if row is None:
            if time.time() - entry["at"] > UPLOAD_ENDS_WITHIN_SECONDS:
                self._spool.taken(path)
            return True
        if entry["held"]:
            await self._quarantine(media_id)
        user_id, media_type, created_ts = row
        data = {
            "ref": f"media/{self._api.server_name}/{media_id}",
            "kind": "video" if media_type.startswith(("video/", "audio/")) else "image",
            "account": user_id,
            "posted_at": _iso(created_ts),
            "media": {"url": f"{self._api.public_baseurl}_matrix/client/v1/media/download/"
                             f"{self._api.server_name}/{media_id}"},
            "held": entry["held"],
            "screened": entry["screened"],
        }  # fmt: skip
        body = json.dumps({"type": "item.registered", "timestamp": _iso(created_ts), "data": data}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"upload-{media_id}"}
        status, _ = await self._in_thread(self._desk.ask, "/api/v1/events", headers, body)
        if status in TAKEN_NEVER:
            self._spool.refuse(path, f"status {status}")
        elif 200 <= status < 300:
            self._spool.taken(path)
        else:
            raise DeskUnreachable(f"status {status}")
        return True


def _uploader() -> str:
    """Who makes the request that is being served; empty where Synapse doesn't say."""
    request = getattr(current_context(), "request", None)
    return getattr(request, "requester", None) or ""


def _upload(transaction: LoggingTransaction, media_id: str) -> tuple[str, str, int] | None:
    """Uploader, media type and time of an upload that is complete."""
    transaction.execute(
        "SELECT user_id, media_type, created_ts FROM local_media_repository "
        "WHERE media_id = ? AND media_length IS NOT NULL",
        (media_id,),
    )
    row = transaction.fetchone()
    return (row[0] or "", row[1] or "", row[2]) if row else None


def _iso(milliseconds: int) -> str:
    return (
        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
        + f".{milliseconds % 1000:03d}+00:00"
    )
