"""Telling account holders of what a verified order removed (DSA, Art. 9(5); Regulation (EU) 2021/784, Art. 11)."""

from datetime import timedelta

from answerable.cases.commands.stating import LAW
from answerable.cases.commands.telling import tell_by_pack
from answerable.cases.commands.writing import Writing, pack_of, regimes
from answerable.cases.models import Item, Notice
from answerable.cases.queries.requests import is_ordered_gone, order_about
from answerable.cases.rules.reasons import ORDERED
from answerable.policy import Do, Pack
from answerable.policy.pack import applies
from answerable.policy.words import By, Visibility

TELL_WITHIN = timedelta(hours=1)
LATE = timedelta(days=1)
ORDER_STANDS = "order_stands"
_LAW_OF_NOTICE = "Regulation (EU) 2022/2065, Art. 9(5)"


def tell_of_order(writing: Writing, item: Item) -> None:
    """Owe the holder of an item that an order removed the notice of it, once.

    Under the law of the EU it waits for nothing but an order not to tell: the holder is informed at the latest when the
    order is carried out, and the authority could have asked otherwise. Where no law asks for it, it waits where telling
    can hurt (rule 16), for as long as the pack says.
    """
    order = order_about(item.pk, writing.now)
    if item.case is None or order is None:
        return
    if Notice.objects.filter(item=item, kind=ORDERED, decided_at__gte=order.closed_at).exists():
        return
    tell_by_pack(writing, [_notice(pack_of(item.case))], item=item)


def tell_if_ordered(writing: Writing, item: Item) -> None:
    """The same where the holder becomes known only after the order was carried out."""
    if item.wanted == Visibility.GONE and item.wanted_why == "order" and is_ordered_gone(item.pk):
        tell_of_order(writing, item)


def tell_that_it_stands(writing: Writing, item: Item) -> None:
    """Tell the holder that people here found nothing wrong with it, and that the order keeps it away all the same."""
    params: dict[str, str | int] = {"notice": ORDER_STANDS, "law": _LAW_OF_NOTICE}
    tell_by_pack(writing, [Do(do="tell_holder", by=By.WORKER, within=LATE, params=params)], item=item)


def _notice(pack: Pack) -> Do:
    params: dict[str, str | int] = {"notice": ORDERED, "law": _LAW_OF_NOTICE}
    waits = {
        name: known.delay for name, known in pack.regimes.items() if name != LAW and applies(name, regimes())
    }
    if applies(LAW, regimes()) or not waits:
        return Do(do="tell_holder", by=By.WORKER, within=TELL_WITHIN, params=params)
    name = min(waits, key=lambda regime: waits[regime].longest)
    delay = waits[name]
    return Do(
        do="tell_holder",
        by=By.WORKER,
        within=delay.longest + LATE,
        after=delay.longest,
        regime=name,
        params={"notice": ORDERED, "ground": delay.ground},
    )
