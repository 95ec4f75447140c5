"""A Mastodon server. Its API can suspend an account, but neither hide nor delete one post: moderators do that by hand.

Nothing wider is done in its place: not the account's `sensitive`, not `silence`, not `suspend` (rule 5).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NoReturn, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answerable.platforms import base, known, links
from answerable.platforms.base import Capability, FetchedItem, ItemKind, Media, Named, News, Page, ReportThere
from answerable.platforms.facts import AccountFacts
from answerable.platforms.http import client
from answerable.platforms.mastodon import accounts, news, wire
from answerable.platforms.mastodon.api import Absent, Api, read_file
from answerable.platforms.mastodon.reports import Reports
from answerable.policy.words import Visibility
from answerable.settings.config import Platform as Entry

T = TypeVar("T", wire.Status, wire.Account, wire.AdminAccount, wire.Made)
MOST_BYTES_OF_A_LOOK: Final = 50_000_000
NOT_SERVED: Final = (401, 403, 404, 410, 451)
_STATUS_PATH = re.compile(r"/(?:web/|deck/)?(?:@[^/]+|users/[^/]+/statuses|statuses)/([0-9]{1,20})(?:/.*)?")
_PERSON_PATH = re.compile(r"/(?:web/|deck/)?(?:@|users/)([^/@]+(?:@[^/@]+)?)(?:/(?:media|with_replies))?")


class Options(BaseModel):
    """What stands in `[platforms.options]`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    account_id: str = Field(pattern=r"^[0-9]{1,20}$", description="the desk's own account there, by number")
    webhook_secret_file: str = ""
    report_as: Literal["legal", "other"] = Field("legal", description="Mastodon before 4.2 knows no `legal`")
    categories: tuple[str, ...] = Field(
        ("legal", "violation", "other"), description="reports of these categories become reports here"
    )


