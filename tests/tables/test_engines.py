"""One survey through every engine: the same counts, hence the same statistics and models."""

import os
import re
import shutil
import socket
import subprocess
import sys
import warnings
from importlib.util import find_spec
from types import SimpleNamespace

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlib import (
    Origin,
    clean,
    counts,
    crosstab,
    frequencies,
    load_codebook,
    resolve_labels,
    statistics,
    synthesise,
)
from churnlib.evidence.origin import PROJECT
from churnlib.models.regression import ordinal_logit
from churnlib.tables import engines as module

BOOK = load_codebook()
OTHER_BOOK = load_codebook(PROJECT / "tests" / "survey" / "codebook.toml")
FOUR = ["gender", "age", "education", "visits"]
RAW = synthesise("as_the_text_says", seed=7).iloc[:, 6:].reset_index(drop=True)
SURVEY = clean(RAW, BOOK, origin=Origin.OBSERVED, on_error="set_aside")
NUMBERS = pd.DataFrame(
    {
        "1. Your `age`?": [18, 19, 29, 35, 60, 101, 35, -3],
        "visits": ["6次以上", "1-2次", None, "3-5次", "6次以上", "(空)", "1-2次", "1-2次"],
        "people": [1, 2, 0, 4, 5, 6, 7, 8],
        "score": [0.5, 1.5, np.nan, 2.0, 0.5, 1.0, 4.0, np.nan],
    }
)
WORDED = NUMBERS.rename(columns={"1. Your `age`?": "1. 您的年龄"})
MEMORY = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "polars lazy": lambda frame: pl.from_pandas(frame).lazy(),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "duckdb": lambda frame: duckdb.connect().from_df(frame),
}
ENGINES = [*MEMORY, "parquet", "csv", "spark", "spark connect"]


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """One Java process that serves both a local session and Spark Connect over loopback."""
    lacking = [
        what
        for what, there in {
            "pyspark, from requirements-spark.lock": find_spec("pyspark"),
            "Java 17": shutil.which("java") or os.environ.get("JAVA_HOME"),
        }.items()
        if not there
    ]
    if lacking:
        required = os.environ.get("CHURNLIB_REQUIRE", "").split(",")
        stop = pytest.fail if "spark" in required else pytest.skip
        stop(f"Spark needs {' and '.join(lacking)}: make spark")
    with warnings.catch_warnings():
        # PySpark warns about pandas 3 and, where a warning is an error, hides Spark Connect.
        warnings.filterwarnings("ignore", "PySpark does not yet", FutureWarning)
        from pyspark.sql import SparkSession
        from pyspark.sql.connect.session import SparkSession as Remote

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(tmp_path_factory.mktemp("spark")),
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
    }
    builder = SparkSession.builder.master("local[2]").appName("churnlib")
    for key, value in settings.items():
        builder = builder.config(key, value)
    local = builder.getOrCreate()
    remote = Remote.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    yield SimpleNamespace(local=local, remote=remote)
    remote.stop()
    local.stop()


@pytest.fixture(params=ENGINES)
def held(request, tmp_path):
    """Put a pandas frame where an engine holds it."""

    def hold(frame):
        if request.param in MEMORY:
            return MEMORY[request.param](frame)
        if request.param == "parquet":
            half = len(frame) // 2
            frame.iloc[:half].to_parquet(tmp_path / "1.parquet", index=False)
            frame.iloc[half:].to_parquet(tmp_path / "2.parquet", index=False)
            return tmp_path / "*.parquet"
        if request.param == "csv":
            frame.to_csv(tmp_path / "all.csv", index=False)
            return str(tmp_path / "all.csv")
        session = request.getfixturevalue("spark")
        chosen = session.remote if request.param == "spark connect" else session.local
        return chosen.createDataFrame(MEMORY["pyarrow"](frame))

    return hold


