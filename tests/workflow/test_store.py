"""The store under a disk that is full or read-only: what is said, and that nothing is lost."""

import errno
import os
from pathlib import Path

import pytest

from churnlib.__main__ import main
from churnlib.workflow.store import Record, Store, digest, explained, files_in

GOOD = {"figures/a.txt": b"new a", "report/b.txt": b"new b"}


@pytest.fixture
def store(tmp_path):
    """A project whose outputs are old, and a store that holds new ones."""
    for file in GOOD:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"old")
    made = Store(tmp_path)
    made.folder.mkdir()
    with made.scratch() as scratch:
        for file, content in GOOD.items():
            (scratch / file).parent.mkdir(exist_ok=True)
            (scratch / file).write_bytes(content)
        outputs = {file: digest(scratch / file) for file in GOOD}
        made.keep("x", Record("key", outputs, 1.0), scratch)
    return made


def placed(store: Store) -> dict[str, bytes]:
    return {file: (store.project / file).read_bytes() for file in GOOD}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT], ids=["full disk", "over quota"])
@pytest.mark.parametrize("left", range(3))
def test_a_disk_that_fills_up_at_any_write_loses_nothing(store, monkeypatch, number, left):
    real, writes = Path.write_bytes, [left]

    def write(self: Path, content: bytes) -> int:
        writes[0] -= 1
        if writes[0] < 0:
            raise OSError(number, os.strerror(number), str(self))
        return real(self, content)

    monkeypatch.setattr(Path, "write_bytes", write)
    if left < len(GOOD):
        with pytest.raises(OSError, match=os.strerror(number)) as full:
            store.publish(["x"])
        assert "the disk is full; nothing was replaced and nothing is lost" in explained(full.value)
        assert set(placed(store).values()) == {b"old"}
        assert not list(store.folder.glob("run-*"))
        writes[0] = len(GOOD)
    assert store.publish(["x"]) == sorted(GOOD)
    assert placed(store) == GOOD
    assert store.publish(["x"]) == []


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_replaced(store, monkeypatch):
    import tempfile

    real = tempfile.TemporaryFile

    def read_only(*, dir: Path, **options: object):  # a root user may write anywhere
        if dir.name == "report":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(dir))
        return real(dir=dir, **options)

    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    with pytest.raises(OSError, match=r"cannot write to report/: Permission denied") as failure:
        store.publish(["x"])
    assert "make it a folder that you may write to and run again" in explained(failure.value)
    assert set(placed(store).values()) == {b"old"}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "error: the disk is full; nothing was"),
        (OSError(errno.EACCES, "cannot write to figures/: x. Nothing was"), "error: cannot write"),
        (RuntimeError("another run is at work in here"), "error: another run is at work in here"),
        (FileNotFoundError(2, "No such file", "a.csv"), "error: [Errno 2] No such file: 'a.csv'"),
    ],
)
def test_the_command_exits_with_1_and_one_sentence(monkeypatch, capsys, error, said):
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("churnlib.__main__.reproduce", fail)
    assert main(["reproduce"]) == 1
    assert capsys.readouterr().err.startswith(said)


def test_every_file_below_a_folder_is_listed_with_slashes(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.txt").write_text("")
    (tmp_path / "d.txt").write_text("")
    assert list(files_in(tmp_path)) == ["a/b/c.txt", "d.txt"]
    assert digest(tmp_path / "none") == "absent"
