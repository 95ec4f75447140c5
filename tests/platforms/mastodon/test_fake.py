"""The fake server, checked from its other side by an independent client (Mastodon.py)."""

import io
from typing import Any

import mastodon
import pytest

from tests.fakes.mastodon import Mastodon
from tests.fakes.mastodon.entities import Person


def client(server: Mastodon, person: Person) -> Any:
    """Mastodon.py, signed in as somebody."""
    return mastodon.Mastodon(
        access_token=person.token,
        api_base_url=server.url,
        version_check_mode="none",
        ratelimit_method="throw",
    )


def test_a_post_with_a_picture_is_made_seen_and_deleted_by_its_author_alone(
    server: Mastodon, picture: bytes
) -> None:
    uri, desk = client(server, server.uri), client(server, server.desk)
    media = uri.media_post(
        io.BytesIO(picture), mime_type="image/png", file_name="lake.png", synchronous=False
    )
    post = uri.status_post("A lake.", media_ids=[media.id])
    seen = desk.status(post.id)
    assert (seen.account.id, [one.id for one in seen.media_attachments]) == (post.account.id, [media.id])
    with pytest.raises(mastodon.MastodonNotFoundError):
        desk.status_delete(post.id)
    uri.status_delete(post.id)
    with pytest.raises(mastodon.MastodonNotFoundError):
        desk.status(post.id)


def test_reports_are_made_listed_page_by_page_closed_and_opened(server: Mastodon, picture: bytes) -> None:
    post = server.post(server.uri, picture)
    dana, desk = client(server, server.dana), client(server, server.desk)
    made = dana.report(server.uri.id, [post.id], comment="This is me.", category="other")
    assert (made.category, str(made.target_account.id)) == ("other", server.uri.id)
    for _ in range(4):
        dana.report(server.uri.id, comment="Again.")
    first = desk.admin_reports(resolved=False, limit=2)
    assert [str(one.id) for one in first] == ["5", "4"]
    rest = desk.fetch_remaining(first)
    assert [str(one.id) for one in rest] == ["5", "4", "3", "2", "1"]
    newer = desk.admin_reports(min_id=2, limit=2)
    assert [str(one.id) for one in newer] == ["4", "3"]
    assert [str(one.id) for one in rest[-1].statuses] == [post.id]
    assert desk.admin_report_resolve(1).action_taken is True
    assert [str(one.id) for one in desk.admin_reports(resolved=True)] == ["1"]
    assert desk.admin_report_reopen(1).action_taken is False
    assert str(desk.admin_report(1).id) == "1"


def test_only_moderators_moderate_and_a_suspension_closes_the_accounts_reports(server: Mastodon) -> None:
    dana, desk = client(server, server.dana), client(server, server.desk)
    dana.report(server.uri.id, comment="This is me.")
    for call in (dana.admin_reports, lambda: dana.admin_account_moderate(server.uri.id, "suspend")):
        with pytest.raises(mastodon.MastodonAPIError):
            call()
    desk.admin_account_moderate(server.uri.id, "suspend", text="A word.")
    assert desk.admin_account(server.uri.id).suspended is True
    assert server.uri.letters == ["A word."], "unless it is told otherwise, the server writes to them"
    assert desk.admin_reports(resolved=False) == []
    assert desk.admin_account_unsuspend(server.uri.id).suspended is False


def test_what_the_reference_refuses_is_refused(server: Mastodon) -> None:
    dana = client(server, server.dana)
    refused = [
        {"category": "violation"},
        {"comment": "x" * 1001},
    ]
    for wrong in refused:
        with pytest.raises(mastodon.MastodonAPIError):
            dana.report(server.uri.id, **wrong)
    with pytest.raises(mastodon.MastodonNotFoundError):
        dana.report(server.uri.id, status_ids=["77"])
    server.limited = True
    with pytest.raises(mastodon.MastodonRatelimitError):
        dana.report(server.uri.id)
    assert server.flags == {}
