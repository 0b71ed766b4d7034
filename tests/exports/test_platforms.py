"""An export as each platform writes it, from the file to Word; its numbers by another route.

The answers are drawn here. What the report must say is computed from them with pandas, scipy and
statsmodels, never through this package.
"""

import csv
import json
import random
from pathlib import Path

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest
from scipy import stats

from churnlib import Origin, clean, load_codebook, read_answers
from churnlib.__main__ import main
from churnlib.report import analyse_survey, write_survey_report

N = 90
LIKERT = ["Disagree", "Neutral", "Agree"]
OPTIONS = ["Card", "Loan", "App"]
ITEMS = ["Staff", "Queue", "Price"]


def people() -> pd.DataFrame:
    """What everybody answered, whatever platform asked."""
    draw = random.Random(23)
    rows = []
    for _ in range(N):
        mood = draw.random()
        rows.append(
            {
                "sex": draw.choice(["Man", "Woman"]),
                "age": draw.randint(18, 70),
                "use": [option for option in OPTIONS if draw.random() < 0.5],
                **{
                    item: LIKERT[min(2, int(3 * (0.6 * mood + 0.4 * draw.random())))]
                    for item in ITEMS
                },
                "left": draw.choice(["No", "Yes"]) if mood < 0.7 else "No",
            }
        )
    return pd.DataFrame(rows)


PEOPLE = people()


def ticks(yes: object, no: object) -> list[list[object]]:
    return [[yes if option in use else no for option in OPTIONS] for use in PEOPLE["use"]]


def items() -> list[list[str]]:
    return PEOPLE[ITEMS].to_numpy().tolist()


