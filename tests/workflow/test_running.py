"""What runs again and what does not, side by side, and what a killed run leaves behind."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from notebook_checks import faults
from notebook_checks import write_notebook as notebook

from churnlib.__main__ import explained
from churnlib.workflow.notebook import NotebookError, write
from churnlib.workflow.reproduction import Build, reproduce, workspace

COUNT = """import os, pathlib
seen = pathlib.Path("..", "ran")
seen.mkdir(exist_ok=True)
_ = seen.joinpath("{name}-" + str(len(list(seen.iterdir())))).write_text("")
"""
WRITE = """out = pathlib.Path(os.environ["CHURNLIB_OUTPUT"], "figures")
out.mkdir(exist_ok=True)
_ = out.joinpath("{name}.txt").write_text("{text}")
"""


def states(project: Path, **options: object) -> dict[str, str]:
    took = reproduce(project, **options)
    return {name: "unchanged" if seconds is None else "done" for name, seconds in took.items()}


def ran(project: Path) -> list[str]:
    """Names of the notebooks that ran since this was last asked, in no order."""
    files = sorted((project / "ran").iterdir()) if (project / "ran").exists() else []
    names = [file.name.rpartition("-")[0] for file in files]
    for file in files:
        file.unlink()
    return sorted(names)


def outputs(project: Path) -> dict[str, bytes]:
    files = (p for p in project.rglob("*") if p.is_file())
    own = (p for p in files if not {".churnlib", "ran"} & set(p.relative_to(project).parts))
    return {str(path.relative_to(project)): path.read_bytes() for path in own}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "n.csv").write_text("n\n1\n")
    read = 'pathlib.Path("../data/n.csv").read_text()'
    notebook(tmp_path, "01_a", COUNT.format(name="01_a"), "'Fir' + 'st'")
    notebook(tmp_path, "02_b", COUNT.format(name="02_b"), "", "'sec' + 'ond'")
    write = WRITE.format(name="c", text="c")
    notebook(tmp_path, "03_c", COUNT.format(name="03_c") + write, read, text="# C")
    return tmp_path


def test_only_what_has_changed_runs_again(project):
    assert set(states(project, jobs=2).values()) == {"done"}
    assert ran(project) == ["01_a", "02_b", "03_c"]
    made = outputs(project)
    assert made["figures/c.txt"] == b"c"
    assert faults(json.loads(made["notebooks/01_a.ipynb"])) == []
    assert states(project) == {"01_a": "unchanged", "02_b": "unchanged", "03_c": "unchanged"}
    assert (ran(project), outputs(project)) == ([], made)

    path = project / "notebooks" / "02_b.ipynb"
    path.write_text(path.read_text().replace("'sec'", "'thi'"))
    assert states(project) == {"01_a": "unchanged", "02_b": "done", "03_c": "unchanged"}
    assert ran(project) == ["02_b"]

    for file in ("data/n.csv", "data/new.csv", "requirements.lock"):
        (project / file).write_text("n\n2\n")
        assert set(states(project, jobs=2).values()) == {"done"}, file
        assert set(states(project).values()) == {"unchanged"}


def test_words_around_the_code_do_not_count_and_are_kept(project):
    reproduce(project, jobs=2)
    path = project / "notebooks" / "03_c.ipynb"
    before = path.read_text("utf-8")
    path.write_text(before.replace("# C", "# Sea"), "utf-8")
    assert states(project)["03_c"] == "unchanged"
    assert path.read_text("utf-8") == before.replace("# C", "# Sea")


def test_an_output_that_was_edited_or_deleted_is_put_back_by_the_notebook_that_makes_it(project):
    reproduce(project, jobs=2)
    good = outputs(project)
    ran(project)
    (project / "figures" / "c.txt").write_text("edited")
    (project / "notebooks" / "01_a.ipynb").write_text(
        (project / "notebooks" / "01_a.ipynb").read_text().replace("First", "Fist")
    )
    reproduce(project)
    (project / "figures" / "c.txt").unlink()
    reproduce(project)
    assert outputs(project) == good
    assert ran(project) == ["01_a", "03_c", "03_c"]


def test_a_file_that_a_notebook_no_longer_makes_is_removed_unless_it_was_edited(project):
    reproduce(project, jobs=2)
    path = project / "notebooks" / "03_c.ipynb"
    path.write_text(path.read_text().replace("c.txt", "d.txt"))
    reproduce(project)
    assert [file.name for file in (project / "figures").iterdir()] == ["d.txt"]
    path.write_text(path.read_text().replace("d.txt", "e.txt"))
    (project / "figures" / "d.txt").write_text("mine")
    reproduce(project)
    assert (project / "figures" / "d.txt").read_text() == "mine"


def test_records_that_were_damaged_are_not_trusted(project):
    reproduce(project, jobs=2)
    good = outputs(project)
    ran(project)
    for damage in ("{", "[]", '{"01_a": 1}'):
        (project / ".churnlib" / "records.json").write_text(damage)
        reproduce(project)
        assert ran(project) == ["01_a", "02_b", "03_c"]
    assert outputs(project) == good


def test_a_notebook_that_is_no_more_leaves_no_outputs(project):
    reproduce(project, jobs=2)
    (project / "notebooks" / "03_c.ipynb").unlink()
    reproduce(project)
    assert not (project / "figures" / "c.txt").exists()


MEET = """import pathlib, time
pathlib.Path("{mine}").touch()
for _ in range(600):
    if pathlib.Path("{other}").exists():
        break
    time.sleep(0.05)
