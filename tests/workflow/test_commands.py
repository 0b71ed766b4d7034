"""The command line for people and for machines."""

import errno
import json
import re
import shlex
import subprocess
import sys

import pytest

from churnlib.__main__ import COMMANDS, _parser, main
from churnlib.evidence import PROJECT
from churnlib.workflow.notebook import NotebookError


def test_every_example_in_a_help_text_is_understood():
    texts = [_parser().epilog, *(command.__doc__ for command, _ in COMMANDS.values())]
    examples = re.findall(r"^ *python -m churnlib (.*?)(?: {2,}.*| > .*)?$", "\n".join(texts), re.M)
    assert len(examples) > 8
    for example in examples:
        assert _parser().parse_args(shlex.split(example)).command in COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_a_help_text(command, capsys):
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    text = COMMANDS[command][0].__doc__.partition("\n")[0]
    assert text[1:] in " ".join(capsys.readouterr().out.split())


def test_the_exit_codes_stand_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert [line.split()[0] for line in text.partition("exit codes:")[2].splitlines() if line] == [
        "0", "1", "2", "130",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (NotebookError("02_b", 3, "KeyError: 'x'"), 1, "NotebookError"),
        (KeyboardInterrupt(), 130, "stopped"),
        (ValueError("at least one notebook runs at a time, given jobs=0"), 1, "ValueError"),
    ],
)
def test_a_machine_is_told_of_an_error_as_one_document(monkeypatch, capsys, error, code, kind):
    def fail(**_):
        raise error

    monkeypatch.setattr("churnlib.__main__.reproduce", fail)
    assert main(["reproduce", "--json"]) == code
    printed = capsys.readouterr()
    told = json.loads(printed.out)["error"]
    assert told["kind"] == kind
    assert printed.err == f"error: {told['message']}\n"


def test_a_machine_is_told_of_every_notebook_and_exhibit(monkeypatch, capsys):
    runs = {"01_a": 1.5, "02_b": None}
    monkeypatch.setattr("churnlib.__main__.reproduce", lambda **_: runs)
    assert main(["reproduce", "--json", "--jobs", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["notebooks"] == [
        {"notebook": "01_a", "seconds": 1.5, "state": "done"},
        {"notebook": "02_b", "seconds": 0.0, "state": "unchanged"},
    ]
    assert main(["exhibits", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed.keys() == {"exhibits", "verdicts"} == told.keys() - {"notebooks", "seconds"}
    assert {key: told[key] for key in listed} == listed


def test_claims_are_told_in_chinese(capsys):
    from churnlib.studies import EXAMPLE

    assert main(["claims", str(EXAMPLE), "--lang", "zh-Hans"]) == 0
    shown = capsys.readouterr().out
    assert "女性更常回答" in shown
    assert "无从检验" in shown
    assert "untestable" not in shown


def test_claims_are_32_for_machines(capsys):
    assert main(["claims", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["claims"]) == 32


def test_an_unchanged_notebook_has_a_line_too(monkeypatch, capsys):
    monkeypatch.setattr("churnlib.__main__.reproduce", lambda **_: {"01_a": 1.5, "03_c": None})
    assert main(["reproduce"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "03_c: unchanged"
    assert lines[-1].startswith("2 notebooks, 1 of them run, 1 unchanged, in ")


def test_a_reader_that_wants_no_more_is_no_error():
    command = f"{sys.executable} -m churnlib claims | head -1"
    done = subprocess.run(
        ["sh", "-c", command], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "error: the disk is full; nothing was"),
        (PermissionError("cannot write to figures/. Nothing was"), "error: cannot write"),
        (
            NotebookError("02_b", 3, "KeyError: 'a[b]'"),
            "error: notebook 02_b failed in code cell 3",
        ),
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


def test_the_exhibit_table_is_printed_with_the_verdict_count(capsys):
    assert main(["exhibits"]) == 0
    printed = capsys.readouterr()
    assert "01_thesis_tables" in printed.out
    assert "32 statements of the thesis" in " ".join(printed.out.split())
    assert printed.err == ""


def test_what_the_notebooks_list_is_what_is_computed_anew(capsys):
    from churnlib import claims, exhibits

    assert main(["exhibits", "--json"]) == 0
    made, anew = json.loads(capsys.readouterr().out), exhibits().reset_index()
    columns = ["exhibit", "notebook", "file", "verdict"]
    assert made["exhibits"] == anew[columns].to_dict("records")
    counted = claims()["verdict"].value_counts()
    assert {kind: n for kind, n in made["verdicts"].items() if n} == counted.to_dict()
    assert {row["file"].rpartition(".")[2] for row in made["exhibits"]} == {"csv", "svg", ""}


def test_damaged_data_exit_with_1_and_one_sentence(capsys, monkeypatch):
    def missing(_):
        raise FileNotFoundError("table_3_1.csv is missing; restore it")

    monkeypatch.setattr("churnlib.report.read_manifest", missing)
    assert main(["exhibits"]) == 1
    assert capsys.readouterr().err == "error: table_3_1.csv is missing; restore it\n"


def test_an_unknown_command_exits_with_2(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["reprodcue"])
    assert exit_.value.code == 2
    assert "invalid choice: 'reprodcue'" in capsys.readouterr().err
