"""`/copies`: where else is this? For tools of the desk, never for an upload path. Every search is in the audit log."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from answerable.api.keys import Bearer
from answerable.api.models import ApiKey
from answerable.api.problems import Problem
from answerable.api.screening import fingerprints_of
from answerable.api.shapes import CopiesIn, CopiesOut, CopyOut
from answerable.matching import asked
from answerable.matching.copies import NothingToSearchFor, search_copies
from answerable.media import Fingerprints

router = Router(tags=["copies"])


@router.post("/copies", response=CopiesOut, auth=Bearer("copies:search"))
def find_copies(request: HttpRequest, body: CopiesIn) -> Any:
    """Search all items ever registered for copies of a file, of hashes, or of an item.

    A key that speaks for one platform is told of that platform's items only.
    """
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    question = _asked(key, body)
    try:
        found = search_copies(
            question.prints,
            actor=f"key:{key.pk}",
            by=question.by,
            platform=key.platform,
            except_item_id=question.item_id,
            limit=body.limit,
        )
    except NothingToSearchFor as error:
        raise Problem(422, str(error)) from error
    copies = [CopyOut.model_validate(one, from_attributes=True) for one in found.copies]
    return CopiesOut(total=found.total, copies=copies)


def _asked(key: ApiKey, body: CopiesIn) -> asked.Asked:
    if body.item is None:
        prints = fingerprints_of(key, body.media, body.hashes) or Fingerprints()
        return asked.Asked(prints, "hashes" if body.media is None else "file")
    if key.platform not in ("", body.item.platform):
        raise Problem(403, "This API key speaks for another platform.")
    try:
        return asked.at_place(body.item.platform, body.item.ref)
    except asked.NotUnderstood as error:
        raise Problem(404, error.why) from error