else:
    raise TimeoutError("the other notebook does not run")
"""


def test_two_notebooks_run_at_the_same_time_and_nobody_says_a_word(tmp_path, capfd):
    one, other = tmp_path / "one", tmp_path / "other"
    notebook(tmp_path, "01_a", MEET.format(mine=one, other=other), "1")
    notebook(tmp_path, "02_b", MEET.format(mine=other, other=one), "2")
    reproduce(tmp_path, jobs=2, tell=[].append)
    assert capfd.readouterr() == ("", "")  # neither nbclient nor a kernel
    with pytest.raises(ValueError, match="at least one notebook runs at a time, given jobs=0"):
        reproduce(tmp_path, jobs=0)


def test_a_notebook_that_reads_outputs_runs_after_those_that_make_them(tmp_path):
    prepare = "import os, pathlib\n"
    notebook(tmp_path, "01_a", prepare + WRITE.format(name="a", text="1"), "0")
    read = 'int(pathlib.Path(os.environ["CHURNLIB_OUTPUT"], "figures", "a.txt").read_text())'
    committed = 'pathlib.Path("..", "figures", "a.txt")\n'  # where a run will put it
    prepare += f"there = {committed}if there.exists():\n    _ = there.read_text()\n"
    reads = "# Last\n\n| Reads | `figures/` |"
    notebook(tmp_path, "02_b", prepare + read, text=reads)
    for text in ("1", "2"):
        path = tmp_path / "notebooks" / "01_a.ipynb"
        path.write_text(path.read_text().replace('write_text(\\"1', f'write_text(\\"{text}'))
        assert states(tmp_path, jobs=2) == {"01_a": "done", "02_b": "done"}
        assert states(tmp_path) == {"01_a": "unchanged", "02_b": "unchanged"}
        last = json.loads((tmp_path / "notebooks" / "02_b.ipynb").read_text())["cells"][1]
        assert last["outputs"][0]["data"]["text/plain"] == [text]
    records = json.loads((tmp_path / ".churnlib" / "records.json").read_text())
    assert set(records["02_b"]["outputs"]) == {"notebooks/02_b.ipynb"}


def test_a_notebook_edited_while_it_runs_keeps_the_edit_and_runs_again(project):
    def edit(line: str) -> None:
        if line.startswith("03_c: done"):
            for file, old, new in (("03_c", "# C", "# Sea"), ("02_b", "ond'", "ret'")):
                path = project / "notebooks" / f"{file}.ipynb"
                path.write_text(path.read_text().replace(old, new))

    reproduce(project, tell=edit)
    texts = {n: (project / "notebooks" / f"{n}.ipynb").read_text() for n in ("02_b", "03_c")}
    assert "# Sea" in texts["03_c"]
    assert json.loads(texts["03_c"])["cells"][1]["execution_count"] == 1
    assert "ret'" in texts["02_b"]
    assert states(project) == {"01_a": "unchanged", "02_b": "done", "03_c": "unchanged"}


def test_one_edited_while_it_runs_takes_nothing_from_others_and_keeps_its_last_outputs(tmp_path):
    notebook(tmp_path, "01_a", "import os, pathlib\n" + WRITE.format(name="a", text="old"))
    read = 'import os, pathlib\npathlib.Path(os.environ["CHURNLIB_OUTPUT"], "figures", "a.txt")'
    notebook(tmp_path, "02_b", read + ".read_text()", text="# Last\n\n| Reads | `figures/` |")
    path = tmp_path / "notebooks" / "01_a.ipynb"

    def edit(old: str, new: str) -> None:
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    reproduce(tmp_path)
    figure = tmp_path / "figures" / "a.txt"

    def while_it_runs(line: str) -> None:
        if line.startswith("01_a: done"):
            edit('write_text(\\"new', 'write_text(\\"newest')

    edit('write_text(\\"old', 'write_text(\\"new')
    reproduce(tmp_path, tell=while_it_runs)
    assert figure.read_text() == "old"
    assert states(tmp_path) == {"01_a": "done", "02_b": "done"}
    assert figure.read_text() == "newest"


def test_in_a_run_a_figure_that_no_notebook_makes_is_not_taken_from_the_last(tmp_path):
    gather = "import os, pathlib\nfrom churnlib.report import collect_exhibits\n"
    gather += 'collect_exhibits(pathlib.Path(os.environ["CHURNLIB_OUTPUT"]))'
    notebook(tmp_path, "01_a", gather)
    with pytest.raises(NotebookError, match="FileNotFoundError: exhibits lack"):
        reproduce(tmp_path)


def test_a_failed_notebook_is_kept_with_its_error_until_a_run_succeeds(project):
    reproduce(project, jobs=2)
    good = outputs(project)
    ran(project)
    for name, cell in (("01_a", "'other'"), ("02_b", "print('so far')\n1 / 0")):
        path = project / "notebooks" / f"{name}.ipynb"
        content = json.loads(path.read_text("utf-8"))
        content["cells"][-1]["source"] = cell
        path.write_text(json.dumps(content), "utf-8")
        good[f"notebooks/{name}.ipynb"] = path.read_bytes()
    with pytest.raises(
        NotebookError, match="02_b failed in code cell 2: ZeroDivisionError: div"
    ) as failure:
        reproduce(project, jobs=2)
    assert outputs(project) == good
    kept_in = project / ".churnlib" / "failed" / "02_b.ipynb"
    assert f"is kept: {kept_in}" in str(failure.value)
    kept = nbformat.read(kept_in, 4)
    assert any(o.get("ename") == "ZeroDivisionError" for o in kept.cells[-1].outputs)
    assert any(o.get("text") == "so far\n" for c in kept.cells for o in c.get("outputs", ()))
    ran(project)
    path.write_text(path.read_text().replace("1 / 0", "1 / 1"))
    assert states(project) == {"01_a": "done", "02_b": "done", "03_c": "unchanged"}
    assert "other" in (project / "notebooks" / "01_a.ipynb").read_text()
    assert not kept_in.exists()


def test_every_notebook_that_fails_is_named_and_kept_and_the_others_run_to_their_end(tmp_path):
    for name, cell in (("01_a", "1 / 0"), ("02_b", "1"), ("03_c", "[][0]")):
        notebook(tmp_path, name, cell)
    told = []
    with pytest.raises(NotebookError) as failure:
        reproduce(tmp_path, jobs=2, tell=told.append)
    assert "notebook 01_a failed in code cell 1: ZeroDivisionError" in str(failure.value)
    assert str(failure.value).endswith("Also failed: 03_c.")
    kept = sorted(path.name for path in (tmp_path / ".churnlib" / "failed").iterdir())
    assert kept == ["01_a.ipynb", "03_c.ipynb"]
    assert {"01_a: failed", "03_c: failed", "02_b: running, 1 cells"} < set(told)
    assert any(re.fullmatch(r"02_b: done in \d+\.\d s", line) for line in told)
    assert len(told) == 6


def test_one_at_a_time_is_one_at_a_time_and_the_longest_of_the_last_run_comes_first(tmp_path):
    alone = "import pathlib\nhere = pathlib.Path('busy')\nhere.mkdir()\nhere.rmdir()"
    for name in ("01_a", "02_b"):  # a folder that is there already would be an error
        notebook(tmp_path, name, alone)
    order = []
    reproduce(tmp_path, tell=order.append)
    records = tmp_path / ".churnlib" / "records.json"
    last = json.loads(records.read_text("utf-8"))
    last["01_a"]["seconds"], last["02_b"]["seconds"] = 1.0, 9.0
    records.write_text(json.dumps(last), encoding="utf-8")
    (tmp_path / "requirements.lock").write_text("new")
    reproduce(tmp_path, tell=order.append)
    began = [line.partition(":")[0] for line in order if "running" in line]
    assert began == ["01_a", "02_b", "02_b", "01_a"]


def test_what_a_kernel_notes_is_not_kept_and_it_is_that_of_this_environment(tmp_path):
    path = notebook(tmp_path, "01_a", "import sys\nsys.prefix")
    content = nbformat.read(path, 4)
    content.metadata["kernelspec"] = {"name": "mine", "display_name": "Mine", "language": "python"}
    content.cells[0].metadata["execution"] = {"iopub.status.busy": "2020-01-01T00:00:00Z"}
    nbformat.write(content, path)
    reproduce(tmp_path)
    ran = json.loads(path.read_text("utf-8"))
    assert sys.prefix in str(ran["cells"][0]["outputs"])
    assert ran["cells"][0]["metadata"] == {}
    assert ran["metadata"]["language_info"] == {"name": "python"}
    assert ran["metadata"]["kernelspec"]["name"] == "python3"


def test_a_syntax_error_is_named(tmp_path):
    notebook(tmp_path, "01_a", "1 +")
    with pytest.raises(NotebookError, match="cell 1: SyntaxError: invalid syntax") as failure:
        reproduce(tmp_path)
    assert "left as they are" in str(failure.value)


# Interrupted.


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, nothing cleans up after it."""


