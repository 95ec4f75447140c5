"""What account holders are told, in the words of the policy pack. Nothing here says who reported, or when."""

from django.conf import settings

from answerable.cases import codes
from answerable.cases.commands.ordering import ORDER_STANDS
from answerable.cases.commands.telling import SUSPENSION
from answerable.cases.models import Decision, Notice
from answerable.cases.queries.listed import rests_on_list
from answerable.cases.queries.requests import law_of, order_about
from answerable.cases.rules.reasons import ORDERED
from answerable.cases.rules.telling import day_only
from answerable.platforms.countries import country_name
from answerable.policy import store
from answerable.policy.texts import in_language

MEANS = {
    "reviews": {
        "en": "people decided; software may have found or hidden it before",
        "fr": "des personnes ont décidé ; un logiciel a pu le trouver ou le masquer avant",
    },
    "listed": {
        "en": "the file was recognised automatically as the very same as one that a child protection centre lists;"
        " people look at it as well",
        "fr": "le fichier a été reconnu automatiquement comme étant exactement celui que recense un centre de"
        " protection de l’enfance ; des personnes le regardent aussi",
    },
    "exact": {
        "en": "the file was recognised automatically as the very same as one that people decided about",
        "fr": "le fichier a été reconnu automatiquement comme étant exactement celui que des personnes ont jugé",
    },
}
"""How a decision was reached, as a statement of reasons has to say (Regulation (EU) 2022/2065, Art. 17(3)(c))."""

OF_ORDERS = (ORDERED, ORDER_STANDS)


def text_of(notice: Notice, pack_digest: str) -> str:
    """The notice in every language of the desk: nobody knows which one the holder reads."""
    pack = store.pack(pack_digest) if pack_digest else store.active()
    decision = Decision.objects.filter(content__item=notice.item).order_by("-at", "-pk").first()
    basis = "exact" if decision and decision.by_match else "reviews"
    if decision and rests_on_list(decision):
        basis = "listed"
    order = order_about(notice.item_id, notice.decided_at) if notice.kind in OF_ORDERS else None
    at = decision.at if decision and notice.kind not in (SUSPENSION, ORDERED) else notice.decided_at
    if notice.kind not in pack.notices:  # a case that an older pack governs
        pack = store.active()
    parts = [
        pack.notice(
            notice.kind,
            language,
            regimes=settings.CONFIG.desk.regimes,
            address=f"{settings.CONFIG.desk.public_url}/appeal",
            code=codes.grouped(codes.derived_code(f"notice:{notice.pk}")),
            day=day_only(at),
            clause=pack.clause_text(decision.clause, language) if decision else "",
            means=in_language(MEANS[basis], language),
            country=country_name(order.country, language) if order is not None else "",
            law=law_of(order, language) if order is not None else "",
        )
        for language in settings.CONFIG.desk.languages
    ]
    return "\n\n".join(parts)
