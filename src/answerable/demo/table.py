"""What is alleged beside what the replay measured, and the views over time, as text for a terminal."""

import textwrap
from collections.abc import Sequence
from datetime import datetime

from answerable.demo.figures import Figures

WIDTHS = (30, 32, 50)
HEADS = ("What", "Alleged in the case", "Measured in the replay")
CHART_WIDTH, CHART_HEIGHT = 72, 9


def table(figures: Figures) -> str:
    """The table of the documented case. Lines whose act was not played are left out."""
    lines = [_row(HEADS), _row(tuple("─" * width for width in WIDTHS))]
    for what, alleged, measured in _story(figures) if figures.reports_needed else ():
        lines += [_row((what, alleged, measured)), ""]
    for what, measured in _abuse(figures):
        lines += [_row((what, "", measured)), ""]
    lines.append(_row(("Kept in time", "", _kept(figures))))
    return "\n".join(lines).rstrip()


def _where(f: Figures) -> str:
    form = "one form, no account, no script"
    return f"the platform's own client, or {form}" if f.reported_in_client else form


def _what(f: Figures) -> str:
    return (
        "post and private message"
        if f.message_was_private
        else "two posts (private messages are out of reach)"
    )


def _kept_out(f: Figures) -> str:
    return "held" if f.asked_before_showing else "refused"


def _unseen(f: Figures) -> str:
    """Before an upload is shown the desk is asked, or it can only be fast."""
    if f.asked_before_showing:
        return "never seen"
    return f"hidden, seen for {f.seconds_reuploads_were_seen or 0:.2f} s at most: shown before the desk can be asked"


def _story(f: Figures) -> list[tuple[str, str, str]]:
    return [
        (
            "Reporting",
            "hard to find, many steps, none for private messages",
            f"{_where(f)}: {_what(f)}, hidden {f.seconds_to_hidden:.2f} s and "
            f"{f.seconds_to_hidden_message:.2f} s after the report was accepted",
        ),
        (
            "Proof of identity",
            "a child was asked for a document first",
            _yes(f.document_asked, "asked", "never asked for"),
        ),
        (
            "Accounts known for it",
            "two, known before, had posted it",
            "judged by a person; a later upload is "
            + _yes(f.later_uploads_held, f"{_kept_out(f)} and seen by nobody", f"NOT {_kept_out(f)}"),
        ),
        (
            "Reports until it was hidden",
            "at least 3 in 36 days, never joined",
            f"{f.reports_needed}; the {f.reports_of_the_family} of the family later joined "
            f"{f.cases_of_the_family} case",
        ),
        (
            "Copies",
            "not known",
            f"{f.copies_found} of {f.copies_total} found with the first report, {f.copies_verified_gone} gone and "
            f"checked; {f.reuploads_blocked} of {f.reuploads_tried} re-uploads {_unseen(f)}",
        ),
        (
            "After the automatic reply",
            "silence for a week",
            f"{f.promises_kept} of {f.promises_owed} things promised to reporters kept in time",
        ),
        (
            "Terms and practice",
            "contradicted each other",
            _yes(
                f.terms_checked,
                "one pack: every promise is bound to what is owed, and the check passes",
                "the pack's check FAILS",
            ),
        ),
        (
            "“No violation”",
            "said by one mail, nobody appealed to",
            _yes(
                f.refused_by_one_person,
                "one person REFUSED",
                "one person's no refused nothing and told nobody",
            ),
        ),
        (
            "“Both of us are minors”",
            "nobody read it",
            f"{_yes(f.answer_reopened, 'reopened', 'NOT reopened')}, "
            f"{_yes(f.answer_read_by_others, 'read by somebody who had not judged', 'NOT read')}",
        ),
        (
            "Views",
            "over 167,000, with 2,223 reposts, by 28 January",
            f"{f.views_after_first_notice} after the first notice ({f.views_before_first_notice} and "
            f"{'no' if f.reposts is None else f.reposts} reposts before; {f.views_tried_after_hiding} tries after)",
        ),
        (
            "Until it was removed",
            "36 days from the first report, 9 from his, when a federal agent called",
            f"hidden in {f.seconds_to_hidden:.2f} s, decided and gone after "
            f"{24 * 60 * (f.days_to_gone or 0):.0f} minutes; no agent needed",
        ),
        (
            "What can be proved",
            "two case numbers",
            _yes(
                f.receipt_verified,
                "each receipt verified without the desk, a changed one refused",
                "receipt NOT verified",
            ),
        ),
    ]


def _abuse(f: Figures) -> list[tuple[str, str]]:
    lines = []
    if f.innocent_reports is not None:
        lines.append(
            (
                f"{f.innocent_reports} false reports of one photo",
                f"hidden {f.innocent_times_hidden} time, {f.innocent_hidden_minutes} minutes, "
                f"{_yes(f.innocent_restored, 'restored by itself', 'NOT restored')}",
            )
        )
    if f.author_reports is not None:
        lines.append(
            (
                f"{f.author_reports} posts of one author reported",
                f"at most {f.author_items_hidden_unlooked} hidden at a time before anybody looked",
            )
        )
    if f.flood_reports is not None:
        took = f.seconds_to_hidden_in_flood
        words = "NOT hidden" if took is None else f"hidden and checked in {took:.2f} s"
        lines.append(
            (
                f"a true report among {f.flood_reports} junk",
                f"{words}, at {f.flood_reports_per_second} reports a second",
            )
        )
    if f.overturned_put_back is not None:
        words = _yes(
            f.overturned_put_back, "contested with the notice's code, all put back", "NOT all put back"
        )
        lines.append(("A wrong decision", words))
    return lines


def _kept(f: Figures) -> str:
    log = _yes(f.audit_verified, "whole and verified", "NOT verified")
    return f"{f.obligations_late} of {f.obligations_total} obligations late; the audit log is {log}"


def _yes(value: bool | None, yes: str, no: str) -> str:
    return "not measured" if value is None else yes if value else no


def _row(cells: Sequence[str]) -> str:
    parts = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, WIDTHS, strict=True)]
    height = max(map(len, parts))
    lines = []
    for number in range(height):
        row = [part[number] if number < len(part) else "" for part in parts]
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, WIDTHS, strict=True)).rstrip())
    return "\n".join(lines)


def chart(views: Sequence[tuple[datetime, int]], notice: datetime) -> str:
    """The views over time as bars of text, with the first report marked under them."""
    if len(views) < 2:
        return ""
    first, last = views[0][0], views[-1][0]
    span = (last - first) or (views[1][0] - first)
    most = max(1, *(count for _, count in views))
    columns = []
    for column in range(CHART_WIDTH):
        at = first + span * column / (CHART_WIDTH - 1)
        columns.append(max([count for moment, count in views if moment <= at], default=0))
    lines = [f"Views of the picture, all posts together (the most: {most})"]
    for level in range(CHART_HEIGHT, 0, -1):
        bar = "".join(
            "█" if count * CHART_HEIGHT >= (level - 0.5) * most and count else " " for count in columns
        )
        lines.append("  │" + bar.rstrip())
    lines.append("  └" + "─" * CHART_WIDTH)
    place = round((notice - first) / span * (CHART_WIDTH - 1))
    lines.append("   " + " " * max(0, place) + "▲ first report: not one view after it")
    ends = f"{first:%d %b %Y}".ljust(CHART_WIDTH - 11) + f"{last:%d %b %Y}"
    lines.append("   " + ends)
    return "\n".join(lines)