@pytest.mark.parametrize("moment", range(8))
def test_a_run_killed_while_it_puts_things_in_place_is_mended_by_the_next(
    project, monkeypatch, moment
):
    # Each rename is a moment at which the process may end: one of six outputs, or the records.
    good = {f"figures/{name}.txt": name for name in "abcdef"}
    real, left = Path.replace, [moment]

    def replace(self: Path, target: Path) -> Path:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return real(self, target)

    def make_and_publish() -> None:
        with workspace(project) as scratch:
            build = Build(project, scratch, ["x"])
            if not build.is_current("x", "key"):
                for file, text in good.items():
                    write(scratch / "x" / file, text)
                build.keep("x", "key", {}, 1.0)
            build.publish()

    (project / "figures").mkdir()
    (project / "figures" / "a.txt").write_text("old")
    monkeypatch.setattr(Path, "replace", replace)
    if moment < 7:
        with pytest.raises(Killed):
            make_and_publish()
        with workspace(project) as scratch:
            assert not Build(project, scratch, ["x"]).is_current("x", "key")
    monkeypatch.setattr(Path, "replace", real)
    make_and_publish()
    made = {f: c.decode() for f, c in outputs(project).items() if f.startswith("figures/")}
    assert made == good


SLEEP = """import os, pathlib, time
pathlib.Path("..", "ran").mkdir(exist_ok=True)
if not pathlib.Path("..", "go").exists():
    pathlib.Path("..", "ran", str(os.getpid())).touch()
    time.sleep(300)
"""
RUN = """import sys
from pathlib import Path
from churnlib import __main__ as main
project = Path(sys.argv[1])
from churnlib.workflow.reproduction import reproduce
main.reproduce = lambda **options: reproduce(project, **{**options, "jobs": 2})
sys.argv[1:] = ["reproduce"]
main.run()
"""


