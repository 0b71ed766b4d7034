"""A small survey with a question of every kind."""

import pandas as pd
import pytest

import churnlib as cl

BOOK = """\
response = "sex"
missing = ["-3"]
[variables.sex]
label = { en = "Sex", zh-Hans = "性别" }
levels = [
  { key = "m", label = { en = "Man", zh-Hans = "男" } },
  { key = "f", label = { en = "Woman", zh-Hans = "女" } },
]
[variables.region]
label = { en = "Region", zh-Hans = "地区" }
levels = [
  { key = "a", label = { en = "A", zh-Hans = "甲" } },
  { key = "b", label = { en = "B", zh-Hans = "乙" } },
  { key = "c", label = { en = "C", zh-Hans = "丙" } },
]
[variables.visits]
label = { en = "Visits", zh-Hans = "次数" }
levels = [
  { key = "x", label = { en = "X", zh-Hans = "X" } },
  { key = "y", label = { en = "Y", zh-Hans = "Y" } },
  { key = "z", label = { en = "Z", zh-Hans = "Z" } },
]
[variables.age]
label = { en = "Age", zh-Hans = "年龄" }
kind = "number"
units = ["years"]
limits = { low = 15, high = 99 }
[variables.income]
label = { en = "Income", zh-Hans = "收入" }
kind = "number"
[variables.use]
label = { en = "Used", zh-Hans = "用过" }
kind = "multiple"
levels = [
  { key = "card", label = { en = "Card" } },
  { key = "loan", label = { en = "Loan" } },
  { key = "app", label = { en = "App, on a phone" } },
]
[variables.remarks]
label = { en = "Remarks" }
kind = "text"
[variables.w]
label = { en = "Weight" }
kind = "weight"
"""
AGE = [
    23, 35, 31, 52, 44, 29, 61, 38, 27, 45, 33, 56, 40, 22, 37, 48, 30, 59, 42, 26, 34, 50, 41, 28,
]  # fmt: skip
INCOME = [
    2.1, 3.5, 2.9, 5.2, 4.0, 2.2, 6.6, 3.9, 2.0, 4.1, 3.0, 5.1, 4.4, 1.9, 3.8, 4.2, 3.3, 6.1, 4.5,
    2.6, 3.1, 4.7, 4.3, 2.4,
]  # fmt: skip
USE = ["Card", "Card; Loan", "", "App, on a phone", "Loan; App, on a phone", "Card"] * 4


@pytest.fixture(scope="session")
def raw():
    """24 people; the numbers that programs gave for them are in the tests."""
    return pd.DataFrame(
        {
            "sex": list("mfmffmfmmfmfmmffmfmmffmf"),
            "region": list("abc" * 8),
            "visits": list("xyzxyyzx" * 3),
            "age": [*map(str, AGE)],
            "income": [*map(str, INCOME)],
            "use": USE,
            "remarks": ["", "a secret", "-3", "more"] * 6,
            "w": ["1", "2", "0.5", "3", "1.5", "1"] * 4,
        }
    )


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "mine.toml"
    path.write_text(BOOK, "utf-8")
    return cl.load_codebook(path)


@pytest.fixture(scope="session")
def survey(raw, book):
    return cl.clean(raw, book, origin=cl.Origin.OBSERVED)
