"""The drill reads forms as httpx and others write them, whatever a file holds."""

import hashlib
import io

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.authorities.ncmec.drill import forms

AWKWARD = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"--", b"--edge", b"\r\n--edge", b"x" * 65_535, b"a", b""]), max_size=12
).map(b"".join)  # fmt: skip


def read(request, size=None):
    body = request.read()
    return forms.read(forms.Body(io.BytesIO(body[:size]), len(body)), request.headers["content-type"])


@given(AWKWARD | st.binary(max_size=300))
def test_a_file_is_read_as_it_was_sent(data):
    request = httpx.Request(
        "POST",
        "http://x",
        data={"id": "57"},
        files={"file": ("a.jpg", data)},
        headers={"Content-Type": "multipart/form-data; boundary=edge2"},
    )
    fields, files = read(request)
    assert fields == {"id": "57"}
    assert files == {"file": forms.Received("a.jpg", hashlib.md5(data).hexdigest(), len(data))}


@pytest.mark.parametrize("size", range(0, 230, 5))
def test_a_form_that_is_cut_short_is_refused(size):
    request = httpx.Request("POST", "http://x", data={"id": "57"}, files={"file": ("a", b"landscape" * 9)})
    with pytest.raises(forms.BadForm):
        read(request, size)


def test_other_formats_are_refused():
    with pytest.raises(forms.BadForm):
        forms.read(forms.Body(io.BytesIO(b"{}"), 2), "application/json")
