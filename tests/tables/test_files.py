import gzip

import pandas as pd
import pytest

from churnlib import counts, load_codebook, resolve_labels

BOOK = load_codebook()
PEOPLE = pd.DataFrame({"gender": ["男", "女", "女"], "age": [35, 61, 18], "size": ["1", "2", "10"]})


def test_files_of_one_data_set_are_counted_as_one_whatever_the_order_of_their_columns(tmp_path):
    PEOPLE.to_parquet(tmp_path / "a.parquet")
    PEOPLE[["age", "size", "gender"]].to_parquet(tmp_path / "b.parquet")
    tidy = counts(tmp_path / "*.parquet", "gender", codebook=BOOK)
    assert dict(zip(tidy["gender"], tidy["n"], strict=True)) == {"male": 2, "female": 4}


def test_folders_within_folders_are_found(tmp_path):
    (tmp_path / "2020" / "11").mkdir(parents=True)
    PEOPLE.to_csv(tmp_path / "2020" / "11" / "a.csv", index=False)
    PEOPLE.to_csv(tmp_path / "b.csv", index=False)
    assert counts(f"{tmp_path}/**/*.csv", "gender")["n"].sum() == 6


def test_a_packed_csv_file_is_read(tmp_path):
    with gzip.open(tmp_path / "a.csv.gz", "wt", encoding="utf-8") as file:
        PEOPLE.to_csv(file, index=False)
    assert counts(tmp_path / "a.csv.gz", "gender")["n"].tolist() == [2, 1]


def test_a_csv_file_is_read_as_typed_where_a_codebook_knows_what_it_means(tmp_path):
    (tmp_path / "a.csv").write_text("gender,age\n男,035\n女,\n女,(空)\n", encoding="utf-8")
    ledger = resolve_labels(tmp_path / "a.csv", ["gender", "age"], codebook=BOOK).ledger
    typed = ledger[ledger["variable"] == "age"]
    assert dict(zip(typed["raw"], typed["reason"], strict=True)) == {
        "035": "", "": "no answer", "(空)": "no answer",
    }  # fmt: skip


def test_numbers_of_a_csv_file_without_a_codebook_are_numbers(tmp_path):
    PEOPLE.to_csv(tmp_path / "a.csv", index=False)
    assert counts(tmp_path / "a.csv", "size")["size"].tolist() == [1, 2, 10]


def test_a_column_without_any_answer_in_one_file_has_the_type_of_the_others(tmp_path):
    PEOPLE.assign(gender=None, age=None).to_parquet(tmp_path / "a.parquet")
    PEOPLE.to_parquet(tmp_path / "b.parquet")
    for variable in ("gender", "age"):
        found = counts(tmp_path / "*.parquet", variable)
        assert found["n"].sum() == 6
        assert found.loc[found[variable].isna(), "n"].item() >= 3


# Bad input, one by one.


def test_a_column_of_another_type_in_one_file_is_named_with_both_files(tmp_path):
    PEOPLE.to_parquet(tmp_path / "a.parquet")
    PEOPLE.astype({"age": "str"}).to_parquet(tmp_path / "b.parquet")
    message = r"'age' is a number in .*a\.parquet and text in .*b\.parquet"
    with pytest.raises(ValueError, match=message):
        counts(tmp_path / "*.parquet", "age")
    # Nothing is wrong with the columns that the files agree on.
    assert counts(tmp_path / "*.parquet", "gender")["n"].sum() == 6


def test_a_column_of_another_type_in_one_csv_file_is_named_with_both_files(tmp_path):
    PEOPLE.to_csv(tmp_path / "a.csv", index=False)
    PEOPLE.assign(age=["35岁", "61岁", "18岁"]).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(ValueError, match=r"'age' is a number in .*a\.csv and text in .*b\.csv"):
        counts(tmp_path / "*.csv", "age")
    assert counts(tmp_path / "*.csv", "age", codebook=BOOK)["n"].sum() == 6


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_column_that_one_file_lacks_is_no_missing_answer(tmp_path, ending):
    for name, frame in {"a": PEOPLE, "b": PEOPLE.drop(columns="age")}.items():
        write = frame.to_parquet if ending == "parquet" else frame.to_csv
        write(tmp_path / f"{name}.{ending}", index=False)
    with pytest.raises(ValueError, match=rf"b\.{ending} has no column 'age', which other"):
        counts(f"{tmp_path}/*.{ending}", "age", codebook=BOOK)


@pytest.mark.parametrize("name", ["none.parquet", "*.parquet", "none.csv"])
def test_an_empty_set_of_files_is_said(tmp_path, name):
    with pytest.raises(FileNotFoundError, match="no file is called"):
        counts(tmp_path / name, "age")


def test_a_folder_is_not_taken_for_its_files(tmp_path):
    with pytest.raises(
        ValueError, match=r"is a folder; name its files, for instance .*\*\.parquet"
    ):
        counts(tmp_path, "age")


def test_files_of_another_format_or_of_two_are_refused(tmp_path):
    PEOPLE.to_parquet(tmp_path / "a.parquet")
    PEOPLE.to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "b.xlsx").write_bytes(b"PK")
    for pattern, given in (("a.*", r"a\.csv, .*a\.parquet"), ("b.xlsx", r"b\.xlsx")):
        with pytest.raises(ValueError, match=rf"files to count end in .*given .*{given}"):
            counts(tmp_path / pattern, "age")


@pytest.mark.parametrize("content", [b"", b"no parquet at all", b"PAR1" + bytes(40) + b"PAR1"])
def test_a_file_that_is_not_what_its_ending_says_is_named(tmp_path, content):
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot read .*a\.parquet as Parquet: "):
        counts(tmp_path / "a.parquet", "age")


def test_a_file_that_is_damaged_inside_is_named(tmp_path):
    PEOPLE.loc[PEOPLE.index.repeat(5000)].to_parquet(tmp_path / "a.parquet", compression="gzip")
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[4:200] = bytes(196)
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot read .*a\.parquet as Parquet: "):
        counts(tmp_path / "a.parquet", "gender")


def test_a_csv_file_in_another_encoding_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("gender,age\n男,35\n女,61\n", encoding="gb18030")
    with pytest.raises(ValueError, match=r"a\.csv as CSV; CSV files are read as UTF-8: "):
        counts(tmp_path / "a.csv", "gender", codebook=BOOK)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("packed", [False, True])
def test_rows_without_a_cell_for_each_column_are_said(tmp_path, mark, packed):
    rows = f"gender{mark}age\n男{mark}35\n女\n男\n女{mark}\n"
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    with (gzip.open if packed else open)(path, "wt", encoding="utf-8") as file:
        file.write(rows)
    with pytest.raises(ValueError, match="rows with more or fewer cells than its header"):
        counts(path, "gender", codebook=BOOK)


def test_a_comma_in_the_header_of_a_single_column_divides_nothing(tmp_path):
    (tmp_path / "a.csv").write_text('"age, in years"\n35\n61\n', encoding="utf-8")
    assert counts(tmp_path / "a.csv", "age, in years")["n"].tolist() == [1, 1]


def test_a_value_that_breaks_the_type_of_its_column_far_below_is_said(tmp_path):
    lines = ["age"] + ["35"] * 30_000 + ["35岁"]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=r"cannot read .*a\.csv as CSV"):
        counts(tmp_path / "a.csv", "age")
    assert counts(tmp_path / "a.csv", "age", codebook=BOOK)["n"].sum() == 30_001
