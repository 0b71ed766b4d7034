"""Tables worded and rounded, and written as text that runs nothing and breaks no row."""

import html
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlib import Origin, claims, figures, load_codebook, report
from churnlib.evidence.origin import LANGUAGES
from churnlib.figures.figure_style import inert
from churnlib.report.text_table import TextTable, html_page, latex

BOOK = load_codebook()


def label_en(key):
    return BOOK.labeller("en")(key)


def column(frame, name, lang="en", **options):
    table = TextTable.of(frame, BOOK.labeller(lang), lang=lang, **options)
    place = table.header.index(name)
    return [row[place] for row in table.rows]


def test_keys_become_words_and_what_has_no_label_stands_as_it_is():
    frame = pd.DataFrame(
        {"level": ["le18", "nobody"], "printed": ["le18", "x"], "frequency": [1, 2]},
        index=pd.Index(["age", "2020.01"], name="variable"),
    )
    table = TextTable.of(frame, BOOK.labeller("zh-Hans"), lang="zh-Hans")
    assert table.header == ("变量", "水平", "所载", "频数（人）")
    # A printed text that happens to look like a key is no key.
    assert table.rows == (("年龄", "18岁及以下", "le18", "1"), ("2020.01", "nobody", "x", "2"))


def test_a_column_is_rounded_to_as_many_decimals_as_it_needs():
    frame = pd.DataFrame(
        {"a": [12.0, 16.5], "b": [2.0, np.nan], "c": [1 / 3, -1234.5], "d": [7, -8]}
    )
    assert column(frame, "a") == ["12.0", "16.5"]
    assert column(frame, "b") == ["2", "—"]
    assert column(frame, "c") == ["0.333", "−1,234.500"]
    assert column(frame, "c", digits=1) == ["0.3", "−1,234.5"]
    assert column(frame, "d") == ["7", "−8"]


def test_p_values_end_at_a_thousandth():
    frame = pd.DataFrame({"p_value": [0.0252, 1e-9, 1.0, np.nan]})
    assert column(frame, "p") == [".025", "< .001", "1.000", "—"]


def test_missing_whole_numbers_lists_and_truths_are_shown():
    frame = pd.DataFrame(
        {
            "a": pd.array([1, None], dtype="Int64"),
            "possible counts": [[24, 25], []],
            "c": [True, False],
            "d": ["x", None],
        }
    )
    assert column(frame, "a") == ["1", "—"]
    assert column(frame, "Possible counts") == ["24, 25", "—"]
    assert column(frame, "c") == ["True", "False"]
    assert column(frame, "d") == ["x", "—"]


def test_columns_of_numbers_are_known_by_what_they_show():
    cells = {"a": ["12.0", "−3"], "b": ["12.0", "x"], "p": [0.5, 1e-9], "c": [1, 2]}
    table = TextTable.of(pd.DataFrame(cells, index=["a", "a"]), label_en)
    assert table.numeric == (False, True, False, True, True)
    assert [row[0] for row in table.rows] == ["a", "a"]  # two rows of one name both stand


@pytest.mark.parametrize(("lang", "suffix"), [("en", ""), ("zh-Hans", "_zh")])
def test_a_pair_of_columns_shows_the_one_of_the_language(lang, suffix):
    judged = claims()
    table = TextTable.of(judged, BOOK.labeller(lang), lang=lang)
    heading = BOOK.labeller(lang)("statement")
    assert len(table.header) == 1 + judged.shape[1] - 2
    shown = [row[table.header.index(heading)] for row in table.rows]
    assert shown == judged[f"statement{suffix}"].tolist()


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_a_written_table_is_read_back_as_it_was(tmp_path_factory, rows):
    table = TextTable(('a,"b"', "n"), tuple(rows))
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_text(table.csv, encoding="utf-8", newline="")
    assert TextTable.read(path) == table


def test_columns_of_numbers_are_told_from_columns_of_text():
    rows = (
        ("a", "−1,234.5", "12.0%", "< .001", "12 (34.5)", ".10 [.05, .20]", "—", "2020.01-x"),
        ("12b", "3", "—", ".050", "3 (.5)", "—", "", "1"),
    )
    assert TextTable(("h",) * 8, rows).numeric == (False, True, True, True, True, True, True, False)
    assert TextTable(("month",), (("1",), ("2",))).numeric == (False,)


def test_a_level_is_worded_by_its_variable_where_a_heading_has_the_same_key():
    words = {
        "low": "Lower limit",
        "income.low": "Low income",
        "predictor": "Predictor",
        "level": "Level",
    }
    frame = pd.DataFrame({"predictor": ["income"], "level": ["low"], "low": [0.5]})
    table = TextTable.of(frame, lambda key: words[key])
    assert table.header == ("", "Predictor", "Level", "Lower limit")
    assert table.rows[0][2:] == ("Low income", "0.5")
    indexed = TextTable.of(frame.set_index("predictor"), lambda key: words[key])
    assert indexed.rows[0][1] == "Low income"


# What is written is only ever text.

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
BAD = {
    "script": "<script>alert('x')</script>",
    "ampersand": "R&D & more",
    "quotes": "say \"yes\" or 'no'",
    "formula": '=HYPERLINK("http://x","y")',
    "plus": "+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd",
    "at": "@SUM(1)",
    "tab": "\t=1+1",
    "emoji": "happy \N{BANK}",
    "long": LONG,
    "newline": "two\nlines",
    "percent": "100 % #1 _u ^ ~ {x} $y$ \\end{tabular}",
    "bracket": "[2pt]",
    "star": "*row",
    "dashes": "a--b ``q''",
}


