"""The laws under which the operator is the provider, the policy pack, and what only counsel can say."""

from collections.abc import Iterator, Sequence

from answerable.checklist.lines import A_YEAR, Line, ask, check, skip
from answerable.policy import Pack
from answerable.policy.durations import say
from answerable.policy.pack import applies
from answerable.settings.config import Config

EU = ("eu",)
NO_PACK = "No policy pack is active: start the desk once with `answerable serve`."


def under(config: Config, *laws: str) -> bool:
    """Whether any of these laws is one of the desk's."""
    return any(applies(law, config.desk.regimes) for law in laws)


def lines(config: Config, pack: Pack | None, configured: Pack | None, holes: Sequence[str]) -> Iterator[Line]:
    """The lines about law. `pack`: the active one; `configured`: what desk.policy names, and its `holes`."""
    regimes = list(config.desk.regimes)
    named = ", ".join(regimes)
    yield ask(
        "regimes",
        "The desk works under the laws that bind the operator, and no other",
        f"desk.regimes says {named}. Have somebody who knows say that this is right.",
        regimes,
    )
    good = pack is not None and configured is not None and not holes and pack.digest == configured.digest
    yield check(
        "pack",
        "The policy pack is whole, and it is the one that the desk works by",
        good=good,
        done=f"{pack.pack} {pack.version}, {pack.digest[:12]}" if pack is not None else "",
        missing=_what_is_wrong(pack, configured, holes),
    )
    yield from _of_the_pack(config, pack, regimes)
    title = "Authorities and users can reach the operator as the DSA asks"
    if not under(config, *EU):
        yield skip("contact_points", title, "No law of the EU is among the desk's.")
    else:
        says = (
            "Publish an electronic contact for authorities, with its languages, and one for users (Art. 11, 12),"
            " and a legal representative where the operator is outside the EU (Art. 13)."
        )
        yield ask("contact_points", title, says, regimes, again_after=A_YEAR)


def _of_the_pack(config: Config, pack: Pack | None, regimes: Sequence[str]) -> Iterator[Line]:
    titles = {
        "counsel": "Counsel has read this policy pack",
        "terms": "The terms are published, and a link to the report pages stands at every post, message and profile",
        "retention": "How long people's words are kept is set",
    }
    if pack is None:
        for key, title in titles.items():
            yield check(key, title, good=False, done="", missing=NO_PACK)
        return
    digest = pack.digest
    yield ask(
        "counsel",
        titles["counsel"],
        f"Give them the pack ({digest[:12]}) and `answerable policy render`; state who read it, by your own file.",
        digest,
        regimes,
    )
    yield ask(
        "terms",
        titles["terms"],
        f"Publish what `answerable policy render` writes, and link {config.desk.public_url} where people see content.",
        digest,
        config.desk.public_url,
    )
    yield check(
        "retention",
        titles["retention"],
        good=True,  # a pack that doesn't say it, or erases while a decision can be contested, does not load
        done=", ".join(f"{kind} {say(length, 'en')}" for kind, length in sorted(pack.erases.items())),
        missing="",
    )


def _what_is_wrong(pack: Pack | None, configured: Pack | None, holes: Sequence[str]) -> str:
    if holes or configured is None:
        first = holes[0] if holes else "it can't be read"
        return f"desk.policy has a hole, {first}: answerable policy check FILE names all of them."
    if pack is None:
        return NO_PACK
    return "The pack that desk.policy names is another one than the active one: restart the desk."
