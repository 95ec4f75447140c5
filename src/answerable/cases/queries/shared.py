"""What a reviewer reads of the videos that an item has something in common with."""

from answerable.cases.models import Copy, Item
from answerable.cases.overlaps import Overlap


def shared_parts(item: Item) -> list[str]:
    """Sentences about the item's present content and others of its case: which part of it is where in them.

    They tell what is alike, never what was judged of it: a blind reviewer reads the same (rule 10).
    """
    if item.content_id is None:
        return []
    told = []
    for edge in _edges(item):
        if edge.overlap is None:
            continue
        overlap = Overlap.read(edge.overlap)
        if edge.content_id == item.content_id:
            told += overlap.sentences(f"item {edge.original.item_id}")
        else:
            told += overlap.turned().sentences(f"item {edge.content.item_id}")
    return list(dict.fromkeys(told))  # an edge may lead each way


def _edges(item: Item) -> list[Copy]:
    mine = Copy.objects.filter(content=item.content_id, original__item__case=item.case_id)
    mine |= Copy.objects.filter(original=item.content_id, content__item__case=item.case_id)
    known = mine.filter(overlap__isnull=False).exclude(original__item=item, content__item=item)
    return list(known.select_related("original", "content").order_by("pk"))
