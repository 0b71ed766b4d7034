"""A run under a disk that is full or read-only: what is said, and that nothing is lost."""

import errno
import os
from pathlib import Path

import pytest

from churnlib.__main__ import main
from churnlib.workflow import explained
from churnlib.workflow.reproduction import Workspace, digest, files_in, workspace

GOOD = {"figures/a.txt": b"new a", "report/b.txt": b"new b"}


@pytest.fixture
def space(tmp_path):
    """A run in a project whose outputs are old; it has made new ones."""
    for file in GOOD:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"old")
    with workspace(tmp_path) as made:
        for file, content in GOOD.items():
            (made.scratch / "x" / file).parent.mkdir(parents=True, exist_ok=True)
            (made.scratch / "x" / file).write_bytes(content)
        made.keep("x", "key", 1.0, {})
        yield made


def placed(space: Workspace) -> dict[str, bytes]:
    return {file: (space.project / file).read_bytes() for file in GOOD}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT], ids=["full disk", "over quota"])
def test_a_disk_that_is_full_when_the_records_are_written_loses_nothing(space, monkeypatch, number):
    def write(self: Path, *_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number), str(self))

    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", write)
        with pytest.raises(OSError, match=os.strerror(number)) as failure:
            space.publish(["x"])
    assert "the disk is full; nothing was replaced and nothing is lost" in explained(failure.value)
    assert set(placed(space).values()) == {b"old"}
    space.publish(["x"])
    assert placed(space) == GOOD


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_replaced(space, monkeypatch):
    import tempfile

    real = tempfile.TemporaryFile

    def read_only(*, dir: Path, **options: object):  # a root user may write anywhere
        if dir.name == "report":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(dir))
        return real(dir=dir, **options)

    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    with pytest.raises(OSError, match=r"cannot write to report/: Permission denied") as failure:
        space.publish(["x"])
    assert "make it a folder that you may write to and run again" in explained(failure.value)
    assert set(placed(space).values()) == {b"old"}


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
