"""The command line for people and for machines."""

import io
import json
import re
import shlex

import pytest
from rich.console import Console

from churnlib.__main__ import COMMANDS, _parser, main
from churnlib.workflow.pipeline import NotebookError, Run
from churnlib.workflow.terminal import Watch


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
    monkeypatch.setattr("churnlib.workflow.exhibit_list.exhibits_of_run", lambda _: listed)
    assert main(["reproduce", "--json", "--jobs", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["notebooks"] == [
        {"notebook": "01_a", "seconds": 1.5, "state": "done"},
        {"notebook": "02_b", "seconds": 0.0, "state": "unchanged"},
    ]
    assert {key: told[key] for key in listed} == listed


def test_claims_are_32_for_machines(capsys):
    assert main(["claims", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["claims"]) == 32


def news(watch: Watch) -> None:
    with watch:
        watch.progress("01_a", 0, 2)
        watch.progress("01_a", 1, 2)
        watch.progress("02_b", 0, 1)
        watch.finished("01_a", 1.25)
        watch.finished("02_b", None)
        watch.unchanged("03_c")


def test_a_log_has_one_line_for_each_change_of_state():
    file = io.StringIO()
    news(Watch(["01_a", "02_b", "03_c"], Console(file=file, width=80)))
    lines = file.getvalue().splitlines()
    assert lines[:3] == ["01_a: running", "02_b: running", "01_a: done in 1.2 s"]
    assert re.fullmatch(r"02_b: failed in \d+\.\d s", lines[3])
    assert lines[4] == "03_c: unchanged"


def test_a_screen_has_a_live_table_with_state_cells_and_seconds():
    file = io.StringIO()
    out = Console(file=file, width=80, force_terminal=True, color_system=None)
    watch = Watch(["01_a", "02_b", "03_c", "04_d"], out)
    news(watch)
    table = file.getvalue()[file.getvalue().rindex("notebook") :]
    rows = {line.split("│")[1].strip(): line for line in table.splitlines() if "│" in line}
    assert [cell.strip() for cell in rows["01_a"].split("│")[2:5]] == ["done", "1/2", "1.2"]
    assert "failed" in rows["02_b"]
    assert "unchanged" in rows["03_c"]
    assert "waiting" in rows["04_d"]
