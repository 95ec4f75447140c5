"""`/reports`: what the form takes, from machines: a platform's own report button, a flagger's tool."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Status

from answerable import clock
from answerable.api.keys import PROVABLE, Bearer
from answerable.api.models import ApiKey
from answerable.api.problems import Problem
from answerable.api.shapes import FiledOut, OwedOut, ReportedOut, ReportIn, SaidOut, StatusOut, ThingOut
from answerable.cases import codes, commands, inputs
from answerable.cases.models import Report
from answerable.cases.queries import status as queries
from answerable.cases.queries.promised import promises
from answerable.platforms import registry

router = Router(tags=["reports"])
KEY_LIMIT = 120


@router.post("/reports", response={201: FiledOut, 200: FiledOut}, auth=Bearer("reports:write"))
def file_report(request: HttpRequest, body: ReportIn) -> Any:
    """Accept a report. 201: it is on disk with everything it is owed. 200: this very request was taken before."""
    key = _key(request)
    if body.relation in PROVABLE and key.relation != body.relation:
        raise Problem(403, f"This API key doesn't prove the relation {body.relation.value!r}.")
    try:
        filed = commands.file_report(_report_in(request, key, body), now=clock.now())
    except inputs.Refused as error:
        raise Problem(422, str(error)) from error
    made = queries.report_numbered(filed.report_id)
    answer = FiledOut(
        report=filed.report_id,
        code=filed.code,
        items=[
            ReportedOut(
                link=item.link,
                state=item.state,
                interim=str(item.interim) if item.interim else None,
                look_within_seconds=item.look_within_seconds,
            )
            for item in filed.items
        ],
        owed=list(filed.owed_kinds),
        promises=promises(made, body.language),
        status_url=f"{settings.CONFIG.desk.public_url.rstrip('/')}/{body.language[:2]}/status",
    )
    return Status(200 if filed.repeated else 201, answer)


@router.get("/reports/{report_id}", response=StatusOut, auth=Bearer("reports:read"))
def report_status(request: HttpRequest, report_id: int) -> StatusOut:
    """What a report's status page shows. Only the key that filed a report may ask for it."""
    key = _key(request)
    report = Report.objects.filter(pk=report_id, token=f"key:{key.pk}").first()
    if report is None:
        raise Problem(404, "This API key filed no such report.")
    commands.note_status_read(report, token=report.token, now=clock.now())
    shown = queries.report_status(report, language=report.language, now=clock.now())
    return StatusOut(
        report=shown.report_id,
        received_at=shown.received_at,
        items=[
            ThingOut(
                link=thing.link,
                state=thing.state,
                at=thing.at,
                hidden_at=thing.hidden_at,
                decided_at=thing.decided_at,
                copies=thing.copies,
            )
            for thing in shown.things
        ],
        owed=[OwedOut(kind=one.kind, due_at=one.due_at, late=one.late) for one in shown.owed],
        messages=[SaidOut(at=said.at, from_reporter=said.mine, text=said.text) for said in shown.messages],
    )


def _report_in(request: HttpRequest, key: ApiKey, body: ReportIn) -> inputs.ReportIn:
    earlier = queries.report_by_code(codes.normalised(body.earlier_code)) if body.earlier_code else None
    if body.earlier_code and earlier is None:
        raise Problem(422, "The earlier code opens no report: leave it out, or check its sixteen digits.")
    return inputs.ReportIn(
        harm=body.harm,
        relation=body.relation,
        age=body.age,
        danger=body.danger,
        links=tuple(_link(typed) for typed in dict.fromkeys(body.links)),
        statement=body.statement,
        contact=body.contact,
        signature=body.signature,
        good_faith=body.good_faith,
        claims=tuple(inputs.Claimed(claim.kind, bytes.fromhex(claim.value)) for claim in body.claims),
        language=body.language[:2],
        channel="api",
        token=f"key:{key.pk}",
        verified=bool(key.relation) and key.relation == body.relation,
        earlier_report_id=earlier.pk if earlier else None,
        new_fact=body.new_fact,
        idempotency=idempotency(request, key, body.model_dump(mode="json")),
    )


def _link(typed: str) -> inputs.Link:
    located = registry.locate(typed)
    return inputs.Link(
        typed.strip(), located.platform or "", located.ref or "", located.kind, address=located.address
    )


def idempotency(request: HttpRequest, key: ApiKey, body: Any) -> tuple[str, str, str] | None:
    """(scope, key, body digest) of a request that carries `Idempotency-Key`. Raises Problem."""
    sent = request.headers.get("Idempotency-Key", "")
    if not sent:
        return None
    if len(sent) > KEY_LIMIT or not sent.isascii() or not sent.isprintable():
        raise Problem(400, f"`Idempotency-Key` is 1 to {KEY_LIMIT} printable ASCII characters.")
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return f"key:{key.pk}", sent, hashlib.sha256(text.encode()).hexdigest()


def _key(request: HttpRequest) -> ApiKey:
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return key
