import hashlib
import json
import shutil

import pytest

from churnlib import exhibits
from churnlib.evidence.origin import PROJECT
from churnlib.report.manifest import check_manifest, read_manifest, write_manifest


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(PROJECT / "figures", tmp_path / "figures")
    return tmp_path


def test_the_committed_manifest_is_true_of_every_file():
    assert check_manifest(PROJECT) == []
    for entry in read_manifest(PROJECT):
        for file in entry.files:
            assert hashlib.sha256((PROJECT / file.path).read_bytes()).hexdigest() == file.sha256


def test_the_manifest_has_every_exhibit_and_no_file_in_figures_is_left_out():
    entries = read_manifest(PROJECT)
    listed = exhibits()
    assert [entry.exhibit for entry in entries] == list(listed.index)
    assert [entry.verdict for entry in entries] == list(listed["verdict"])
    assert [entry.origin.name for entry in entries] == list(listed["origin"])
    assert {entry.exhibit for entry in entries if not entry.files} == {"Figure 3-1"}
    named = {file.path for entry in entries for file in entry.files}
    there = {
        path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / "figures").rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert named == there


def test_every_exhibit_has_both_languages_and_all_formats():
    for entry in read_manifest(PROJECT):
        assert set(entry.caption) == {"en", "zh-Hans"}
        formats = {"figure": "pdf svg png", "table": "csv tex html", "none": ""}
        names = [f"{entry.name}.{ending}" for ending in formats[entry.kind].split()]
        paths = {f"figures/{lang}/{name}" for lang in ("en", "zh-Hans") for name in names}
        files = {file.path for file in entry.files}
        assert paths <= files
        sources = files - paths
        assert all(path.startswith("figures/source/") for path in sources)
        assert sources or entry.kind == "none"


def test_writing_it_again_gives_the_same_bytes(folder):
    before = (folder / "figures" / "manifest.json").read_bytes()
    assert write_manifest(folder) == folder / "figures" / "manifest.json"
    assert (folder / "figures" / "manifest.json").read_bytes() == before
    assert json.loads(before)["exhibits"][5].keys() == {
        "exhibit", "kind", "name", "notebook", "origin", "caption", "verdict", "files"
    }  # fmt: skip


def test_a_missing_and_a_changed_file_are_named_with_their_exhibit(folder):
    (folder / "figures" / "en" / "shares.pdf").unlink()
    (folder / "figures" / "source" / "table_3_2.csv").write_text("spoilt")
    assert check_manifest(folder) == [
        "figures/source/table_3_2.csv, of Table 3-2, has changed",
        "figures/en/shares.pdf, of Figure A-1, is missing",
    ]


def test_no_manifest_is_written_of_a_run_that_lacks_a_file(folder):
    (folder / "figures" / "zh-Hans" / "shares.svg").unlink()
    with pytest.raises(FileNotFoundError, match=r"lack figures/zh-Hans/shares\.svg in .*; run the"):
        write_manifest(folder)


def test_a_manifest_that_is_missing_or_damaged_is_reported(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="run python -m churnlib reproduce"):
        read_manifest(tmp_path / "nowhere")
    for text in ("{", '{"exhibits": [{}]}', '{"exhibits": [{"origin": "RUMOUR"}]}'):
        (folder / "figures" / "manifest.json").write_text(text)
        with pytest.raises(ValueError, match="is not a manifest"):
            read_manifest(folder)
