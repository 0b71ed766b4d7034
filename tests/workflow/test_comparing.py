"""Two versions of an output: what is close enough between systems, and what never is."""

import io
import json
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imsave

from churnlib.workflow.comparing import Likeness, likeness

IDENTICAL, CLOSE, DIFFERS = Likeness


def png(shift: int = 0, shade: float = 1.0, size: int = 96) -> bytes:
    picture = np.ones((size, size, 3))
    picture[40:80, 20 + shift : 30 + shift] = 0
    file = io.BytesIO()
    imsave(file, picture * shade, format="png")
    return file.getvalue()


def pdf(text: str) -> bytes:
    return b"%PDF\nstream\n" + zlib.compress(text.encode()) + b"endstream\n"


def archive(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        for name, content in files.items():
            written.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


def notebook(text: str, picture: bytes | None = None) -> bytes:
    import base64

    data = {"text/plain": [text]}
    if picture:
        data["image/png"] = base64.b64encode(picture).decode()
    return json.dumps({"cells": [{"outputs": [{"data": data}]}]}).encode()


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("a.csv", b"V,0.193512", b"V,0.193513", CLOSE),
        ("a.csv", b"V,0.19351", b"V,0.19361", DIFFERS),
        ("a.csv", b"n,200", b"n,201", DIFFERS),  # a whole number has no tolerance
        ("a.csv", b"p,1.5e-17", b"p,1.6e-17", CLOSE),  # rounding noise about nothing
        ("a.csv", b"t,-0.5", "t,−0.5".encode(), CLOSE),  # a typographic minus
        ("a.csv", b"V,0.19", b"W,0.19", DIFFERS),
        ("a.svg", b"<path d='M 1.001 2.0'/>", b"<path d='M 1.04 2.0'/>", CLOSE),
        ("a.svg", b"<path d='M 1.0 2.0'/>", b"<path d='M 1.1 2.0'/>", DIFFERS),
        ("a.svg", b"<text>a</text>", b"<text>b</text>", DIFFERS),
        ("a.pdf", pdf("1.00 0.0 m"), pdf("1.04 0.0 m"), CLOSE),
        ("a.pdf", pdf("1.00 0.0 m"), pdf("1.00 0.0 l"), DIFFERS),
        ("a.pdf", pdf("1.0"), pdf("1.0") + pdf("2.0"), DIFFERS),
        ("a.png", png(), png(shade=0.98), CLOSE),
        ("a.png", png(), png(shift=8), DIFFERS),  # a bar elsewhere
        ("a.png", png(), png(size=128), DIFFERS),
        ("a.png", png(), b"no picture", DIFFERS),
        ("a.ipynb", notebook("V = 0.193512"), notebook("V = 0.193513"), CLOSE),
        ("a.ipynb", notebook("n = 5"), notebook("n = 6"), DIFFERS),
        ("a.ipynb", notebook("", png()), notebook("", png(shade=0.98)), CLOSE),
        ("a.ipynb", notebook("", png()), notebook("", png(shift=8)), DIFFERS),
        ("a.ipynb", notebook("a"), b"{", DIFFERS),
        ("a.docx", archive(x=b"0.193512"), archive(x=b"0.193513"), CLOSE),
        ("a.docx", archive(x=b"a"), archive(x=b"b"), DIFFERS),
        ("a.docx", archive(x=b"a"), archive(y=b"a"), DIFFERS),
        ("a.docx", archive(x=b"a"), b"PK", DIFFERS),
        ("a.json", b'{"sha": "%s"}' % (b"a" * 64), b'{"sha": "%s"}' % (b"b" * 64), CLOSE),
        ("a.json", b'{"exhibit": "1"}', b'{"exhibit": "2"}', DIFFERS),
        ("a.bin", b"\xff\xfe", b"\xff\xff", DIFFERS),
    ],
)
def test_each_kind_of_file_has_its_tolerance(name, old, new, expected):
    assert likeness(old, new, name) is expected
    assert likeness(new, old, name) is expected


@given(st.binary(), st.sampled_from(["csv", "svg", "pdf", "png", "ipynb", "docx", "json", "x"]))
def test_the_same_bytes_are_identical_whatever_they_are(content, ending):
    assert likeness(content, content, f"a.{ending}") is IDENTICAL


@given(st.binary(), st.binary(), st.sampled_from(["csv", "pdf", "png", "ipynb", "docx", "json"]))
def test_no_content_is_too_strange_to_compare(old, new, ending):
    expected = {IDENTICAL} if old == new else {CLOSE, DIFFERS}
    assert likeness(old, new, f"a.{ending}") in expected


@given(st.floats(0.001, 1e6), st.floats(2e-5, 0.5))
def test_a_number_off_by_more_than_the_tolerance_differs(number, off):
    old, new = (f"x {value:.12e}".encode() for value in (number, number * (1 + off)))
    assert likeness(old, new, "a.csv") is DIFFERS