def write_csv(path: Path, header: list, rows: list, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([*header, *rows])
    return path


def google_forms(folder: Path) -> Path:
    header = ["Timestamp", "Your sex", "Your age", "What do you use?",
              *(f"How was it? [{item}]" for item in ITEMS), "Have you left?"]  # fmt: skip
    rows = [
        [f"2024/05/01 10:{i % 60:02}:00", p.sex, p.age, ", ".join(p.use), *rated, p.left]
        for (i, p), rated in zip(enumerate(PEOPLE.itertuples()), items(), strict=True)
    ]
    return write_csv(folder / "google.csv", [header], rows)


def wenjuanxing(folder: Path) -> Path:
    """Several answers as one cell joined by ┋; a matrix as one column a row of it."""
    header = ["序号", "提交答卷时间", "所用时间", "来源", "来自IP", "1、Your sex", "2、Your age",
              "3、What do you use?", *(f"4、How was it?({item})" for item in ITEMS),
              "5、Have you left?"]  # fmt: skip
    book = openpyxl.Workbook()
    book.active.append(header)
    for (i, p), rated in zip(enumerate(PEOPLE.itertuples()), items(), strict=True):
        use = "┋".join(f"{'ABC'[OPTIONS.index(o)]}.{o}" for o in p.use) or "(空)"
        cells = [i + 1, f"2024/5/1 10:00:{i % 60:02}", "62秒", "微信", f"10.0.0.{i}(北京)"]
        book.active.append([*cells, p.sex, p.age, use, *rated, p.left])
    book.save(folder / "wenjuanxing.xlsx")
    return folder / "wenjuanxing.xlsx"


def lime_survey(folder: Path) -> Path:
    """Several answers as one column an option with Yes and No."""
    header = ["Response ID", "Date submitted", "Last page", "Your sex", "Your age",
              *(f"What do you use? [{o}]" for o in OPTIONS),
              *(f"How was it? [{item}]" for item in ITEMS), "Have you left?"]  # fmt: skip
    rows = [
        [i + 1, f"2024-05-01 10:{i % 60:02}:00", 3, p.sex, p.age, *ticked, *rated, p.left]
        for (i, p), ticked, rated in zip(
            enumerate(PEOPLE.itertuples()), ticks("Yes", "No"), items(), strict=True
        )
    ]
    return write_csv(folder / "lime.csv", [header], rows)


def qualtrics(folder: Path) -> Path:
    """Three rows of headers; an option that was not ticked is empty."""
    names = ["StartDate", "IPAddress", "Q1", "Q2", *(f"Q3_{i}" for i in (1, 2, 3)),
             *(f"Q4_{i}" for i in (1, 2, 3)), "Q5"]  # fmt: skip
    texts = ["Start Date", "IP Address", "Your sex", "Your age",
             *(f"What do you use? - {o}" for o in OPTIONS),
             *(f"How was it? - {item}" for item in ITEMS), "Have you left?"]  # fmt: skip
    ids = [json.dumps({"ImportId": name}) for name in names]
    cells = [[o if yes else "" for o, yes in zip(OPTIONS, row, strict=True)] for row in ticks(1, 0)]
    rows = [
        [f"2024-05-01 10:{i % 60:02}:00", f"10.0.0.{i}", p.sex, p.age, *ticked, *rated, p.left]
        for (i, p), ticked, rated in zip(
            enumerate(PEOPLE.itertuples()), cells, items(), strict=True
        )
    ]
    return write_csv(folder / "qualtrics.csv", [names, texts, ids], rows)


def kobo(folder: Path) -> Path:
    """One column with all options, and one an option with 1 and 0."""
    parts = [f"What do you use?/{o}" for o in OPTIONS] + [f"How was it?/{i}" for i in ITEMS]
    header = ["start", "Your sex", "Your age", *parts, "Have you left?", "_id", "_uuid"]
    rows = [
        [
            f"2024-05-01T10:{i % 60:02}:00",
            p.sex,
            p.age,
            *ticked,
            *rated,
            p.left,
            100 + i,
            f"u-{i:04}x",
        ]
        for (i, p), ticked, rated in zip(
            enumerate(PEOPLE.itertuples()), ticks(1, 0), items(), strict=True
        )
    ]
    return write_csv(folder / "kobo.csv", [header], rows)


PLATFORMS = [google_forms, wenjuanxing, lime_survey, qualtrics, kobo]
ONE_CELL = {google_forms, wenjuanxing}


@pytest.fixture(scope="module", params=PLATFORMS, ids=lambda platform: platform.__name__)
def export(request, tmp_path_factory):
    """The export, its drafted codebook, and the tables of the report on it by their captions."""
    folder = tmp_path_factory.mktemp("export")
    answers, book, results = request.param(folder), folder / "mine.toml", folder / "results"
    assert main(["codebook", str(answers), "--output", str(book)]) == 0
    assert main(["check", str(answers), "--codebook", str(book)]) == 0
    known = load_codebook(book)  # what the notebook does, without its kernel to spare time
    raw = read_answers(answers, **known.reading)
    analysis = analyse_survey(clean(raw, known, origin=Origin.OBSERVED))
    document = docx.Document(str(write_survey_report(analysis, results, "en")))
    tables = [[[cell.text for cell in row.cells] for row in t.rows] for t in document.tables]
    said = "\n".join(paragraph.text for paragraph in document.paragraphs)
    return request.param, known, tables, said


def table_with(tables, *heads: str) -> list[list[str]]:
    """The one table whose header holds these texts."""
    (matching,) = [t for t in tables if all(any(head in c for c in t[0]) for head in heads)]
    return matching


def test_the_kind_of_each_question_is_found(export):
    _, book, *_ = export
    kinds = [variable.kind for variable in book.variables.values()]
    assert sorted(kinds) == sorted(["single"] * 5 + ["number", "multiple", "scale"])
    (scale,) = book.of_kind("scale")
    labels = [book[item].labels["en"] for item in book[scale].items]
    assert [next(i for i in ITEMS if i in label) for label in labels] == ITEMS
    assert all(book[item].ordered for item in book[scale].items)
    assert book.response == list(book.variables)[-2]  # the scale stands last
    assert not book.of_kind("text")


def test_nothing_of_the_sheet_or_the_person_is_a_question(export):
    _, book, tables, said = export
    everything = said + str(tables) + str(book.variables)
    for text in ("10.0.0.", "2024", "u-00", "微信", "Timestamp"):
        assert text not in everything


def test_options_are_those_ticked(export):
    platform, _, tables, _ = export
    table = table_with(tables, "% of people", "% of answers")
    answered = PEOPLE["use"].map(bool) if platform in ONE_CELL | {qualtrics} else PEOPLE["age"] > 0
    for row, option in zip(table[1:], OPTIONS, strict=True):
        count = sum(option in use for use in PEOPLE["use"])
        assert row[:2] == [option, str(count)]
        assert float(row[2]) == pytest.approx(100 * count / answered.sum(), abs=0.05)
        low, high = stats.binomtest(count, int(answered.sum())).proportion_ci(method="wilson")
        assert row[3] == f"[{100 * low:.1f}, {100 * high:.1f}]"
        assert float(row[4]) == pytest.approx(100 * count / PEOPLE["use"].map(len).sum(), abs=0.05)


def test_options_by_group_are_scipys_chi_square_adjusted_by_hand(export):
    platform, _, tables, _ = export
    table = table_with(tables, "What do you use?", "No (n =", "p (Holm)")
    kept = PEOPLE[PEOPLE["use"].map(bool)] if platform in ONE_CELL | {qualtrics} else PEOPLE
    p = []
    for option in OPTIONS:
        square = pd.crosstab(kept["use"].map(lambda use, o=option: o in use), kept["left"])
        assert stats.contingency.expected_freq(square).min() >= 5
        p.append(stats.chi2_contingency(square, correction=False).pvalue)
    assert [float(row[-2]) for row in table[1:]] == pytest.approx(p, abs=0.0005)
    ranked = np.argsort(p)
    holm = np.maximum.accumulate([(3 - i) * p[place] for i, place in enumerate(ranked)]).clip(max=1)
    shown = [float(table[1 + place][-1]) for place in ranked]
    assert shown == pytest.approx(holm.tolist(), abs=0.0005)


def test_the_number_by_group_is_scipys_welch_test(export):
    _, _, tables, said = export
    groups = {left: PEOPLE.loc[PEOPLE["left"] == left, "age"] for left in ("No", "Yes")}
    welch = stats.ttest_ind(*groups.values(), equal_var=False)
    shown = f"t({welch.df:.1f}, N = {N}) = {welch.statistic:.2f}".replace("-", "−")
    assert shown in said
    rows = [row for t in tables for row in t if "Quartiles" in t[0] and row[0] in groups]
    numbers = {row[0]: row[1:] for row in rows if float(row[3]) > 10}  # ages, not scores
    for left, ages in groups.items():
        n, _, mean, sd, median, _ = numbers[left]
        assert int(n) == len(ages)
        assert [float(mean), float(sd), float(median)] == pytest.approx(
            [ages.mean(), ages.std(), ages.median()], abs=0.005
        )


def test_the_scale_is_its_items_by_hand(export):
    _, _, tables, said = export
    scores = PEOPLE[ITEMS].map(lambda answer: LIKERT.index(answer) + 1)
    k, covariance = len(ITEMS), scores.cov().to_numpy()
    alpha = k / (k - 1) * (1 - np.trace(covariance) / covariance.sum())
    assert f"α = {alpha:.2f}".replace("0.", ".") in said
    table = table_with(tables, "α without it")
    for row, item in zip(table[1:], ITEMS, strict=True):
        rest = scores.drop(columns=item).sum(axis=1)
        numbers = [scores[item].mean(), scores[item].std(), scores[item].corr(rest)]
        assert [float(cell) for cell in row[1:4]] == pytest.approx(numbers, abs=0.0051)


def test_single_answers_are_counted(export):
    _, _, tables, _ = export
    for wanted in ("sex", "left", *ITEMS):
        counts = PEOPLE[wanted].value_counts()
        found = [
            t for t in tables
            if "Cumulative %" in t[0] and {row[0] for row in t[1:-1]} == {*counts.index}
            and (wanted in {"sex", "left"} or wanted in t[0][0])
        ]  # fmt: skip
        assert len(found) == 1
        assert {row[0]: int(row[1]) for row in found[0][1:-1]} == counts.to_dict()