def test_every_engine_counts_the_survey_as_cleaning_it_first_does(held):
    data = held(RAW)
    tally = resolve_labels(data, FOUR, codebook=BOOK, on_error="set_aside")
    pd.testing.assert_frame_equal(tally.counts, counts(SURVEY, FOUR))
    assert tally.set_aside == SURVEY.flow["rows_set_aside"] == 8
    theirs = SURVEY.answers.groupby(["variable", "raw", "level"], dropna=False)["n"].sum()
    ours = tally.ledger.groupby(["variable", "raw", "level"], dropna=False)["n"].sum()
    pd.testing.assert_series_equal(ours, theirs, check_index_type=False)
    assert tally.ledger.groupby("variable")["n"].sum().tolist() == [len(RAW)] * 4
    assert (tally.ledger["reason"] == "").equals(tally.ledger["level"].notna())


def test_all_that_follows_from_the_counts_is_the_same(held):
    data = held(RAW)
    kwargs = {"codebook": BOOK, "on_error": "set_aside"}
    tidy = counts(data, FOUR, **kwargs)
    table = crosstab(tidy, "gender", "visits", count="n")
    pd.testing.assert_frame_equal(
        statistics(table), statistics(crosstab(SURVEY, "gender", "visits"))
    )
    fit = ordinal_logit(tidy, "visits", ["gender", "age"], count="n")
    pd.testing.assert_frame_equal(
        fit.coefficients, ordinal_logit(SURVEY, "visits", ["gender", "age"]).coefficients
    )
    once = crosstab(data, "gender", "visits", layer="age", **kwargs)
    assert list(once) == BOOK["age"].keys
    refused = SURVEY.ledger["reason"].str.contains("gender '|age '|visits '").sum()
    assert {table.set_aside for table in once.values()} == {refused}
    shares = frequencies(data, "visits", **kwargs)
    assert (shares.set_aside, shares.missing) == (3, 3)
    assert shares.ledger["n"].sum() == 208


def test_every_engine_bands_numbers_by_the_codebook(held):
    tally = resolve_labels(held(WORDED), ["age", "visits"], codebook=BOOK, count="people")
    again = clean(
        WORDED.loc[WORDED.index.repeat(WORDED["people"])].assign(gender="", education="")
        .reset_index(drop=True), BOOK, origin=Origin.OBSERVED,
    )  # fmt: skip
    pd.testing.assert_frame_equal(tally.counts, counts(again, ["age", "visits"]))
    assert tally.counts["n"].sum() == 33


def test_numbers_that_nobody_banded_are_levels_on_every_engine(held):
    table = frequencies(held(WORDED), "score", count="people")
    assert table.counts.to_dict() == {0.5: 6, 1.0: 6, 1.5: 2, 2.0: 4, 4.0: 7}
    assert table.missing == 8
    tidy = counts(held(WORDED), ["1. 您的年龄"])
    assert tidy["1. 您的年龄"].tolist() == [-3, 18, 19, 29, 35, 60, 101]
    assert tidy["n"].tolist() == [1, 1, 1, 1, 2, 1, 1]


def test_a_model_takes_its_rows_from_every_engine(held):
    people = pd.DataFrame({"visits": [1, 2, 3] * 4, "gender": list("mf") * 6, "n": range(12)})
    expected = ordinal_logit(people, "visits", "gender", count="n")
    fit = ordinal_logit(held(people), "visits", "gender", count="n")
    pd.testing.assert_frame_equal(fit.coefficients, expected.coefficients)
    assert fit.n == 66


WHOLE = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


