"""What the database itself refuses about cases, whoever asks.

What was said and judged never changes; a refusal rests on two people; no list of fingerprints is rewritten.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kept:
    """One table whose rows stay: which columns never change once set, and which only go from null to a value."""

    table: str
    frozen: tuple[str, ...]
    once: tuple[str, ...] = ()


KEPT: Final = (
    Kept(
        "cases_report",
        (
            "received_at",
            "harm",
            "relation",
            "age",
            "danger",
            "channel",
            "token",
            "verified",
            "digest",
            "pack_digest",
        ),
        ("withdrawn_at",),
    ),
    Kept(
        "cases_review",
        (
            "content_id",
            "case_id",
            "round",
            "person_id",
            "qualified",
            "tie",
            "verdict",
            "age",
            "clause",
            "exception",
            "missing_element",
            "nobody_in_it",
            "classification",
            "began_at",
            "at",
        ),
    ),
    Kept(
        "cases_decision",
        ("content_id", "round", "verdict", "clause", "basis", "of_decision_id", "at"),
        ("confirmed_by_two_at", "overturned_at"),
    ),
    Kept("cases_finding", ("content_id", "review_id", "matched_list", "age", "at"), ("withdrawn_at",)),
    Kept(
        "cases_knownchange",
        ("seq", "op", "kind", "value", "hash_list", "cause", "at", "at_ms", "until_ms"),
    ),
    Kept("cases_contentframe", ("content_id", "number", "at_ms", "until_ms", "pdq", "quality")),
    Kept("cases_itemcontent", ("item_id", "sha256", "seen_at")),
    Kept(
        "cases_filing",
        (
            "authority",
            "environment",
            "purpose",
            "case_id",
            "account_id",
            "corrects_id",
            "obligation_id",
            "digest",
        ),
        ("finished_at", "approved_at"),
    ),
    Kept(
        "cases_filingfile", ("filing_id", "number", "finding_id", "content_id", "viewed", "public", "place")
    ),
    Kept(
        "cases_filinganswer",
        ("filing_id", "serial", "step", "status", "sent_sha256", "answer_sha256", "at"),
    ),
    Kept(
        "cases_statementofreasons",
        (
            "notice_id",
            "account_id",
            "item_id",
            "decision_id",
            "lifts_id",
            "puid",
            "at",
            "restriction",
            "lasts",
            "territory",
            "circumstance",
            "came_from",
            "found_by_software",
            "decided",
            "ground",
            "clause",
            "law",
            "redress",
            "age",
            "item_kind",
        ),
        ("ends_at",),
    ),
    Kept(
        "cases_letter",
        (
            "authority",
            "environment",
            "purpose",
            "case_id",
            "corrects_id",
            "obligation_id",
            "reference",
            "message_id",
            "address",
        ),
        ("asked_at", "accepted_at"),
    ),
    Kept("cases_letteritem", ("letter_id", "content_id", "decision_id", "finding_id")),
    Kept(
        "cases_capture",
        (
            "content_id",
            "case_id",
            "decision_id",
            "at",
            "media_sha256",
            "missing",
            "facts_sha256",
            "manifest_sha256",
            "entry_id",
        ),
        ("media_destroyed_at", "destroyed_at"),
    ),
    Kept("cases_hiddenmedia", ("content_id", "sha256", "at", "entry_id"), ("ended_at",)),
    Kept(
        "cases_evidenceobject",
        ("store", "sha256", "size", "sealed_sha256", "sealed_size", "key", "stored_at"),
        ("destroying_at", "destroyed_at"),
    ),
    Kept("cases_evidencehold", ("case_id", "why", "placed_at", "placed_by_id"), ("released_at",)),
    Kept("cases_evidencerecipient", ("name", "key", "added_at", "added_by_id"), ("verified_at", "ended_at")),
    Kept(
        "cases_authorityrequest",
        (
            "asks",
            "came",
            "regime",
            "country",
            "received_at",
            "entered_at",
            "entered_by_id",
            "digest",
            "pack_digest",
            "due_at",
        ),
        ("verified_at", "closed_at", "answered_at"),
    ),
    Kept("cases_requestitem", ("request_id", "item_id")),
    Kept("cases_requestaccount", ("request_id", "account_id")),
    Kept("cases_requesthold", ("request_id", "hold_id")),
    Kept("cases_requestcheck", ("request_id", "person_id", "at")),
    Kept(
        "cases_requestsilence",
        ("request_id", "placed_at", "placed_by_id", "until", "ground"),
        ("ended_at",),
    ),
    Kept(
        "cases_requestpackage",
        (
            "request_id",
            "recipient_id",
            "digest",
            "fields",
            "items",
            "listed_at",
            "listed_by_id",
        ),
        ("confirmed_at", "declined_at", "given_at"),
    ),
    Kept(
        "cases_requestevidence",
        ("request_id", "recipient_id", "case_id", "manifest_sha256", "count", "at", "by_id", "second_id"),
    ),
    Kept("cases_requestevidenceitem", ("given_id", "item_id")),
    Kept("cases_copy", ("original_id", "content_id", "kind", "distance", "overlap")),
)
REFUSAL: Final = "not_violating takes two qualified people, where nobody is known to be an adult"
PEOPLE: Final = """
    NEW.verdict = 'not_violating' AND (
        SELECT count(DISTINCT r.person_id) FROM cases_review r
        WHERE r.content_id = NEW.content_id AND r.round = NEW.round
          AND r.verdict = 'not_violating' AND r.qualified
    ) < (
        SELECT CASE WHEN i.age = 'adult' THEN 1 ELSE 2 END
        FROM cases_itemcontent c JOIN cases_item i ON i.id = c.item_id WHERE c.id = NEW.content_id
    )
