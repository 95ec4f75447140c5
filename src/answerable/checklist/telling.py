"""Whom the desk tells: each authority of the pack under the desk's laws, and the EU's database."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from answerable.authorities.dsa import check as dsa_check
from answerable.authorities.dsa import database_of
from answerable.authorities.email import post_of
from answerable.authorities.ncmec import client_of
from answerable.authorities.ncmec.check import check as ncmec_check
from answerable.checklist.law import EU, under
from answerable.checklist.lines import A_YEAR, Line, ask, attempt, check, skip
from answerable.policy import Pack
from answerable.policy.pack import applies
from answerable.settings.authorities import Dsa, Email, Ncmec
from answerable.settings.config import Config

SECONDS = 30.0
FOR_TESTS = 'is at the address for tests, where nothing keeps a duty: write environment = "production".'


class Lacking(Exception):
    """The other side knows this desk, and does not take what it may write."""


def lines(config: Config, pack: Pack | None, data: Path) -> Iterator[Line]:
    """The lines about authorities."""
    known = pack.authorities if pack is not None else {}
    if not known:
        yield check(
            "authorities",
            "Authorities are told",
            good=False,
            done="",
            missing="No policy pack is active that names any: start the desk once with `answerable serve`.",
        )
    for name, authority in known.items():
        title = f"The desk can tell {authority.name['en']}"
        if not applies(authority.regime, config.desk.regimes):
            yield skip(f"authority.{name}", title, f"{authority.regime} is not among the desk's laws.")
        elif name == "ncmec":
            yield _ncmec(config.authorities.ncmec, title, data)
        else:
            yield _by_mail(config.authorities.email, name, title)
    yield _mail(config.authorities.email, data)
    yield _dsa(config, data)


def _ncmec(ncmec: Ncmec | None, title: str, data: Path) -> Line:
    key = "authority.ncmec"
    if ncmec is None:
        says = (
            "Register at esp.ncmec.org/registration and write [authorities.ncmec]; or state that the operator is"
            " registered, and who files by hand what is owed."
        )
        return ask(key, title, says, "by hand", again_after=A_YEAR)
    if ncmec.environment != "production":
        return check(key, title, good=False, done="", missing=f"[authorities.ncmec] {FOR_TESTS}")

    def trial() -> str:
        found = ncmec_check(client_of(ncmec, seconds=SECONDS))
        if found.lacking:
            raise Lacking(f"It does not have what this desk may write: {', '.join(found.lacking)}.")
        return f"It knows this desk as {found.known_as}."

    return attempt(key, title, trial, ncmec.model_dump(mode="json"), _secret(data, ncmec.login_file))


def _by_mail(email: Email | None, name: str, title: str) -> Line:
    party = email.parties.get(name) if email is not None else None
    if party is None:
        says = "Write down where and how people tell it, at night too, and state that they know."
        return ask(f"authority.{name}", title, says, "by hand", again_after=A_YEAR)
    says = (
        f"State that {name} agreed to letters at {party.address}, and read out its key {party.key[:12]}… by a contact"
        " that you found independently."
    )
    return ask(f"authority.{name}", title, says, party.address, party.key, again_after=A_YEAR)


def _mail(email: Email | None, data: Path) -> Line:
    title = "The mail server takes this desk's letters"
    if email is None:
        return skip("mail", title, "No authority is told by mail.")
    if email.environment != "production":
        return check("mail", title, good=False, done="", missing=f"[authorities.email] {FOR_TESTS}")

    def trial() -> str:
        post_of(email).check()
        return f"{email.host} takes mail of {email.sender}."

    login = _secret(data, email.login_file) if email.login_file else ""
    return attempt("mail", title, trial, [email.host, email.port, email.sender, email.security], login)


def _dsa(config: Config, data: Path) -> Line:
    title = "Statements of reasons reach the database of the EU"
    dsa: Dsa | None = config.authorities.dsa
    if not under(config, *EU):
        return skip("dsa_database", title, "No law of the EU is among the desk's.")
    if dsa is None:
        says = (
            "Ask your Digital Services Coordinator for access and write [authorities.dsa]; or state that the operator"
            " is a micro or small enterprise, or no online platform (Art. 19, 24(5))."
        )
        return ask("dsa_database", title, says, "none", again_after=A_YEAR)
    if dsa.environment != "production":
        return check("dsa_database", title, good=False, done="", missing=f"[authorities.dsa] {FOR_TESTS}")

    def trial() -> str:
        dsa_check.check(database_of(dsa, seconds=SECONDS))
        return "It is there, and takes the token."

    return attempt("dsa_database", title, trial, dsa.base_url, _secret(data, dsa.token_file))


def _secret(data: Path, name: str) -> str:
    """What stands for a secret file in a basis: another secret, another basis."""
    path = data / name
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
