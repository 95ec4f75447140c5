"""Signed notes, checkpoints and cosignatures: the vector of the standard's reference, and forgeries."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.audit.note import COSIGNATURE_V1, Signer, checkpoint_text, cosignature_time
from answerable.audit.verify import (
    Refused,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_verifier_key,
    split_note,
)

KEY = "log.example/t1+26458131+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
ROOT = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
NOTE = (
    "log.example/t1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n"
    "\u2014 log.example/t1 JkWBMcLNdg3NcpxtqhzDldCxIW07iRUX8+1TWH39dF8iWSdv5NzwDpSVKPvJeyUZKiVStSgq+z8ns+4p"
    "mpA4fJab3AU=\n"
)
LOG = Signer("log.example/t1", bytes(32))
WITNESS = Signer("witness.example/w1", bytes([7]) * 32, COSIGNATURE_V1)
MAX = Signer("log.example/t1", bytes([1]) * 32)


def test_the_published_note_comes_out_byte_by_byte() -> None:
    assert str(LOG.verifier_key) == KEY
    assert LOG.sign(checkpoint_text("log.example/t1", 8, ROOT)) == NOTE


def test_the_published_note_is_read() -> None:
    checkpoint = open_checkpoint(NOTE, parse_verifier_key(KEY))
    assert checkpoint == ("log.example/t1", 8, ROOT)


def test_the_published_public_key_is_in_the_verifier_key() -> None:
    expected = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"
    assert parse_verifier_key(KEY).public.hex() == expected


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 127))
def test_a_note_with_any_character_changed_is_refused(place: int, difference: int) -> None:
    changed = NOTE[:place] + chr(ord(NOTE[place]) ^ difference) + NOTE[place + 1 :]
    with pytest.raises(Refused):
        open_checkpoint(changed, parse_verifier_key(KEY))


@given(st.text() | st.text(alphabet="\n\u2014 a+1="))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse_checkpoint, parse_verifier_key, split_note):
        try:
            read(text)
        except Refused:
            continue


def test_a_signature_by_another_key_of_the_same_name_does_not_count() -> None:
    forged = MAX.sign(checkpoint_text("log.example/t1", 9, ROOT))
    with pytest.raises(Refused, match="not signed by the key"):
        open_note(forged, LOG.verifier_key)


def test_a_wrong_signature_under_the_known_key_id_refuses_the_note_even_beside_a_right_one() -> None:
    blob = base64.b64encode(LOG.verifier_key.key_id + bytes(64)).decode()
    with pytest.raises(Refused, match="forgery"):
        open_note(NOTE + f"\u2014 log.example/t1 {blob}\n", LOG.verifier_key)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    note = LOG.sign(checkpoint_text("log.example/other", 8, ROOT))
    with pytest.raises(Refused, match="another log"):
        open_checkpoint(note, LOG.verifier_key)


def test_a_checkpoint_may_carry_extension_lines() -> None:
    note = LOG.sign(checkpoint_text("log.example/t1", 8, ROOT) + "extension of somebody\n")
    assert open_checkpoint(note, LOG.verifier_key).size == 8


@pytest.mark.parametrize("size", ["08", "+8", "-1", "8 ", "", "٣", "9" * 20])
def test_a_size_is_a_plain_number(size: str) -> None:
    note = LOG.sign(f"log.example/t1\n{size}\n{base64.b64encode(ROOT).decode()}\n")
    with pytest.raises(Refused):
        open_checkpoint(note, LOG.verifier_key)


@pytest.mark.parametrize("root", ["XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyh=", "XcnaeacG", "not base64"])
def test_a_root_is_32_bytes_in_the_one_spelling_of_base64(root: str) -> None:
    with pytest.raises(Refused):
        parse_checkpoint(f"log.example/t1\n8\n{root}\n")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "a\nb", "a\u2003b"])
def test_a_key_has_a_name_that_a_note_can_carry(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Signer(name, bytes(32))


def test_a_verifier_key_with_another_name_is_refused() -> None:
    with pytest.raises(Refused, match="identifier"):
        parse_verifier_key(KEY.replace("t1", "t2"))


def test_a_witness_says_when_it_saw_the_checkpoint() -> None:
    note = WITNESS.cosign(NOTE, 1_767_323_045)
    assert cosignature_time(note, WITNESS.verifier_key) == 1_767_323_045
    assert open_checkpoint(note, LOG.verifier_key).size == 8


def test_a_witness_key_is_read_as_one_and_never_as_a_logs() -> None:
    text = str(WITNESS.verifier_key)
    assert parse_verifier_key(text, COSIGNATURE_V1) == WITNESS.verifier_key
    with pytest.raises(Refused, match="not NAME"):
        parse_verifier_key(text)


@given(st.integers(0, 72 * 8 - 1))
def test_a_cosignature_with_any_bit_changed_is_refused(bit: int) -> None:
    text, signatures = split_note(WITNESS.cosign(NOTE, 1_767_323_045))
    name, identity, blob = signatures[-1]
    changed = bytearray(blob)
    changed[bit // 8] ^= 1 << bit % 8
    line = base64.b64encode(identity + bytes(changed)).decode()
    with pytest.raises(Refused, match="forgery"):
        cosignature_time(f"{text}\n\u2014 {name} {line}\n", WITNESS.verifier_key)


def test_a_cosignature_of_the_wrong_length_or_of_nobody_is_refused() -> None:
    line = base64.b64encode(WITNESS.verifier_key.key_id + bytes(64)).decode()
    with pytest.raises(Refused, match="length"):
        cosignature_time(f"{NOTE}\u2014 {WITNESS.name} {line}\n", WITNESS.verifier_key)
    with pytest.raises(Refused, match="did not cosign"):
        cosignature_time(NOTE, WITNESS.verifier_key)


@pytest.mark.parametrize("text", ["no newline", "half a character \ud800\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        LOG.sign(text)
