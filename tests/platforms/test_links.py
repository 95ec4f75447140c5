"""Links as frightened people type them, and as Max types them. Nothing here ever calls anywhere."""

import string
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from answerable.platforms import links
from answerable.platforms.registry import Located, locate
from answerable.settings.config import Config, Desk
from answerable.settings.config import Platform as Entry

PHOTOS = Entry(
    name="photos",
    base_url="https://photos.example/answerable",
    secret_file="none",
    hosts=("photos.example", "bücher.example", "photos.example:8443"),
    item_paths=("/p/{ref}", "/u/{ref} profile", "/viewtopic.php?p={ref} text", "/wiki/{ref}"),
)
OTHER = PHOTOS.model_copy(update={"name": "other", "hosts": ("other.example",), "item_paths": ()})


@pytest.fixture(autouse=True)
def desk(settings: object) -> None:
    settings.CONFIG = Config(desk=Desk(regimes=("us",)), platforms=(PHOTOS, OTHER), environment="test")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "typed",
    [
        "https://photos.example/p/3abc",
        "photos.example/p/3abc",
        "http://photos.example/p/3abc/",
        "//photos.example/p/3abc",
        "HTTPS://PHOTOS.Example/p/3abc",
        "https://www.photos.example/p/3abc",
        "https://photos.example:443/p/3abc",
        "https://photos.example:8443/p/3abc",
        "https://photos.example./p/3abc",
        "https://photos.example//p//3abc",
        "https://photos.example/p/3abc?utm_source=x&fbclid=y#comments",
        "https://photos.example/p/3abc.",
        "(https://photos.example/p/3abc)",
        "<https://photos.example/p/3abc>",
        "« https://photos.example/p/3abc »",
        "look at https://photos.example/p/3abc, please",
        "  \n https://photos.example/p/3abc\t",
        "https://photos.example/p/3abc\u200b",
        "\ufeffhttps://photos.example/p/3abc",
        "https:/photos.example/p/3abc",
        "https:\\\\photos.example\\p\\3abc",
        "https://photos.example/p/%33abc",
        "https://bücher.example/p/3abc",
        "https://BÜCHER.example/p/3abc",
        "https://xn--bcher-kva.example/p/3abc",
    ],
)
def test_a_link_is_understood_however_it_is_typed(typed: str) -> None:
    located = locate(typed)
    assert (located.platform, located.ref, located.kind) == ("photos", "3abc", "image")
    assert located.known_site


@pytest.mark.parametrize(
    ("typed", "ref", "kind"),
    [
        ("https://photos.example/u/dana", "dana", "profile"),
        ("https://photos.example/viewtopic.php?f=2&p=17#p17", "17", "text"),
        ("https://photos.example/wiki/Hill_(green)", "Hill_(green)", "image"),
        ("(https://photos.example/wiki/Hill_(green))", "Hill_(green)", "image"),
        ("https://photos.example/wiki/Hill", "Hill", "image"),
        ("https://photos.example/p/3abc/comments", None, "image"),
        ("https://photos.example/s/XyZ", None, "image"),
        ("https://photos.example", None, "image"),
        ("https://photos.example/p/", None, "image"),
        ("https://photos.example/p/..%2fadmin", None, "image"),
    ],
)
def test_a_pattern_says_which_item_and_what_it_is(typed: str, ref: str | None, kind: str) -> None:
    located = locate(typed)
    assert (located.platform, located.ref, located.kind) == ("photos", ref, kind)


@pytest.mark.parametrize(
    "typed",
    [
        "https://elsewhere.example/p/3abc",
        "https://photos.example.evil.example/p/3abc",
        "https://notphotos.example/p/3abc",
        "https://photos.example@evil.example/p/3abc",
        "https://evil.example\\@photos.example/p/3abc",
        "https://max@photos.example/p/3abc",
        "https://photos.example:8444/p/3abc",
        "https://evil.example/?next=https://photos.example/p/3abc",
        "javascript:alert(1)",
        "ftp://photos.example/p/3abc",
        "file:///etc/passwd",
        "http://[::1/p/3abc",
        "http://127.0.0.1/p/3abc",
        "http://169.254.169.254/latest",
        "https://",
        "https:///p/3abc",
        "",
        "   ",
        "\x00",
        "a" * 50_000,
        "somebody I know",
    ],
)
def test_what_is_not_ours_is_not_ours(typed: str) -> None:
    located = locate(typed)
    assert located.platform is None
    assert located.ref is None
    assert not located.known_site


def test_a_name_with_a_host_belongs_to_that_host() -> None:
    assert locate("@dana@photos.example").platform == "photos"
    assert locate("@dana@photos.example").ref is None


def test_a_bare_name_belongs_to_nobody_when_there_are_two_platforms() -> None:
    assert locate("@dana") == Located("@dana")


def test_a_bare_name_belongs_to_the_only_platform(settings: object) -> None:
    settings.CONFIG = settings.CONFIG.model_copy(update={"platforms": (PHOTOS,)})  # type: ignore[attr-defined]
    assert locate("@dana") == Located("@dana", "photos")