TABLE = {"table", "caption", "span", "thead", "tbody", "tr", "th", "td"}


def cells(text):
    return TextTable((text, "n"), ((text, "1"), (text, "2")))


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        assert not any(name.startswith("on") or name in {"src", "href"} for name, _ in attrs)
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_html_shows_every_text_as_it_is_and_runs_none(text):
    reader = Reader()
    reader.feed(html_page(cells(text), text, Origin.SYNTHETIC, "en"))
    assert set(reader.tags) == TABLE | {"html", "meta", "title", "style"}
    joined = "".join(reader.texts)
    assert joined.count(text) == 5  # title, caption, header and two rows
    assert "SYNTHETIC · 模拟数据" in joined
    if text != html.escape(text):
        assert text not in html_page(cells(text), "", Origin.SYNTHETIC, "en")


@pytest.mark.parametrize("text", [t for k, t in BAD.items() if k != "emoji"])
def test_latex_keeps_its_rows_whatever_a_text_is(text):
    lines = latex(cells(text), text, Origin.SYNTHETIC, "x", "en").splitlines()
    head, *body = [line for line in lines if " & " in line.replace(r"\&", "")]
    assert len(body) == 2
    for line in (head, *body):
        assert line.endswith(r" \\")
        assert line.replace(r"\&", "").count("&") == 1
        assert line[0] not in "[*"
    special = "".join(lines).replace(r"\\", "")
    for sign in "$#%":
        assert special.replace(f"\\{sign}", "").count(sign) == (sign == "%")  # the comment on top


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("100 % #1", r"100 \% \#1"),
        ("a_b^c~d", r"a\_b\textasciicircum{}c\textasciitilde{}d"),
        ("{x} \\y $z$", r"\{x\} \textbackslash{}y \$z\$"),
        ("[2pt]", "{[}2pt]"),
        ("*row", "{*}row"),
        ("a--b", "a-{}-b"),
        ("χ² ≥ −1", r"\ensuremath{\chi}\textsuperscript{2} \ensuremath{\ge} \ensuremath{-}1"),
        ("two\nlines", "two lines"),
        ("论文所载", "论文所载"),
    ],
)
def test_latex_writes_signs_as_commands(text, written):
    assert rf"{written} & 1 \\" in latex(cells(text), "", Origin.OBSERVED, "x", "en")


def test_a_long_word_may_be_broken_in_latex():
    text = latex(cells(LONG), "", Origin.OBSERVED, "x", "en")
    pieces = text.split("\n")[-4].split(" & ")[0].split(r"\hspace{0pt}")
    assert "".join(pieces) == LONG
    assert max(map(len, pieces)) == 20
    assert r"\arraybackslash}X" in text


def test_an_emoji_is_an_error_in_latex_that_names_it():
    with pytest.raises(ValueError, match=r"'🏦' \(U\+1F3E6\) in 'happy 🏦' is in no font"):
        latex(cells(BAD["emoji"]), "", Origin.OBSERVED, "x", "en")


@pytest.mark.parametrize("key", ["formula", "plus", "minus", "at", "tab"])
def test_a_formula_does_not_run_in_a_spreadsheet(key, tmp_path, monkeypatch):
    monkeypatch.setenv("CHURNLIB_OUTPUT", str(tmp_path))
    text = BAD[key]
    frame = pd.DataFrame({text: [text, "ok"], "n": [-1, -0.5]}, index=[text, "b"])
    figures.export("x", {"x": frame})
    read = pd.read_csv(tmp_path / "figures" / "source" / "x.csv", index_col=0)
    assert read.columns[0] == read.index[0] == read.iloc[0, 0] == f"'{text}"
    assert read["n"].tolist() == [-1, -0.5]


@pytest.mark.parametrize("text", ["-2.4114", "+5", "-241", "—", "a=b", "", "2020.01"])
def test_printed_numbers_and_plain_texts_stay_as_they_are(text):
    assert inert(text) == text


def test_a_table_is_published_in_both_languages_with_its_title(tmp_path, monkeypatch):
    monkeypatch.setenv("CHURNLIB_OUTPUT", str(tmp_path))
    frame = pd.DataFrame({"frequency": [24], "secret": [1]}, index=["le18"])
    columns = ["frequency"]
    report.publish_table("table_3_2", frame, Origin.PUBLISHED, load_codebook(), columns=columns)
    folder = tmp_path / "figures"
    made = {str(path.relative_to(folder)) for path in folder.rglob("*.*")}
    assert made == {
        "source/table_3_2.csv",
        *(f"{lang}/table_3_2.{kind}" for lang in LANGUAGES for kind in ("csv", "tex", "html")),
    }
    assert "18岁及以下 & 24" in (folder / "zh-Hans" / "table_3_2.tex").read_text(encoding="utf-8")
    page = (folder / "en" / "table_3_2.html").read_text(encoding="utf-8")
    assert "<caption>Age of customers, printed and recomputed" in page
    # Only columns asked for are shown, and all are beside them.
    assert "secret" not in page
    assert "secret" in (folder / "source" / "table_3_2.csv").read_text(encoding="utf-8")
    with pytest.raises(KeyError, match=r"exhibits\.toml has no exhibit with a file 'mine'; add it"):
        report.publish_table("mine", pd.DataFrame({"n": [1]}), Origin.OBSERVED, load_codebook())
