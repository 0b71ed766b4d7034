"""The command line for people and for machines."""

import json
import re
import shlex
import subprocess
import sys

import pytest

from churnlib.__main__ import COMMANDS, _parser, main, tell_end, tell_start
from churnlib.evidence import PROJECT
from churnlib.workflow.execution import NotebookError
from churnlib.workflow.reproduction import Run


def test_every_example_in_a_help_text_is_understood():
    texts = [_parser().epilog, *(command.epilog for command in COMMANDS.values())]
    examples = re.findall(r"^ *python -m churnlib (.*?)(?: {2,}.*| > .*)?$", "\n".join(texts), re.M)
    assert len(examples) > 8
    for example in examples:
        assert _parser().parse_args(shlex.split(example)).command in COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_a_help_text(command, capsys):
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    assert COMMANDS[command].text[1:] in " ".join(capsys.readouterr().out.split())


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
    runs = [Run("01_a", 1.5), Run("02_b", 0.0, "unchanged")]
    listed = {"exhibits": [{"exhibit": "Table 1"}], "verdicts": {"reproduced": 6}}
    monkeypatch.setattr("churnlib.__main__.reproduce", lambda **_: runs)
    monkeypatch.setattr("churnlib.workflow.exhibit_list", lambda _: listed)
    assert main(["reproduce", "--json", "--jobs", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["notebooks"] == [
        {"notebook": "01_a", "seconds": 1.5, "state": "done"},
        {"notebook": "02_b", "seconds": 0.0, "state": "unchanged"},
    ]
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


def test_a_log_has_a_line_when_a_notebook_starts_and_one_when_it_ends(capsys):
    tell_start("01_a", 0, 2)
    tell_start("01_a", 1, 2)
    tell_start("02_b", 0, 1)
    tell_end("01_a", 1.25)
    tell_end("02_b", None)
    assert capsys.readouterr().out.splitlines() == [
        "01_a: running, 2 cells", "02_b: running, 1 cells", "01_a: done in 1.2 s", "02_b: failed"
    ]  # fmt: skip


def test_an_unchanged_notebook_has_a_line_too(monkeypatch, capsys):
    listed = {"exhibits": [], "verdicts": {"reproduced": 6}}
    runs = [Run("01_a", 1.5), Run("03_c", 0.0, "unchanged")]
    monkeypatch.setattr("churnlib.__main__.reproduce", lambda **_: runs)
    monkeypatch.setattr("churnlib.workflow.exhibit_list", lambda _: listed)
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