PIECES = (
    *("http", "https", ":", "/", "//", "\\", "@", "photos.example", "evil.example", "/p/", "3abc", "."),
    *("?", "#", "[", "]", "%", "%2f", "%00", "..", ":443", ":99999", " ", "\u202e", "ü"),
)
TEXTS = st.one_of(
    st.text(max_size=300),
    st.text(alphabet=string.printable + "«»\u200b\u00adüé", max_size=200),
    st.builds(
        "".join,
        st.lists(
            st.sampled_from(PIECES),
            max_size=14,
        ),
    ),
)


@given(TEXTS)
@example("https://photos.example:٣/p/3abc")
@example("http://ﬀ.example/")
@example("https://photos.example/p/\ud800")
@example("xn--")
@example("@@")
def test_locating_never_raises_and_only_ever_names_configured_platforms(typed: str) -> None:
    located = locate(typed)
    assert located.platform in (None, "photos", "other")
    assert located.ref is None or located.platform is not None
    assert located.ref is None or 1 <= len(located.ref) <= 200


@given(TEXTS)
@example("0/p/./")
@example("photos.example/p/x./")
@example("photos.example/p/x%22/")
def test_a_link_put_in_order_stays_as_it_is(typed: str) -> None:
    once = links.read(typed)
    if once is not None:
        again = links.read(once.url)
        assert again is not None
        assert (again.host, links.ref_in(again, PHOTOS.item_paths)) == (
            once.host,
            links.ref_in(once, PHOTOS.item_paths),
        )


@given(
    ref=st.text(alphabet=string.ascii_letters + string.digits + "_-~", min_size=1, max_size=40),
    before=st.sampled_from(["", " ", "see ", "(", "<", "“"]),
    scheme=st.sampled_from(["", "http://", "https://", "HTTP://", "//"]),
    after=st.sampled_from(["", ".", "!", ")", "?", "/", "#x", "?a=b", " thanks", "»"]),
)
def test_decoration_never_changes_the_item(ref: str, before: str, scheme: str, after: str) -> None:
    assert locate(f"{before}{scheme}photos.example/p/{ref}{after}").ref == ref


def test_locating_reads_no_file_and_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    seen: list[str] = []
    armed = [True]
    sys.addaudithook(
        lambda event, _: (
            seen.append(event) if armed[0] and event.startswith(("socket.", "open", "subprocess.")) else None
        )
    )
    locate("https://photos.example/p/3abc")  # adapters are imported on the first call
    seen.clear()
    locate("https://photos.example/p/3abc")
    locate("@dana@photos.example")
    locate("https://evil.example/")
    armed[0] = False
    assert seen == []


@pytest.mark.parametrize("pattern", ["p/{ref}", "/p/", "/{ref}/{ref}", "/p/{ref} picture"])
def test_a_pattern_that_names_no_item_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"/p/\{ref\}|what is there|once"):
        Entry.model_validate(PHOTOS.model_dump() | {"item_paths": (pattern,)})


@pytest.mark.parametrize("typed", [")" * 8000, "http://a.b/" + ")" * 8000, "a" + "\u0323\u0301" * 4000])
def test_a_long_line_of_nothing_costs_little(typed: str) -> None:
    began = time.perf_counter()
    assert [links.read(typed) for _ in range(100)] == [None] * 100
    assert time.perf_counter() - began < 3  # it took ten to twenty


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://photos.example/p/3abc?igsh=dana&from=mail", "https://photos.example/p/3abc"),
        ("https://photos.example/p/3abc", "https://photos.example/p/3abc"),
        (
            "https://photos.example/viewtopic.php?who=dana&p=7&t=1&who=dana",
            "https://photos.example/viewtopic.php?p=7",
        ),
    ],
)
def test_an_items_address_holds_nothing_that_its_ref_does_not_need(typed: str, address: str) -> None:
    assert locate(typed).address == address


def test_many_parameters_are_not_tried_one_by_one() -> None:
    many = "https://photos.example/viewtopic.php?p=7&" + "&".join(f"a{n}=1" for n in range(1000))
    began = time.perf_counter()
    assert locate(many[:2000]).ref == "7"
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("/media/view%200.png", "/media/view 0.png"),
        ("/media/100%2525.png", "/media/100%25.png"),
        ("/media/100%25.png", "/media/100%.png"),
        ("/media/why%3F.png", "/media/why?.png"),
        ("/media/no%231.png", "/media/no#1.png"),
        ("/media/a%5Cb.png", "/media/a\\b.png"),
        ("/media/caf%C3%A9%C2%A01.png", "/media/caf\u00e9\u00a01.png"),
    ],
)
def test_a_link_put_together_again_is_read_as_the_same(typed: str, path: str) -> None:
    read = links.read(f"https://photos.example{typed}")
    assert read is not None
    assert read.path == path
    assert links.read(read.url) == read
