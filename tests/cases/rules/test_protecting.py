"""Protecting, tried by property: what a report hides, what it can't, and what a copy shares."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from answerable.cases.rules.protecting import (
    LOOK_GUARDED,
    LOOK_SOON,
    NOTHING_SHARED,
    UNFOUNDED_PER_TOKEN,
    UNLOOKED_PER_ACCOUNT,
    ItemFacts,
    Original,
    ReportFacts,
    listed,
    protect,
    share,
)
from answerable.policy.words import Age, CopyKind, Interim, Visibility

INTERIMS = st.sampled_from(list(Interim))
REPORTS = st.builds(
    ReportFacts,
    age=st.sampled_from(list(Age)),
    something_new=st.booleans(),
    token_hidings=st.integers(0, 40),
    token_lifted=st.integers(0, 40),
)
ITEMS = st.builds(
    ItemFacts,
    media=st.booleans(),
    wanted=st.sampled_from(list(Visibility)),
    looked_at=st.booleans(),
    cleared_by_people=st.booleans(),
    decided_violating=st.booleans(),
    account_hidden_unlooked=st.integers(0, 30),
    account_found_violating=st.booleans(),
)
ORIGINALS = st.builds(
    Original,
    protected=st.sampled_from(list(Visibility)),
    violating=st.booleans(),
    confirmed_by_two=st.booleans(),
    up_to=st.integers(0, 30),
    then=INTERIMS,
)
KINDS = st.sampled_from(list(CopyKind))


@given(INTERIMS, REPORTS, ITEMS)
def test_a_look_is_always_owed_within_a_quarter_of_an_hour(
    policy: Interim, report: ReportFacts, item: ItemFacts
) -> None:
    assert timedelta(0) < protect(policy, report, item).look_within <= LOOK_SOON


@given(INTERIMS, REPORTS, ITEMS)
def test_rules_only_make_the_policy_milder(policy: Interim, report: ReportFacts, item: ItemFacts) -> None:
    assert protect(policy, report, item).interim in (policy, Interim.LOOK)


@given(REPORTS, ITEMS)
def test_only_one_piece_of_media_is_hidden_unlooked(report: ReportFacts, item: ItemFacts) -> None:
    if protect(Interim.HIDE, report, item).interim is Interim.HIDE:
        assert item.media


@given(REPORTS, ITEMS)
def test_a_cleared_file_is_hidden_again_only_with_something_new(report: ReportFacts, item: ItemFacts) -> None:
    if item.cleared_by_people and not report.something_new:
        assert protect(Interim.HIDE, report, item).interim is Interim.LOOK


@given(REPORTS, ITEMS)
def test_the_first_child_report_hides_whatever_the_token_did(report: ReportFacts, item: ItemFacts) -> None:
    guarded = item.account_hidden_unlooked >= UNLOOKED_PER_ACCOUNT and not item.account_found_violating
    plain = item.media and not item.decided_violating and not item.cleared_by_people and not item.looked_at
    if plain and not guarded and report.age is not Age.ADULT:
        assert protect(Interim.HIDE, report, item).interim is Interim.HIDE


@given(REPORTS, ITEMS)
def test_at_most_ten_of_an_account_are_hidden_unlooked(report: ReportFacts, item: ItemFacts) -> None:
    if protect(Interim.HIDE, report, item).interim is Interim.HIDE and not item.account_found_violating:
        assert item.account_hidden_unlooked < UNLOOKED_PER_ACCOUNT


def test_the_guard_pages_and_asks_for_a_look_within_five_minutes() -> None:
    item = ItemFacts(media=True, account_hidden_unlooked=UNLOOKED_PER_ACCOUNT)
    guarded = protect(Interim.HIDE, ReportFacts(Age.CHILD), item)
    assert (guarded.interim, guarded.look_within, guarded.page) == (Interim.LOOK, LOOK_GUARDED, True)


def test_a_token_whose_hidings_were_lifted_is_looked_at_first() -> None:
    often_wrong = ReportFacts(Age.ADULT, token_hidings=UNFOUNDED_PER_TOKEN, token_lifted=UNFOUNDED_PER_TOKEN)
    assert protect(Interim.HIDE, often_wrong, ItemFacts(media=True)).interim is Interim.LOOK
    mostly_right = ReportFacts(Age.ADULT, token_hidings=40, token_lifted=UNFOUNDED_PER_TOKEN)
    assert protect(Interim.HIDE, mostly_right, ItemFacts(media=True)).interim is Interim.HIDE
    about_a_child = ReportFacts(Age.CHILD, token_hidings=10, token_lifted=10)
    assert protect(Interim.HIDE, about_a_child, ItemFacts(media=True)).interim is Interim.HIDE
    looked_at = ItemFacts(media=True, looked_at=True)
    assert protect(Interim.HIDE, about_a_child, looked_at).interim is Interim.LOOK


def test_what_is_decided_violating_is_not_hidden_again() -> None:
    item = ItemFacts(media=True, wanted=Visibility.GONE, decided_violating=True)
    assert protect(Interim.HIDE, ReportFacts(Age.CHILD), item).interim is Interim.LOOK


@given(ORIGINALS, KINDS, st.integers(0, 60), st.booleans())
def test_only_the_identical_file_is_removed_with_its_original(
    original: Original, kind: CopyKind, touched: int, cleared: bool
) -> None:
    shared = share(original, kind, touched, cleared)
    by_law = original.protected is Visibility.GONE and not original.violating and not cleared
    assert (shared.wanted is Visibility.GONE) == (kind is CopyKind.EXACT and (original.violating or by_law))
    assert shared.shares_decision == (original.violating and kind is CopyKind.EXACT)
    if by_law and shared.wanted is Visibility.GONE:
        assert shared.look


@given(ORIGINALS, KINDS, st.integers(0, 60), st.booleans())
def test_a_copy_hidden_without_a_decision_is_always_looked_at(
    original: Original, kind: CopyKind, touched: int, cleared: bool
) -> None:
    shared = share(original, kind, touched, cleared)
    if shared.wanted in (Visibility.HIDDEN, Visibility.LIMITED):
        assert shared.look


@given(ORIGINALS, KINDS, st.integers(0, 60), st.booleans())
def test_before_two_people_said_yes_no_more_near_copies_are_hidden_than_the_cap(
    original: Original, kind: CopyKind, touched: int, cleared: bool
) -> None:
    shared = share(original, kind, touched, cleared)
    removed = original.violating or original.protected is Visibility.GONE
    decided = (original.violating and original.confirmed_by_two) or (removed and kind is CopyKind.EXACT)
    if not decided and touched >= original.up_to and original.then is not Interim.HIDE:
        assert shared.wanted < Visibility.HIDDEN


@given(KINDS, st.integers(0, 60), st.booleans())
def test_once_two_people_said_yes_there_is_no_cap(kind: CopyKind, touched: int, cleared: bool) -> None:
    original = Original(Visibility.GONE, violating=True, confirmed_by_two=True, up_to=0)
    assert share(original, kind, touched, cleared).wanted >= Visibility.HIDDEN


@given(KINDS, st.integers(0, 60))
def test_copies_of_what_is_visible_and_undecided_share_nothing(kind: CopyKind, touched: int) -> None:
    assert share(Original(Visibility.VISIBLE), kind, touched, False) is NOTHING_SHARED


@given(KINDS, st.integers(0, 60))
def test_a_copy_that_people_cleared_is_not_hidden_by_a_report_elsewhere(kind: CopyKind, touched: int) -> None:
    shared = share(Original(Visibility.HIDDEN), kind, touched, True)
    assert (shared.wanted, shared.look) == (Visibility.VISIBLE, False)


def test_only_the_guard_of_accounts_pages_people() -> None:
    child = ReportFacts(Age.CHILD)
    often_wrong = ReportFacts(Age.ADULT, token_hidings=UNFOUNDED_PER_TOKEN, token_lifted=UNFOUNDED_PER_TOKEN)
    full = UNLOOKED_PER_ACCOUNT
    cases = [
        (Interim.HIDE, child, ItemFacts(media=True), "policy"),
        (Interim.HIDE, child, ItemFacts(media=True, decided_violating=True), "decided"),
        (Interim.HIDE, child, ItemFacts(media=False), "not_media"),
        (Interim.HIDE, child, ItemFacts(media=True, cleared_by_people=True), "cleared"),
        (Interim.HIDE, often_wrong, ItemFacts(media=True), "token_guard"),
        (Interim.LOOK, child, ItemFacts(media=True, account_hidden_unlooked=full), "policy"),
        (Interim.HIDE, child, ItemFacts(media=True, account_hidden_unlooked=full), "account_guard"),
    ]
    for policy, report, item, why in cases:
        protection = protect(policy, report, item)
        assert (protection.why, protection.page) == (why, why == "account_guard")


def test_a_token_is_believed_while_as_many_of_its_hidings_stood_as_were_lifted() -> None:
    half = ReportFacts(Age.ADULT, token_hidings=2 * UNFOUNDED_PER_TOKEN, token_lifted=UNFOUNDED_PER_TOKEN)
    assert protect(Interim.HIDE, half, ItemFacts(media=True)).interim is Interim.HIDE


def test_what_is_removed_with_its_original_needs_no_look() -> None:
    removed = share(Original(Visibility.GONE, violating=True), CopyKind.EXACT, 0, False)
    assert (removed.wanted, removed.look) == (Visibility.GONE, False)


def test_a_near_copy_of_decided_bytes_is_hidden_though_their_item_shows_others_by_now() -> None:
    shared = share(Original(Visibility.VISIBLE, violating=True), CopyKind.NEAR, 0, False)
    assert (shared.wanted, shared.look) == (Visibility.HIDDEN, True)


def test_copies_of_what_is_only_limited_are_limited_too_and_those_of_decided_bytes_hidden() -> None:
    for kind in CopyKind:
        assert share(Original(Visibility.LIMITED), kind, 0, False).wanted is Visibility.LIMITED
    assert (
        share(Original(Visibility.GONE, violating=True), CopyKind.NEAR, 0, False).wanted is Visibility.HIDDEN
    )


def test_the_guard_of_accounts_lowers_copies_of_what_nobody_decided_only() -> None:
    undecided = share(Original(Visibility.HIDDEN), CopyKind.NEAR, 0, False, account_guarded=True)
    assert (undecided.wanted, undecided.look) == (Visibility.LIMITED, True)
    decided = Original(Visibility.GONE, violating=True)
    assert share(decided, CopyKind.NEAR, 0, False, account_guarded=True).wanted is Visibility.HIDDEN


def test_a_few_lifted_hidings_cost_a_token_nothing() -> None:
    once = ReportFacts(Age.ADULT, token_hidings=1, token_lifted=1)
    assert protect(Interim.HIDE, once, ItemFacts(media=True)).interim is Interim.HIDE


@given(
    st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.sampled_from([Interim.LIMIT, Interim.LOOK])
)
def test_a_list_that_grows_hides_no_text_nothing_beyond_the_cap_and_what_was_cleared_by_its_very_file_only(
    is_the_file: bool, media: bool, looked_at: bool, capped: bool, then: Interim
) -> None:
    wanted = listed(is_the_file=is_the_file, media=media, looked_at=looked_at, capped=capped, then=then)
    assert wanted <= Visibility.HIDDEN, "nothing is removed by it"
    if not media or (looked_at and not is_the_file):
        assert wanted is Visibility.VISIBLE
    elif capped:
        assert wanted < Visibility.HIDDEN
    else:
        assert wanted is Visibility.HIDDEN
