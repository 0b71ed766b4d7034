"""The look of every figure, its letters, the line below it, and its files."""

from __future__ import annotations

import os
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from churnlib.evidence import IS_CLONE, PROJECT, Origin
from churnlib.evidence import LANGUAGES as LANGUAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from seaborn.objects import Plot

    from churnlib.survey import Codebook

Label = Callable[[str], str]
"""From a key to its word in one language, from `Codebook.labeller`."""
FONT = Path(__file__).parent / "font_files" / "NotoSansSC-subset.ttf"

# Okabe and Ito's colours, which stay apart for colour-blind readers; neighbours among the groups
# are dark and light by turns, so that they stay apart in grey as well.
BLUE, VERMILION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
PALE, PALE_GREY = "#9ecae1", "#c9c9c9"
GROUPS = (BLUE, "#E69F00", GREEN, "#CC79A7")
DASHED = (0, (4, 2))
SMALL = 7.5
"""Size of the smallest letters, in points; a page of a report is as wide as a figure."""


@contextmanager
def style() -> Iterator[None]:
    """Give the figures drawn inside the project's look, and leave the session as it was."""
    import matplotlib.pyplot as plt
    from matplotlib.font_manager import fontManager

    # A notebook's backend switches interactive mode on when it is first used. Were that inside
    # the context, leaving it would switch the mode off and later figures would not be shown.
    plt.draw_if_interactive()  # loads the backend
    # A system may have another version of the font; figures must not differ for it.
    if not any(entry.fname == str(FONT) for entry in fontManager.ttflist):
        fontManager.addfont(FONT)
        fontManager.ttflist.insert(0, fontManager.ttflist.pop())
    with plt.style.context(Path(__file__).with_name("churnlib.mplstyle")):
        yield


def caption(figure: Figure, label: Label, origin: Origin, text: str) -> None:
    """Write the line below a figure: its kind of evidence, then what, n and units.

    What is simulated is framed: the font has no bold, and Chinese text is not slanted.
    """
    columns = int(figure.get_figwidth() * 72 / (0.53 * SMALL))
    words = figure.supxlabel("", fontsize=SMALL, x=0.012, ha="left", color="#555555")
    if origin is Origin.SYNTHETIC:
        frame = {"boxstyle": "round,pad=0.35", "facecolor": "none", "edgecolor": "#a33b20"}
        words.set(color="#a33b20", bbox=frame)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # `export` refuses it
        for room in range(columns, 1, -1):  # fewer where letters are wider than usual
            words.set_text(wrap(f"{label(origin.name)} · {text}", room))
            if words.get_window_extent().x1 <= 0.99 * figure.bbox.width:
                break


def draw_on(ax: Axes, plot: Plot) -> None:
    """Draw a seaborn plot on these Axes, in the style that is in force."""
    import matplotlib as mpl

    # Seaborn would draw in its own style; a backend is no style and must not be set again.
    look = {key: value for key, value in mpl.rcParams.items() if not key.startswith("backend")}
    with warnings.catch_warnings():
        # seaborn 0.13 asks pandas for a copy in a way that pandas 3 calls deprecated.
        warnings.filterwarnings("ignore", "The copy keyword is deprecated", DeprecationWarning)
        plot.on(ax).theme(look).plot()


def draw_intervals(ax: Axes, table: pd.DataFrame, x: str, y: str, along: str = "y") -> None:
    """Draw a point with its interval, from ``low`` to ``high`` along an axis, for each row."""
    import seaborn.objects as so

    ends = {f"{along}min": "low", f"{along}max": "high"}
    across = "x" if along == "y" else "y"
    draw_on(
        ax,
        so.Plot(six_digits(table), x=x, y=y, **ends)
        .add(so.Range(color=BLUE, linewidth=1.2), orient=across)
        .add(so.Dot(color=BLUE, pointsize=4)),
    )


def figure_of(ax: Axes) -> Figure:
    """Return the figure that holds the Axes."""
    return cast("Figure", ax.get_figure(root=True))


def export(
    name: str, sources: Mapping[str, pd.DataFrame], figure: Figure | None = None, lang: str = "en"
) -> None:
    """Write the numbers of an exhibit, and its figure if it has one, the same bytes every time.

    Parameters
    ----------
    name : str
        File name of the figure without ending.
    sources : mapping of str to DataFrame
        File name to the numbers behind the exhibit; written to ``figures/source/``.
    figure : Figure, optional
        Written to ``figures/LANG/`` as PDF, SVG and PNG.

    Raises
    ------
    ValueError
        If the figure has a character that its fonts lack; nothing of it is written then.
    """
    folder = outputs() / "figures"
    (folder / "source").mkdir(parents=True, exist_ok=True)
    for source, frame in sources.items():
        path = folder / "source" / f"{source}.csv"
        plain = frame.map(inert).rename(index=inert, columns=inert)
        plain.to_csv(path, lineterminator="\n", float_format="%.6g", encoding="utf-8")
    if figure is None:
        return
    with style():
        require_glyphs(figure)
    (folder / lang).mkdir(parents=True, exist_ok=True)
    # Without these stamps the files depend on the clock and on the version of matplotlib.
    pdf = ["CreationDate", "Producer", "Creator"]
    stamps = {"pdf": pdf, "svg": ["Date", "Creator"], "png": ["Software"]}
    engine = figure.get_layout_engine()
    figure.set_layout_engine("none")  # one layout for all files
    with style():
        for kind, unset in stamps.items():
            path = folder / lang / f"{name}.{kind}"
            figure.savefig(path, metadata=dict.fromkeys(unset))
    figure.set_layout_engine(engine or "none")  # None would ask the style for one


