"""What several test files need: data to spoil, notebooks run here, programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from hypothesis import settings

from churnlib.evidence.origin import PROJECT


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(PROJECT / "data", folder)
    return folder


# The same examples every time, so that a red suite means a change; HYPOTHESIS_PROFILE=explore looks
# for new ones.
settings.register_profile("steady", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("explore", deadline=None, max_examples=1500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


# Programs that a written report is opened in: a word processor, a browser. CI sets CHURNLIB_REQUIRE
# so that a machine without them is an error there and a reason to skip elsewhere.
def _program(kind: str, *names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        missing = pytest.fail if kind in _required() else pytest.skip
        missing(f"no {kind} here: {' or '.join(names)} is not installed")
    return found


@pytest.fixture(scope="session")
def program() -> Callable[..., str]:
    """Path of a program by its names, or a failure where it is required, or a skip."""
    return _program


def _required() -> set[str]:
    return set(os.environ.get("CHURNLIB_REQUIRE", "").split(","))


@pytest.fixture(scope="session")
def words_of_pages() -> Callable[[Path], list[Page]]:
    reader = _program("office", "pdftotext")

    def words(pdf: Path) -> list[Page]:
        html = subprocess.run(
            [reader, "-bbox", str(pdf), "-"], check=True, capture_output=True, text=True
        ).stdout
        pages = re.findall(r'<page width="([\d.]+)" height="([\d.]+)">(.*?)</page>', html, re.S)
        word = re.compile(r'xMin="([\d.-]+)".*?xMax="([\d.-]+)".*?>(.*?)</word>')
        return [
            Page(
                float(width), [(float(a), float(b), unescape(t)) for a, b, t in word.findall(page)]
            )
            for width, _, page in pages
        ]

    return words


@dataclass(frozen=True)
class Page:
    """A printed page: its width and each word with its left and right end, in points."""

    width: float
    words: list[tuple[float, float, str]]

    @property
    def text(self) -> str:
        return " ".join(text for _, _, text in self.words)


@pytest.fixture(scope="session")
def print_word(tmp_path_factory) -> Callable[[Path], Path]:
    """Print a Word document as a word processor sees it, with the packaged font alone."""
    office = _program("office", "soffice", "libreoffice")
    home = tmp_path_factory.mktemp("office")
    fonts = home / "fonts.conf"
    fonts.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{PROJECT / 'churnlib' / 'figures' / 'font_files'}</dir><dir>/usr/share/fonts</dir>"
        f"<cachedir>{home / 'cache'}</cachedir></fontconfig>"
    )

    def printed(document: Path) -> Path:
        folder = home / document.stem
        subprocess.run(
            [
                office,
                f"-env:UserInstallation={(home / 'profile').as_uri()}",
                "--headless",
                "--convert-to",
                "pdf",
                "--outdir",
                str(folder),
                str(document),
            ],
            check=True,
            capture_output=True,
            env={**os.environ, "FONTCONFIG_FILE": str(fonts), "HOME": str(home)},
        )
        return folder / f"{document.stem}.pdf"

    return printed


NASTY = {
    "a script": "<script>window.stolen = 1</script>",
    "a picture that fails": '<img src="x" onerror="window.stolen = 1">',
    "ampersand and entity": "R&D &amp; &lt;b&gt;",
    "quotes": "\"double\" 'single' “curly” \\backslash",
    "a formula": '=HYPERLINK("http://example.org","x")',
    "a plus": "+1-555",
    "an emoji": "very happy 😀👍🏽",
    "a long word": "W" * 200,
    "long Chinese": "非常满意" * 60,
    "braces": "{ref} {0} [[Table 1]] %s",
    "a field of Word": "{ SEQ Table }",
    "control characters": "bell\x07 null\x00 escape\x1b[31m ref\x02flow\x03",
    "lines": "first\nsecond\tthird",
}


@pytest.fixture(params=NASTY.values(), ids=NASTY.keys())
def nasty(request) -> str:
    return request.param