"""
VERIFIED: Final = "the word of an authority does this after two different people verified it, never before"
CHECKED: Final = """
    NEW.verified_at IS NOT NULL AND (
        SELECT count(DISTINCT c.person_id) FROM cases_requestcheck c WHERE c.request_id = NEW.id
    ) < 2
"""
UNVERIFIED: Final = """
    NOT EXISTS (
        SELECT 1 FROM cases_authorityrequest r
        WHERE r.id = NEW.request_id AND r.verified_at IS NOT NULL AND r.closed_at IS NULL
    )
"""
NOT_DISCLOSED: Final = """
    NOT EXISTS (
        SELECT 1 FROM cases_authorityrequest r
        WHERE r.id = NEW.request_id AND r.verified_at IS NOT NULL AND r.outcome <> 'refused'
          AND r.asks IN ('disclose', 'emergency')
    ) OR NOT EXISTS (
        SELECT 1 FROM cases_evidencerecipient k
        WHERE k.id = NEW.recipient_id AND k.verified_at IS NOT NULL AND k.ended_at IS NULL
    )
"""
NAMED: Final = "nothing is handed out but what the request names"
NOT_NAMED: Final = """
    NOT EXISTS (
        SELECT 1 FROM cases_requestevidence g
        JOIN cases_authorityrequest r ON r.id = g.request_id
        JOIN cases_item i ON i.id = NEW.item_id
        LEFT JOIN cases_case c ON c.id = i.case_id
        WHERE g.id = NEW.given_id AND (
            EXISTS (SELECT 1 FROM cases_requestitem n WHERE n.request_id = r.id AND n.item_id = i.id)
            OR EXISTS (
                SELECT 1 FROM cases_requestaccount a WHERE a.request_id = r.id AND a.account_id = i.account_id
            )
            OR (r.case_id IS NOT NULL AND (i.case_id = r.case_id OR c.joined_into_id IS NOT NULL))
        )
    )