@pytest.mark.parametrize("dtype", [*WHOLE, "float32", "float64"])
@pytest.mark.parametrize(
    "convert",
    [
        lambda frame: frame,
        lambda frame: frame.convert_dtypes(),
        lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
        pl.from_pandas,
        MEMORY["pyarrow"],
        MEMORY["duckdb"],
    ],
    ids=["numpy", "nullable", "arrow", "polars", "pyarrow", "duckdb"],
)
def test_a_number_is_banded_whatever_the_type_that_holds_it(dtype, convert):
    frame = pd.DataFrame({"age": [0, 7, 18, 19, 29, 61, 100, 121], "people": 1}).astype(dtype)
    tally = resolve_labels(
        convert(frame), ["age"], codebook=BOOK, count="people", on_error="set_aside"
    )
    assert tally.counts["n"].tolist() == [2, 2, 0, 0, 2]  # 0 is nobody's age
    refused = tally.ledger[tally.ledger["level"].isna()]
    assert sorted(refused[["raw", "n"]].to_numpy().tolist()) == [["0", 1], ["121", 1]]


def test_an_option_number_is_kept_out_of_the_bands():
    # In this codebook 1 to 5 number the options of age; they lie inside its first band.
    ages = pl.DataFrame({"age": [1, 2, 7, 8, 18, 19]})
    ledger = resolve_labels(ages, ["age"], codebook=BOOK, on_error="set_aside").ledger
    assert ledger[["raw", "n"]].to_numpy().tolist() == [
        ["1-18", 3],
        ["1", 1],
        ["19-29", 1],
        ["2", 1],
    ]


@given(
    st.lists(
        st.one_of(
            st.integers(-4, 13), st.integers(990, 1_000_001), st.sampled_from([2.5, np.inf, -9.0]),
            st.none(),
        ),
        min_size=1,
    )
)  # fmt: skip
def test_a_banded_number_means_what_it_means_when_cleaned_alone(numbers):
    # The codebook of another survey: its limits are 0 to 1000 and a bare number is a quantity.
    raw = pl.DataFrame({"income": numbers}, schema={"income": pl.Float64}, strict=False)
    tally = resolve_labels(raw, ["income"], codebook=OTHER_BOOK, on_error="set_aside")
    alone = pd.DataFrame({"income": pd.Series(numbers, dtype=float)})
    survey = clean(
        alone.assign(satisfied="low"), OTHER_BOOK, origin=Origin.OBSERVED, on_error="set_aside"
    )
    pd.testing.assert_frame_equal(tally.counts, counts(survey, "income"))
    assert tally.set_aside + tally.counts["n"].sum() == len(numbers)
    assert tally.ledger["n"].sum() == len(numbers)


def test_the_ledger_calls_a_band_by_its_limits_and_not_by_the_number_that_stands_for_it():
    ages = pl.DataFrame({"age": [19, 29, 60, 999, None]})
    ledger = resolve_labels(ages, ["age"], codebook=BOOK, on_error="set_aside").ledger
    assert ledger[["raw", "level", "n", "reason"]].fillna("—").to_numpy().tolist() == [
        ["19-29", "19-29", 2, ""],
        ["", "—", 1, "no answer"],
        ["60-120", "ge60", 1, ""],
        ["999", "—", 1, "no such number can be meant"],
    ]
    incomes = resolve_labels(pl.DataFrame({"income": [10, 20]}), ["income"], codebook=OTHER_BOOK)
    assert incomes.ledger["raw"].tolist() == ["10-1000"]


def test_an_enumeration_gives_its_order_of_levels_and_does_not_call_it_meant():
    levels = ["low", "mid", "high"]
    frame = pl.DataFrame(
        {"x": ["high", "low"], "y": ["a", "b"]}, schema_overrides={"x": pl.Enum(levels)}
    )
    table = crosstab(frame, "x", "y")
    assert table.counts.index.tolist() == levels
    assert table.ordered == (False, False)
    arrow = pa.table({"x": pa.array(["mid", "low"]).dictionary_encode(), "y": ["a", "b"]})
    assert crosstab(arrow, "x", "y").counts.index.tolist() == ["mid", "low"]


