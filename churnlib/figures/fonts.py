"""The letters of every figure: the packaged font, what it cannot draw, and where lines break."""

from __future__ import annotations

import re
import unicodedata
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT = Path(__file__).parent / "font_files" / "NotoSansSC-subset.ttf"


def use_packaged_font() -> None:
    """Make the font that ships with churnlib known to matplotlib, before any of the same name.

    A system may have a "Noto Sans SC" of its own, of another version; figures must not differ
    between systems for it.

    Raises
    ------
    FileNotFoundError
        If the package was installed without its font.
    """
    from matplotlib.font_manager import fontManager

    if any(entry.fname == str(FONT) for entry in fontManager.ttflist):
        return
    if not FONT.exists():
        raise FileNotFoundError(f"{FONT} is missing; install churnlib anew, or run make_subset.py")
    fontManager.addfont(FONT)
    fontManager.ttflist.insert(0, fontManager.ttflist.pop())


@cache
def drawable() -> frozenset[str]:
    """Every character that the fonts of the figures have.

    Examples
    --------
    >>> set("χ² γ ≥ ≤ × ± − – — · 论文所载") <= drawable()
    True
    >>> "\N{BANK}" in drawable()
    False
    """
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    fallback = Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    known = (FT2Font(str(path)).get_charmap() for path in (FONT, fallback))
    return frozenset(chr(code) for charmap in known for code in charmap)


def require_glyphs(figure: Figure) -> None:
    """Refuse a figure in which a character would be an empty box.

    Raises
    ------
    ValueError
        If a text has a character that no font of the figures has; both are named.
    """
    from matplotlib.text import Text

    with warnings.catch_warnings():
        # matplotlib warns of an empty box; it is an error here, with the text that has it.
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure.draw_without_rendering()  # writes the labels of the ticks
    for text in figure.findobj(Text):
        for character in text.get_text():
            if character != "\n" and character not in drawable():
                name = unicodedata.name(character, "no name")
                raise ValueError(
                    f"no font of the figures has {character!r} (U+{ord(character):04X}, {name}), "
                    f"in the text {text.get_text()!r}; word the label without it"
                )


def wrap(text: str, columns: int, most: int | None = None) -> str:
    """Break a text into lines of at most `columns`, a Chinese character counting as two.

    Chinese breaks between any two characters but never before a closing mark; other scripts
    break at spaces, and inside a word only if it alone is too long.

    Parameters
    ----------
    text : str
        Its own line breaks are kept.
    columns : int
        At least 2.
    most : int, optional
        Most lines; what is beyond is left out and an ellipsis says so.

    Raises
    ------
    ValueError
        If `columns` is below 2: a Chinese character would not fit.

    Examples
    --------
    >>> print(wrap("High school or below", 12))
    High school
    or below
    >>> print(wrap("表3-1；各n = 200人", 9))
    表3-1；各
    n = 200人
    >>> print(wrap("Donaudampfschiff", 9))
    Donaudamp
    fschiff
    >>> print(wrap("High school or vocational school", 12, most=2))
    High school
    or vocation…
    """
    if columns < 2:
        raise ValueError(f"a line has room for at least 2 columns, given {columns}")
    lines = [line for part in text.split("\n") for line in _lines(part, columns)]
    if most is not None and len(lines) > most:
        last = " ".join(lines[most - 1 : most + 1])
        fits = next(n for n in range(len(last), -1, -1) if width(last[:n]) <= columns - 1)
        lines = [*lines[: most - 1], f"{last[:fits].rstrip()}…"]
    return "\n".join(lines)


# Spaces that may become a break, a wide character or a word, with the marks that must not begin
# a line.
_WIDE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_CLOSING = r"，。、；：！？）》〉」』】％”’…·,.;:!?)%\]"
_PIECES = re.compile(rf" +|(?:[{_WIDE}]|[^ {_WIDE}]+)[{_CLOSING}]*")


def _lines(text: str, columns: int) -> list[str]:
    lines, line = [], ""
    for piece in _PIECES.findall(text):
        if width(line + piece.rstrip()) <= columns:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = piece.lstrip()
        while width(line) > columns:
            fits = next(n for n in range(len(line), 0, -1) if width(line[:n]) <= columns)
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def longest_word(text: str) -> int:
    """Columns of the longest part of a text in which no line may break.

    Examples
    --------
    >>> longest_word("Very dissatisfied"), longest_word("非常不满意")
    (12, 2)
    """
    return max((width(piece) for piece in _PIECES.findall(text)), default=0)


def width(text: str) -> int:
    """Columns of a line, a Chinese character counting as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