"""
AGREED: Final = "evidence goes to the key and for the request to which another custodian agreed"
NOT_AGREED: Final = """
    NOT EXISTS (
        SELECT 1 FROM obligations_obligation o
        WHERE o.kind = 'open_evidence' AND o.subject = 'case:' || NEW.case_id AND o.state = 'owed'
          AND CAST(o.params ->> 'request' AS bigint) = NEW.request_id
          AND CAST(o.params ->> 'recipient' AS bigint) = NEW.recipient_id
          AND CAST(o.params ->> 'asked_by' AS bigint) = NEW.by_id
          AND CAST(o.params ->> 'agreed_by' AS bigint) = NEW.second_id
    )
"""
RULES: Final = (
    ("decision_people", "cases_decision", "INSERT", PEOPLE, REFUSAL),
    ("request_entered", "cases_authorityrequest", "INSERT", "NEW.verified_at IS NOT NULL", VERIFIED),
    ("request_verified", "cases_authorityrequest", "UPDATE", CHECKED, VERIFIED),
    ("silence_verified", "cases_requestsilence", "INSERT", UNVERIFIED, VERIFIED),
    ("package_verified", "cases_requestpackage", "INSERT", UNVERIFIED, VERIFIED),
    ("evidence_verified", "cases_requestevidence", "INSERT", NOT_DISCLOSED, VERIFIED),
    ("evidence_agreed", "cases_requestevidence", "INSERT", NOT_AGREED, AGREED),
    ("evidence_named", "cases_requestevidenceitem", "INSERT", NOT_NAMED, NAMED),
)
SERIAL: Final = "the serial of what is wanted only grows, and with each change of it"


def statements(vendor: str) -> list[str]:
    """The triggers of the tables of cases, for `sqlite` or `postgresql`."""
    return _postgresql() if vendor == "postgresql" else _sqlite()


def _changed(kept: Kept, differs: str) -> str:
    parts = [f"NEW.{column} {differs} OLD.{column}" for column in kept.frozen]
    parts += [f"(OLD.{column} IS NOT NULL AND NEW.{column} {differs} OLD.{column})" for column in kept.once]
    return " OR ".join(parts)


def _wanted(differs: str) -> str:
    return (
        f"NEW.wanted_serial < OLD.wanted_serial OR (NEW.wanted {differs} OLD.wanted"
        " AND NEW.wanted_serial = OLD.wanted_serial)"
    )


def _sqlite() -> list[str]:
    rules = [
        *RULES,
        ("item_serial", "cases_item", "UPDATE", _wanted("IS NOT"), SERIAL),
    ]
    for kept in KEPT:
        name = kept.table.removeprefix("cases_")
        changes = f"what a {name} says never changes"
        rules.append((f"{name}_stays", kept.table, "UPDATE", _changed(kept, "IS NOT"), changes))
        rules.append((f"{name}_kept", kept.table, "DELETE", "1", f"a {name} is never deleted"))
    return [
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {when}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for name, table, event, when, message in rules
    ]


def _postgresql() -> list[str]:
    made = []
    for name, table, event, when, message in (
        *RULES,
        ("item_serial", "cases_item", "UPDATE", _wanted("IS DISTINCT FROM"), SERIAL),
        *(
            (f"{k.table[6:]}_stays", k.table, "UPDATE", _changed(k, "IS DISTINCT FROM"), _says(k))
            for k in KEPT
        ),
    ):
        made.append(_function(name, f"IF {when} THEN {_raise(message)} END IF; RETURN NEW;"))
        made.append(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}_refuse()"
        )
    for kept in KEPT:
        name = kept.table.removeprefix("cases_")
        made.append(_function(f"{name}_kept", _raise(f"a {name} is never deleted")))
        made.append(
            f"CREATE TRIGGER {name}_kept BEFORE DELETE ON {kept.table}"
            f" FOR EACH ROW EXECUTE FUNCTION {name}_kept_refuse()"
        )
        made.append(
            f"CREATE TRIGGER {name}_all_kept BEFORE TRUNCATE ON {kept.table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}_kept_refuse()"
        )
    return made


def _says(kept: Kept) -> str:
    return f"what a {kept.table.removeprefix('cases_')} says never changes"


def _raise(message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation';"


def _function(name: str, body: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} END $$"
    )