def test_importing_churnlib_loads_no_engine():
    code = (
        "import sys, churnlib; "
        "print({'narwhals', 'duckdb', 'polars', 'pyspark'} & set(sys.modules) or 'none')"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "none"


# Bad input, one by one.


def test_a_column_that_no_engine_has_is_named(held):
    with pytest.raises(KeyError, match="no variable 'income'; there are x, y"):
        counts(held(pd.DataFrame({"x": ["a", "b"], "y": ["c", "d"]})), "income")


def test_a_question_without_a_column_is_named_with_the_columns_there_are():
    with pytest.raises(
        ValueError, match="the question 'age' has no column; the columns are gender"
    ):
        counts(pl.DataFrame({"gender": ["男"]}), ["gender", "age"], codebook=BOOK)
    with pytest.raises(KeyError, match=r"codebook.toml has no variable 'branch'; it has gender"):
        counts(pl.DataFrame({"branch": ["A"]}), "branch", codebook=BOOK)


def test_two_columns_of_one_name_are_refused():
    frame = pd.DataFrame([["男", "女"]], columns=["gender", "gender"])
    for codebook in (None, BOOK):
        with pytest.raises(ValueError, match="several columns are called 'gender'; rename all but"):
            counts(frame, "gender", codebook=codebook)


def test_labels_without_a_level_are_listed_with_their_counts_and_nothing_is_guessed(held):
    raw = pd.DataFrame({"您的性别": ["男", "女", "男男", "男男", "bank", None]})
    with pytest.raises(ValueError, match="2 labels have no level") as caught:
        counts(held(raw), "gender", codebook=BOOK)
    two, one = "2 rows: '男男' is no answer to 'gender'", "1 rows: 'bank' is no answer to 'gender'"
    assert re.search(f"column '您的性别', {two}.*\n.*column '您的性别', {one}", str(caught.value))


def test_a_long_list_of_labels_without_a_level_is_cut():
    raw = pl.DataFrame({"gender": [f"unknown {i}" for i in range(25)]})
    with pytest.raises(ValueError, match=r"25 labels have no level(.|\n)*and 5 more labels"):
        counts(raw, "gender", codebook=BOOK)


@pytest.mark.parametrize("wrong", [1.5, -1.0, np.nan])
def test_a_count_that_is_none_is_shown(held, wrong):
    frame = pd.DataFrame({"x": ["a", "b"], "n_people": [2.0, wrong]})
    message = "counts in 'n_people' must be whole numbers of 0 or more; given"
    with pytest.raises(ValueError, match=message):
        counts(held(frame), "x", count="n_people")


def test_counts_that_are_text_are_refused():
    frame = pl.DataFrame({"x": ["a"], "k": ["many"]})
    with pytest.raises(
        ValueError, match="counts in 'k' must be whole numbers; the column is String"
    ):
        counts(frame, "x", count="k")


def test_more_combinations_than_answers_can_have_are_refused(monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 10)
    with pytest.raises(ValueError, match="customer take more than 10 combinations of values"):
        counts(pl.DataFrame({"customer": range(11)}), "customer")
    with pytest.raises(ValueError, match=r"too many combinations .* count: x \(4,000\), y"):
        counts(pd.DataFrame({"x": range(4000), "y": range(4000)}), ["x", "y"])


@pytest.mark.parametrize(
    "data", [[1, 2], {"x": ["a"]}, b"customers.parquet", pl.Series("x", ["a"])]
)
def test_what_is_no_dataframe_is_refused(data):
    with pytest.raises(
        TypeError, match="data is a Survey or a DataFrame of pandas, Polars, PyArrow"
    ):
        counts(data, "x")


def test_options_that_do_not_fit_each_other_are_refused():
    with pytest.raises(ValueError, match="the answers of a Survey have their levels"):
        counts(SURVEY, "age", codebook=BOOK)
    with pytest.raises(ValueError, match="without a codebook no label is unknown"):
        counts(RAW, "age", on_error="set_aside")
    with pytest.raises(
        ValueError,
        match='on_error is "raise" or "set_aside", given',
    ):
        counts(RAW, "age", codebook=BOOK, on_error="ignore")


def test_an_extra_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ImportError, match=r"counting files needs duckdb.*'churnlib\[big\]'"):
        counts("customers.parquet", "gender")
