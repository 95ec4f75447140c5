"""Where items stand on their platforms."""

from answerable.cases.models import Item


def refs_in_cases(platform: str, account: str, beginning: str) -> list[str]:
    """The refs of an account's items that are in a case and begin so: what a platform names by one word."""
    items = Item.objects.filter(
        platform=platform, account__platform=platform, account__ref=account, case__isnull=False
    )
    refs = items.values_list("ref", flat=True)
    return [ref for ref in refs if ref.startswith(beginning)]  # not LIKE: SQLite's ignores case