@pytest.fixture
def running(project):
    """A run whose two notebooks have begun and will not end by themselves."""
    for name in ("01_a", "02_b"):
        notebook(project, name, SLEEP + WRITE.format(name=name, text=name), f"'{name}'")
    before = outputs(project)
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(project)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(pids := list((project / "ran").glob("*[0-9][0-9][0-9]"))) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    kernels = [int(path.name) for path in pids]
    yield project, before, process, kernels
    process.kill()
    process.communicate()


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _gone(pids: list[int]) -> bool:
    for _ in range(200):
        if not any(map(_is_alive, pids)):
            return True
        time.sleep(0.05)
    return False


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


@linux
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_a_stopped_run_leaves_outputs_and_no_kernel_and_the_next_run_is_whole(running, how):
    project, before, process, kernels = running
    with pytest.raises(RuntimeError, match=rf"another run is at work .*process {process.pid}"):
        reproduce(project)
    os.kill(process.pid, how)
    if how is signal.SIGINT:  # impatiently
        for other in (signal.SIGINT, signal.SIGTERM):
            os.kill(process.pid, other)
    out, err = process.communicate(timeout=60)
    assert "failed" not in out
    assert how is signal.SIGKILL or not any(map(_is_alive, kernels))
    assert _gone(kernels)
    assert outputs(project) == before
    if how is signal.SIGINT:
        assert (process.returncode, err) == (130, "error: stopped; nothing was replaced\n")
    (project / "go").touch()
    assert set(states(project, jobs=2)) == {"01_a", "02_b", "03_c"}
    assert (project / "figures" / "01_a.txt").read_text() == "01_a"
    assert not list((project / ".churnlib").glob("run-*"))