class Adapter:
    """One configured server."""

    capabilities = frozenset(
        {
            Capability.RESOLVE,
            Capability.FETCH,
            Capability.LOOK,
            Capability.SUSPEND,
            Capability.WATCH,
            Capability.HEAR,
            Capability.HAND_OVER,
            Capability.SETTLE,
            Capability.ACCOUNT_FACTS,
        }
    )
    poll_seconds = 15.0
    """300 requests in five minutes are allowed, and webhooks are faster; this is the net below them."""

    def __init__(self, entry: Entry) -> None:
        """Reads and calls nothing. Raises OptionsUnusable."""
        self.name = entry.name
        try:
            self.options = Options.model_validate(entry.options)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise base.OptionsUnusable(f"{entry.name}: options.{place}: {first['msg']}") from None
        if not self.options.webhook_secret_file:
            self.capabilities = self.capabilities - {Capability.HEAR}
        self.api = Api(entry)
        self.served_by = frozenset(map(links.configured_host, (*entry.hosts, *entry.media_hosts)))
        self.reports = Reports(self.api, self.options.account_id, self.options.report_as)
        self._own_checked = False

    def ref_of(self, url: str) -> Named | None:  # noqa: ARG002  the contract's
        """Never: which files a post holds has to be asked. `resolve` reads the link."""
        return None

    def resolve(self, url: str) -> Named | None:
        """A post's one file, or the post where it has none or several; a person's picture."""
        is_name, _ = links.name_at(url)
        link = None if is_name else links.read(url)
        if link is not None and (post := _STATUS_PATH.fullmatch(link.path)):
            return self._in_post(post[1])
        person = _PERSON_PATH.fullmatch(link.path) if link is not None else None
        name = url.strip().removeprefix("@") if is_name else person[1] if person else ""
        if not name:
            return None
        try:
            found = self.api.get(wire.Account, f"/api/v1/accounts/lookup?{urlencode({'acct': name})}")
        except Absent:
            return None
        return Named(news.picture_ref(found.id), ItemKind.PROFILE)

    def _in_post(self, post: str) -> Named:
        """What to act on in a post. Where only its audience may see it, the post itself: people open it."""
        ref = f"status/{post}"
        try:
            files = news.files_of(self._status(post))
        except Absent:
            return Named(ref, ItemKind.PAGE)
        if len(files) == 1:
            return Named(files[0].ref, files[0].kind)
        return Named(ref, ItemKind.PAGE if files else ItemKind.TEXT)

    def fetch(self, ref: str) -> FetchedItem:
        """The item as the desk's account sees it, or its file as long as that is served."""
        try:
            if (account := news.account_in(ref)) is not None:
                found = self._account(account)
                picture = news.picture_of(found)
                if ref != news.picture_ref(account):
                    return FetchedItem(ref, ItemKind.ACCOUNT, found.url or "", account=account)
                if picture is None:
                    raise base.ItemNotFound("no picture")
                return picture
            post, file = news.parts_of(ref)
            status = self._status(post)
        except Absent as error:
            return self._kept(ref, error)
        if not file:
            kind = ItemKind.PAGE if news.files_of(status) else ItemKind.TEXT
            return FetchedItem(
                ref, kind, status.url or "", account=status.account.id, posted_at=status.created_at
            )
        for one in news.files_of(status):
            if one.ref == ref:
                return one
        raise base.ItemNotFound("the post no longer holds this file")

    def _kept(self, ref: str, error: Absent) -> FetchedItem:
        """An item of which only the file is left to be seen. Raises ItemNotFound, CannotDo."""
        was = known.of(self.name, ref)
        if was.media_url and self._is_served(was.media_url):
            return FetchedItem(ref, ItemKind(was.kind), was.url, Media(was.media_url), was.account)
        if error.for_good or was.posted:
            raise error
        post, _ = news.parts_of(ref)
        raise base.CannotDo(
            "it is gone, or only its audience may see it", by_hand=f"{self.api.base_url}/web/statuses/{post}"
        )

    def visibility(self, ref: str) -> Visibility:
        """What a stranger gets, without a token: the post, and the file at each address it was ever served at.

        A deleted post's file goes on being served for weeks: only its own address tells that it is gone.
        """
        was = known.of(self.name, ref)
        shown: FetchedItem | None = None
        absent: base.PlatformError | None = None
        try:
            shown = self._shown(ref)
        except (base.ItemNotFound, base.PlatformRefused) as error:
            absent = error
        addresses = {
            was.media_url,
            shown.media.url if shown is not None and shown.media is not None else "",
        } - {""}
        if any([self._is_served(address) for address in sorted(addresses)]):
            return Visibility.VISIBLE
        if shown is not None:
            return Visibility.HIDDEN if addresses else Visibility.VISIBLE
        if isinstance(absent, base.PlatformRefused):
            raise absent  # this server shows nothing at all to strangers: that proves nothing
        if isinstance(absent, Absent) and not (addresses or was.posted or absent.for_good):
            raise base.CannotDo("a stranger sees nothing there, and nobody knows whether its audience does")
        return Visibility.GONE

    def _shown(self, ref: str) -> FetchedItem | None:
        """The item as a stranger is told of it. Raises ItemNotFound, PlatformRefused."""
        if (account := news.account_in(ref)) is not None:
            found = self._account(account, stranger=True)
            if found.suspended:
                raise base.ItemNotFound("the account is suspended")
            picture = news.picture_of(found)
            if ref == news.picture_ref(account) and picture is None:
                raise base.ItemNotFound("no picture")
            return picture if ref == news.picture_ref(account) else FetchedItem(ref, ItemKind.ACCOUNT)
        post, file = news.parts_of(ref)
        status = self._status(post, stranger=True)
        if not file:
            return FetchedItem(ref, ItemKind.TEXT)
        for one in news.files_of(status):
            if one.ref == ref:
                return one
        raise base.ItemNotFound("the post no longer holds this file")

    def set_visibility(self, ref: str, wanted: Visibility, serial: int) -> bool:  # noqa: ARG002  the contract's
        """Never: there is no such call in the API of this platform."""
        raise base.CannotDo(f"Mastodon's API can't make {ref} {wanted.value}")

    def freeze(self, ref: str) -> None:
        """Never: an author may delete anything at any time."""
        raise base.CannotDo(f"Mastodon keeps nothing of {ref} against its author")

    def suspend(self, account: str, suspended: bool = True) -> None:
        """Suspend an account here (its data are kept for 30 days), or let it go. No word of ours goes to its holder.

        Suspending closes every open report on the account there.
        """
        path = f"/api/v1/admin/accounts/{news.checked_id(account)}"
        if suspended:
            self.api.post(f"{path}/action", [("type", "suspend"), ("send_email_notification", "false")])
        else:
            self.api.post(f"{path}/unsuspend")

    def is_suspended(self, account: str) -> bool:
        """Whether the account is suspended. Raises AnswerMalformed when another is answered."""
        found = self.api.get(wire.AdminAccount, f"/api/v1/admin/accounts/{news.checked_id(account)}")
        return _same(found, account).suspended

    def account_facts(self, account: str, refs: Sequence[str]) -> AccountFacts:  # noqa: ARG002  of the account alone
        """What moderators are told of an account. Of accounts of other servers Mastodon knows little."""
        found = self.api.get(wire.AdminAccountFacts, f"/api/v1/admin/accounts/{news.checked_id(account)}")
        if found.id != account:
            raise base.AnswerMalformed("id: it is not the account that was asked for")
        return accounts.facts(found)

    def notify(self, account: str, text: str, key: str) -> None:  # noqa: ARG002  the contract's
        """Never: a post that mentions somebody is no letter."""
        _cannot("tell an account holder anything in private")

    def release_upload(self, ref: str) -> None:  # noqa: ARG002  the contract's
        """Never: nothing is held back."""
        _cannot("hold an upload back")

    def list_items(self, cursor: str = "") -> Page:  # noqa: ARG002  the contract's
        """Never: there is no list of everything."""
        _cannot("list everything that it holds")

    def watch(self, cursor: str) -> Iterator[News]:
        """Reports since the cursor, open ones first: webhooks get lost. Raises PlatformRefused for another's token."""
        self._check_own()
        yield from self.reports.since(cursor, self._news_of)

    def _news_of(self, report: wire.AdminReport, cursor: str = "") -> News:
        if report.account.id == self.options.account_id or report.category not in self.options.categories:
            return News(cursor)
        return news.of_report(report, cursor)

    def _check_own(self) -> None:
        """That the token is of the account that the options name: else our own reports would come back as others'."""
        if not self._own_checked:
            own = self.api.get(wire.Made, "/api/v1/accounts/verify_credentials")
            if own.id != self.options.account_id:
                raise base.PlatformRefused("the token belongs to another account than options.account_id")
            self._own_checked = True

    def hears(self, headers: Mapping[str, str], body: bytes) -> News:
        """A webhook: a report, a post, an account. Its signature is checked before anything of it is read."""
        wire.check_signature(headers, body, wire.read_secret(read_file(self.options.webhook_secret_file)))
        event = wire.read(wire.Event, body)
        if event.event in ("report.created", "report.updated"):
            return self._news_of(wire.read_object(wire.AdminReport, event))
        if event.event in ("status.created", "status.updated"):
            return news.of_status(
                wire.read_object(wire.Status, event), edited=event.event == "status.updated"
            )
        if event.event in ("account.created", "account.approved", "account.updated"):
            account = wire.read_object(wire.AdminAccount, event).account
            return news.of_account(account) if account is not None else News("")
        raise base.AnswerMalformed(f"event: {event.event!r} is not known")

    def hand_over(self, ref: str, harm: str) -> str:  # noqa: ARG002  the contract's
        """Report the item to the server's moderators, once; the page of that report, where they act."""
        account, post = self._whose(ref)
        return self.reports.hand_over(ref, account, post)

    def reports_on(self, ref: str) -> tuple[ReportThere, ...]:
        """All reports there that name the item's post, or its account where it isn't of a post."""
        account, post = self._whose(ref)
        found = []
        for report in self.reports.all([("target_account_id", account)]):
            if (post in {one.id for one in report.statuses}) if post else not report.statuses:
                found.append(news.as_report(report))
        return tuple(found)

    def settle(self, key: str, closed: bool) -> None:
        """Close a report there, or open it again."""
        self.reports.settle(key, closed)

    def _whose(self, ref: str) -> tuple[str, str]:
        """The author's account, and the post if the item is of one."""
        if (account := news.account_in(ref)) is not None:
            return account, ""
        post, _ = news.parts_of(ref)
        return known.of(self.name, ref).account or self._status(post).account.id, post

    def _status(self, post: str, *, stranger: bool = False) -> wire.Status:
        return _same(self.api.get(wire.Status, f"/api/v1/statuses/{post}", stranger=stranger), post)

    def _account(self, account: str, *, stranger: bool = False) -> wire.Account:
        return _same(self.api.get(wire.Account, f"/api/v1/accounts/{account}", stranger=stranger), account)

    def _is_served(self, url: str) -> bool:
        answer = client.call("GET", url, hosts=self.served_by, most_bytes=MOST_BYTES_OF_A_LOOK)
        if 200 <= answer.status < 300:
            return True
        if answer.status in NOT_SERVED:
            return False
        raise base.PlatformFailed(f"a look was answered with status {answer.status}")


def _cannot(what: str) -> NoReturn:
    raise base.CannotDo(f"Mastodon's API can't {what}")


def _same(answer: T, asked: str) -> T:
    if answer.id != asked:
        raise base.AnswerMalformed("id: it is not what was asked for")
    return answer
