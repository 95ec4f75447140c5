"""What must not be lost: evidence, the keys, the database, the log and the proof of it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from answerable.audit.check import check as check_log
from answerable.audit.models import AuditCheckpoint, AuditHead
from answerable.cases.models import Person
from answerable.checklist.lines import A_YEAR, Line, ask, attempt, check, skip
from answerable.checklist.platforms import AT_HOME
from answerable.evidence import stores
from answerable.policy import Pack
from answerable.policy.pack import applies
from answerable.settings.config import Config

CUSTODIANS_NEEDED = 2


class LogFaulty(Exception):
    """The audit log was changed: `answerable audit check` names each fault. Keep a copy of it as it is."""


def lines(config: Config, pack: Pack | None) -> Iterator[Line]:
    """The lines about what is kept."""
    yield from _evidence(config, pack)
    yield attempt("log", "The audit log is whole", whole_log)
    yield from _keys(config)
    yield from _store(config)
    store = [config.database.url, config.evidence.folder, config.evidence.bucket]
    yield ask(
        "backups",
        "Database and evidence are backed up, the backups are encrypted, and they expire",
        "State how often, where, and after how many days they go: an erased text lives in them as long.",
        store,
    )
    yield ask(
        "restore",
        "A backup was restored on another machine, and the log was whole",
        "Restore one, run `answerable audit check` and `answerable evidence scrub` there, and state how long it took.",
        store,
        again_after=A_YEAR,
    )


def _keys(config: Config) -> Iterator[Line]:
    titles = {
        "keys": "The keys lie somewhere else, too, and not in the backups of the database",
        "witness": "The log's public key and its checkpoints are known outside of this desk",
    }
    newest = AuditCheckpoint.objects.order_by("-size").values_list("verifier_key", flat=True).first()
    if newest is None:
        for key, title in titles.items():
            missing = "Nothing is signed yet: start the desk once with `answerable serve`."
            yield check(key, title, good=False, done="", missing=missing)
        return
    yield ask(
        "keys",
        titles["keys"],
        "Copy keys/ of the data directory, audit.key and personal.key above all, to a safe place of its own.",
        newest,
        config.database.url == "sqlite",
    )
    yield ask(
        "witness",
        titles["witness"],
        "Publish `answerable audit key`, and give `answerable audit checkpoint` to somebody each week: a log that one"
        " person could write anew proves nothing to others.",
        newest,
        again_after=A_YEAR,
    )


def _store(config: Config) -> Iterator[Line]:
    title = "Evidence can be kept, read and destroyed where it is to lie"
    name = config.evidence.bucket
    if not name:
        folder = stores.folder()
        yield check("evidence.store", title, good=True, done=f"In files, in {folder}.", missing="")
        return
    entry = next(one for one in config.buckets if one.name == name)
    parts = urlsplit(entry.endpoint)
    if parts.scheme != "https" and parts.hostname not in AT_HOME:
        missing = f"The bucket {name} is asked without TLS: write an https endpoint in [[buckets]]."
        yield check("evidence.store", title, good=False, done="", missing=missing)
        return
    on = (name, entry.endpoint, entry.region, entry.credentials_file, config.evidence.prefix)
    yield attempt("evidence.store", title, stores.try_out, *on)


def whole_log() -> str:
    """Recompute the log. Raises LogFaulty."""
    faults = check_log()
    if faults:
        raise LogFaulty(f"{LogFaulty.__doc__} The first of {len(faults)}: {faults[0]}")
    return f"{AuditHead.objects.get().size} entries, every one verified."


def _evidence(config: Config, pack: Pack | None) -> Iterator[Line]:
    titles = {
        "custodians": "Two people of the desk can open evidence, each with a key of their own",
        "custodians.drill": "Each custodian opened something from the vault on their own machine",
    }
    laws = pack.regimes.items() if pack is not None else ()
    keep = [name for name, law in laws if law.keeps.media and applies(name, config.desk.regimes)]
    if pack is not None and not keep:
        for key, title in titles.items():
            yield skip(key, title, "No law under which the desk works has media preserved.")
        return
    custodians = config.evidence.custodians
    active = set(Person.objects.filter(active=True).values_list("pseudonym", flat=True))
    unknown = [one.name for one in custodians if one.name not in active]
    named = ", ".join(one.name for one in custodians) or "none"
    yield check(
        "custodians",
        titles["custodians"],
        good=len(custodians) >= CUSTODIANS_NEEDED and not unknown,
        done=named,
        missing=f"[evidence] custodians: {named}"
        + (f"; nobody active is called {', '.join(unknown)}" if unknown else "")
        + ". Two people of the desk are needed: docs/evidence.md.",
    )
    if not custodians:
        missing = "There are no custodians yet."
        yield check("custodians.drill", titles["custodians.drill"], good=False, done="", missing=missing)
        return
    yield ask(
        "custodians.drill",
        titles["custodians.drill"],
        "Open a case's evidence as docs/evidence.md says, each with the key of their own; state when each did.",
        sorted(one.key for one in custodians),
        again_after=A_YEAR,
    )