def test_the_lock_of_a_run_that_died_is_no_lock(project):
    (project / ".churnlib").mkdir()
    (project / ".churnlib" / "lock").write_text("4194305")  # no process can have this number
    with workspace(project):
        assert (project / ".churnlib" / "lock").read_text() == str(os.getpid())
        with pytest.raises(RuntimeError, match="another run"), workspace(project):
            pass


# Where nothing can be written.


def test_a_file_in_place_of_an_output_folder_is_named_and_nothing_is_replaced(project):
    (project / "figures").write_text("in the way")
    before = outputs(project)
    with pytest.raises(OSError, match=r"figures/: Not a directory\. Nothing was replaced"):
        reproduce(project, jobs=2)
    assert outputs(project) == before


def test_a_folder_that_nothing_is_written_to_is_not_made(project):
    reproduce(project, jobs=2)
    assert (project / "figures").is_dir()
    assert not (project / "report").exists()


def test_a_folder_that_becomes_read_only_is_told_and_nothing_is_lost(project, mounted):
    reproduce(project, jobs=2)
    good = outputs(project)
    ran(project)
    path = project / "notebooks" / "03_c.ipynb"
    path.write_text(path.read_text().replace('write_text(\\"c', 'write_text(\\"new'))
    good["notebooks/03_c.ipynb"] = path.read_bytes()
    with (
        mounted("--bind", str(project / "figures"), project / "figures", read_only=True),
        pytest.raises(OSError, match=r"cannot write to figures/: .*Nothing was replaced"),
    ):
        reproduce(project)
    assert outputs(project) == good
    assert states(project)["03_c"] == "done"
    assert (project / "figures" / "c.txt").read_text() == "new"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT], ids=["full disk", "over quota"])
def test_a_disk_that_is_full_when_the_records_are_written_loses_nothing(
    tmp_path, monkeypatch, number
):
    def full(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a.txt").write_text("old")
    with workspace(tmp_path) as scratch:
        build = Build(tmp_path, scratch, ["x"])
        write(scratch / "x" / "figures" / "a.txt", "new")
        build.keep("x", "key", {}, 1.0)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_text", full)
            with pytest.raises(OSError, match=os.strerror(number)) as failure:
                build.publish()
        assert "the disk is full; nothing was replaced and nothing is lost" in explained(
            failure.value
        )
        assert (tmp_path / "figures" / "a.txt").read_text() == "old"
        build.publish()
        assert (tmp_path / "figures" / "a.txt").read_text() == "new"


def test_a_full_disk_is_told_nothing_is_replaced_and_the_next_run_is_whole(project, mounted):
    with mounted("-t", "tmpfs", "-o", "size=400k", "tmpfs", project / "figures"):
        pass  # the smallest that can be mounted here
    (project / "small").mkdir()
    with mounted("-t", "tmpfs", "-o", "size=512k", "tmpfs", project / "small"):
        small = project / "small"
        write = WRITE.format(name="big", text="x").replace('"x"', '"x" * 600_000 * size')
        notebook(small, "01_a", "import os, pathlib\nsize = 1\n" + write, "1")
        before = outputs(small)
        with pytest.raises((NotebookError, OSError)) as failure:
            reproduce(small)
        error = failure.value
        said = explained(error) if isinstance(error, OSError) else str(error)
        assert "No space left on device" in said
        assert outputs(small) == before
        path = small / "notebooks" / "01_a.ipynb"
        path.write_text(path.read_text().replace("size = 1", "size = 0"))
        assert states(small) == {"01_a": "done"}


@pytest.fixture
def mounted():
    """Mount something for a while; where this is not allowed, the test says so and is skipped."""
    from contextlib import contextmanager

    @contextmanager
    def mount(*arguments: object, read_only: bool = False):
        place = Path(str(arguments[-1]))
        place.mkdir(exist_ok=True)
        done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"mounting is not allowed here: {done.stderr.decode().strip()}")
        try:
            if read_only:
                subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
            yield
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)

    return mount