def inert(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would run as a formula; numbers stay."""
    if isinstance(value, str) and value[:1] in {*"=+-@\t\r\n"}:
        try:
            float(value)
        except ValueError:
            return f"'{value}"
    return value


def publish(
    name: str, draw: Callable[[Label], Figure], sources: Mapping[str, pd.DataFrame], book: Codebook
) -> None:
    """Draw a figure in every language, write it with the numbers behind it, and show the first.

    `draw` makes the finished figure from a labeller, `Codebook.labeller` of `book`, from which
    every word in it comes; `name` and `sources` are as for `export`.
    """
    import matplotlib.pyplot as plt

    chosen = languages()
    for lang in chosen:
        with style():
            figure = draw(book.labeller(lang))
        export(name, sources, figure, lang)
        if lang != chosen[0]:
            plt.close(figure)


def languages() -> tuple[str, ...]:
    """Return the languages that figures are drawn in, of which the first is shown.

    All, or those that ``CHURNLIB_LANGUAGES`` in the environment names, divided by commas.
    """
    return tuple(filter(None, os.environ.get("CHURNLIB_LANGUAGES", "").split(","))) or LANGUAGES


def outputs() -> Path:
    """Return the folder under which figures are written: ``CHURNLIB_OUTPUT`` in the environment.

    Else it is the project itself, or without a clone the working folder.
    """
    return Path(os.environ.get("CHURNLIB_OUTPUT") or (PROJECT if IS_CLONE else "."))


def six_digits(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with six significant digits: processors differ in the last bits."""
    decimals = table.select_dtypes("float")
    return table.assign(**decimals.map(lambda number: float(f"{number:.6g}")))


def annotate_point(
    ax: Axes, point: tuple[Any, Any], text: str, shift: tuple[float, float], **look: Any
) -> None:
    """Write a text that many points right of and above a point, on that side of it."""
    right, up = (int(points > 0) - int(points < 0) for points in shift)
    sides = {"ha": ("center", "left", "right")[right], "va": ("center", "bottom", "top")[up]}
    ax.annotate(text, point, xytext=shift, textcoords="offset points", **sides | look)


def columns_across(ax: Axes) -> int:
    """About how many columns of letters find room across the Axes; a Chinese letter takes two."""
    inches = ax.get_position().width * figure_of(ax).get_figwidth()
    return int(inches * 72 / (0.54 * SMALL))


def name_axes(ax: Axes, label: Label, x: str = "", y: str = "", percent: str = "") -> Axes:
    """Name the axes by the keys of their words; those in `percent` count shares from 0 to 1."""
    ax.set(xlabel=x and label(x), ylabel=y and label(y))
    for letter in percent:
        getattr(ax, f"{letter}axis").set_major_formatter(lambda share, _: f"{100 * share:.4g}")
    return ax


@cache
def drawable() -> frozenset[str]:
    """Every character that the fonts of the figures have, and the break of a line."""
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    fallback = Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    charmaps = (FT2Font(str(path)).get_charmap() for path in (FONT, fallback))
    return frozenset(chr(code) for charmap in charmaps for code in charmap) | {"\n"}


def require_glyphs(figure: Figure) -> None:
    """Refuse, by a ValueError, a figure in which a character would be an empty box."""
    from matplotlib.text import Text

    with warnings.catch_warnings():
        # matplotlib warns of an empty box; it is an error here, with the text that has it.
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure.draw_without_rendering()  # writes the labels of the ticks
    for text in (text.get_text() for text in figure.findobj(Text)):
        for character in sorted({*text} - drawable()):
            name = unicodedata.name(character, "no name")
            raise ValueError(
                f"no font of the figures has {character!r} (U+{ord(character):04X}, {name}), "
                f"in the text {text!r}; word the label without it"
            )


_WIDE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_CLOSING = r"，。、；：！？）》〉」』】％”’…·,.;:!?)%\]"
_PIECES = re.compile(rf" +|(?:[{_WIDE}]|[^ {_WIDE}]+)[{_CLOSING}]*")
"""Spaces, wide characters and words, with the marks that must not begin a line."""


def wrap(text: str, columns: int, most: int | None = None) -> str:
    """Break a text into lines of at most `columns`, a Chinese character counting as two.

    Chinese breaks between any two characters but never before a closing mark; other scripts
    break at spaces, and inside a word only if it alone is too long. Breaks of its own are kept.
    What is beyond `most` lines is left out, and an ellipsis says so.

    >>> print(wrap("High school or vocational school", 12, most=2))
    High school
    or vocation…
    """
    columns = max(2, columns)
    lines = [line.rstrip() for part in text.split("\n") for line in _lines(part, columns)]
    if most is not None and len(lines) > most:
        last = " ".join(lines[most - 1 : most + 1])
        fits = next(n for n in range(len(last), -1, -1) if width(last[:n]) <= columns - 1)
        lines = [*lines[: most - 1], f"{last[:fits].rstrip()}…"]
    return "\n".join(lines)


def _lines(text: str, columns: int) -> list[str]:
    lines = [""]
    for piece in _PIECES.findall(text):
        if piece.isspace():
            lines[-1] += piece if lines[-1] else ""
            continue
        if lines[-1] and width(lines[-1] + piece) > columns:
            lines.append("")
        for part in [piece] if width(piece) <= columns else piece:
            if width(lines[-1] + part) > columns:
                lines.append("")
            lines[-1] += part
    return lines


def longest_word(text: str) -> int:
    """Columns of the longest part of a text in which no line may break."""
    return max((width(piece) for piece in _PIECES.findall(text)), default=0)


def width(text: str) -> int:
    """Columns of a line, a Chinese character counting as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
