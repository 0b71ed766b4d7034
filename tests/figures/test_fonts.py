import tomllib

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties, findfont, fontManager

from churnlib import Origin, claims, figures, load_codebook
from churnlib.evidence.origin import PROJECT
from churnlib.figures.figure_style import FONT, require_glyphs, width, wrap
from churnlib.studies.verdicts import exhibit_entries


def in_font() -> set[str]:
    from matplotlib.ft2font import FT2Font

    return {chr(code) for code in FT2Font(str(FONT)).get_charmap()}


def gb2312() -> set[str]:
    found = set()
    for first in range(0xA1, 0xF8):
        for second in range(0xA1, 0xFF):
            try:
                found.add(bytes((first, second)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return found


def test_the_font_has_every_character_of_gb_2312():
    assert len(gb2312()) == 7445  # GB 2312-80: 6763 Chinese characters and 682 signs
    assert gb2312() <= in_font()


@pytest.mark.parametrize(
    "text", ["− – — · χ² γ ≥ ≤ × ± ↑ ↓ → …", "Cramér’s V, Σ τ φ λ κ ρ", "“”‘’％（）；：、。"]
)
def test_the_font_has_the_signs_of_the_figures(text):
    assert set(text) <= in_font()


@pytest.mark.parametrize("lang", ["en", "zh-Hans"])
def test_every_word_that_a_figure_may_show_can_be_drawn(lang):
    book = load_codebook()
    suffix = "" if lang == "en" else "_zh"
    spoken = [labels[lang] for labels in book.words.values()]
    for variable in book.variables.values():
        spoken += [variable.labels[lang], *(level.labels[lang] for level in variable.levels)]
    spoken += [entry["title"][lang] for entry in exhibit_entries()]
    judged = claims()
    spoken += [*judged[f"statement{suffix}"], *judged[f"reason{suffix}"]]
    spoken += [origin.badge for origin in Origin]
    assert set("".join(spoken)) - {"\n"} <= in_font()


def test_every_word_of_the_codebook_is_there_in_both_languages():
    content = tomllib.loads((PROJECT / "data" / "codebook.toml").read_text(encoding="utf-8"))
    lacking = [key for key, word in content["words"].items() if set(word) != {"en", "zh-Hans"}]
    assert lacking == []


def test_a_template_takes_the_same_numbers_in_both_languages():
    from string import Formatter

    for key, word in load_codebook().words.items():
        parsed = [Formatter().parse(text) for text in word.values()]
        fields = [{field for _, field, *_ in parts if field} for parts in parsed]
        assert fields[0] == fields[1], key


def test_the_licence_lies_beside_the_font_and_inside_it():
    from fontTools.ttLib import TTFont

    assert "SIL OPEN FONT LICENSE Version 1.1" in FONT.with_name("OFL.txt").read_text()
    names = {record.nameID: str(record) for record in TTFont(FONT)["name"].names}
    assert "SIL Open Font License, Version 1.1" in names[13]
    assert FONT.stat().st_size < 3e6


def test_the_font_is_found_before_one_of_the_same_name():
    for _ in range(2):
        with figures.style():
            assert mpl.rcParams["font.family"] == ["Noto Sans SC", "DejaVu Sans"]
            known = [entry.fname for entry in fontManager.ttflist]
    assert known.count(str(FONT)) == 1
    assert findfont(FontProperties("Noto Sans SC")) == str(FONT)


def label_of(text: str):
    return lambda key: text if key == "opened" else key


@pytest.mark.parametrize("place", ["title", "tick", "note"])
def test_a_missing_glyph_is_an_error_that_names_the_character_and_the_text(place):
    with figures.style():
        figure, ax = plt.subplots()
        {
            "title": lambda: ax.set_title("a \N{BANK} b"),
            "tick": lambda: ax.bar(["a \N{BANK} b"], [1]),
            "note": lambda: figures.caption(figure, str, Origin.OBSERVED, "a \N{BANK} b"),
        }[place]()
        with pytest.raises(
            ValueError, match=r"has '🏦' \(U\+1F3E6, BANK\), in the text '.*a 🏦 b'"
        ):
            require_glyphs(figure)
        plt.close(figure)


def test_nothing_is_written_of_a_figure_with_a_missing_glyph(tmp_path, monkeypatch):
    monkeypatch.setenv("CHURNLIB_OUTPUT", str(tmp_path))
    with figures.style():
        figure, ax = plt.subplots()
        ax.set_title("\N{BANK}")
    with pytest.raises(ValueError, match="word the label without it"):
        figures.export("x", {}, figure)
    plt.close(figure)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_dollar_sign_is_no_formula():
    with figures.style():
        figure, ax = plt.subplots()
        title = ax.set_title("$x_1$")
        plt.close(figure)
    assert not title.get_parse_math()


TEXTS = st.text(st.sampled_from("ab，。 （）论文所载-%"), max_size=40)


@given(TEXTS, st.integers(2, 30))
def test_wrapping_loses_no_letter_and_keeps_to_the_width(text, columns):
    wrapped = wrap(text, columns)
    assert wrapped.replace("\n", "").replace(" ", "") == text.replace(" ", "")
    assert all(width(line) <= columns for line in wrapped.split("\n"))


@given(TEXTS, st.integers(2, 30), st.integers(1, 3))
def test_a_shortened_text_keeps_to_its_lines_and_says_that_it_is_shortened(text, columns, most):
    whole, short = wrap(text, columns), wrap(text, columns, most=most)
    lines = short.split("\n")
    assert len(lines) <= most
    assert all(width(line) <= columns for line in lines)
    assert short == whole or short.endswith("…")


def test_a_closing_mark_begins_no_line():
    assert wrap("论文所载，模拟数据", 8) == "论文所\n载，模拟\n数据"
