"""The look of every figure, the line below it, and its files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from churnlib.evidence import IS_CLONE, PROJECT, Origin
from churnlib.evidence import LANGUAGES as LANGUAGES
from churnlib.figures.fonts import require_glyphs, use_packaged_font, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from seaborn.objects import Plot

    from churnlib.survey import Codebook

Label = Callable[[str], str]
"""From a key to its word in one language, from `Codebook.labeller`."""

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

    # A notebook's backend switches interactive mode on when it is first used. Were that inside
    # the context, leaving it would switch the mode off and later figures would not be shown.
    plt.draw_if_interactive()  # loads the backend
    use_packaged_font()
    with plt.style.context(Path(__file__).with_name("churnlib.mplstyle")):
        yield


def caption(figure: Figure, label: Label, origin: Origin, text: str) -> None:
    """Write the line below a figure: its kind of evidence, then what, n and units.

    What is simulated is framed. A frame says the same in both scripts and in grey; the font has
    no bold, and Chinese text is not emphasised by slanting.
    """
    columns = int(figure.get_figwidth() * 72 / (0.53 * SMALL))
    look: dict[str, Any] = {"color": "#555555"}
    if origin is Origin.SYNTHETIC:
        frame = {"boxstyle": "round,pad=0.35", "facecolor": "none", "edgecolor": "#a33b20"}
        look = {"color": "#a33b20", "bbox": frame}
    words = figure.supxlabel("", fontsize=SMALL, x=0.012, ha="left", **look)
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
    lang : str
        Language of the figure's words.

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
    stamps: dict[str, list[str]] = {
        "pdf": ["CreationDate", "Producer", "Creator"], "svg": ["Date", "Creator"],
        "png": ["Software"],
    }  # fmt: skip
    engine = figure.get_layout_engine()
    figure.set_layout_engine("none")  # one layout for all files
    try:
        with style():
            for kind, unset in stamps.items():
                path = folder / lang / f"{name}.{kind}"
                figure.savefig(path, metadata=dict.fromkeys(unset))
    finally:
        figure.set_layout_engine(engine or "none")  # None would ask the style for one


def inert(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would run as a formula.

    Spreadsheets compute a cell that begins with one of ``= + - @`` or a tab; a label of a
    survey could so run a command. Numbers, also as text, stay as they are.

    Examples
    --------
    >>> inert("=1+1"), inert("-0.5"), inert(-0.5)
    ("'=1+1", '-0.5', -0.5)
    """
    if not isinstance(value, str) or value[:1] not in {*"=+-@\t\r\n"}:
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def publish(
    name: str,
    draw: Callable[[Label], Figure],
    sources: Mapping[str, pd.DataFrame],
    book: Codebook,
) -> None:
    """Draw a figure in every language, write it with the numbers behind it, and show the first.

    Parameters
    ----------
    name : str
        File name of the figure without ending.
    draw : callable
        From a labeller, `Codebook.labeller`, to the finished figure. Every word in it comes from
        the labeller.
    sources : mapping of str to DataFrame
        As for `export`.
    book : Codebook
        Where the words stand.
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
    """Return the languages that figures are drawn in; the first is the one that is shown.

    All of them, or those that the environment variable ``CHURNLIB_LANGUAGES`` names, divided by
    commas: a survey of one's own may be worded in one language only.
    """
    return tuple(filter(None, os.environ.get("CHURNLIB_LANGUAGES", "").split(","))) or LANGUAGES


def outputs() -> Path:
    """Return the folder under which figures are written.

    It is the project itself, or what the environment variable ``CHURNLIB_OUTPUT`` names: the
    runs and the tests set it so that an unfinished run leaves earlier figures alone. Without a
    clone it is the working folder.
    """
    return Path(os.environ.get("CHURNLIB_OUTPUT") or (PROJECT if IS_CLONE else "."))


def six_digits(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with six significant digits, as ``figures/source/`` has its numbers.

    What is computed differs between processors in its last bits, and a PDF would show them.

    Examples
    --------
    >>> six_digits(pd.DataFrame({"odds_ratio": [1.23456789], "n": [4483]}))
       odds_ratio     n
    0     1.23457  4483
    """
    decimals = table.select_dtypes("float")
    return table.assign(**decimals.map(lambda number: float(f"{number:.6g}")))


def annotate_point(
    ax: Axes, point: tuple[Any, Any], text: str, shift: tuple[float, float], **look: Any
) -> None:
    """Write a text that many points right of and above a point; `look` is of its letters."""
    ax.annotate(text, point, xytext=shift, textcoords="offset points", **look)


def columns_across(ax: Axes, size: float = SMALL) -> int:
    """About how many columns of letters find room across the Axes; a Chinese letter takes two."""
    inches = ax.get_position().width * figure_of(ax).get_figwidth()
    return int(inches * 72 / (0.54 * size))


def percent(axis: Axis) -> None:
    """Write the numbers of an axis, from 0 to 1, as percent; the name of the axis says so."""
    axis.set_major_formatter(lambda share, _: f"{100 * share:.4g}")
