"""What a README says of the results is what is computed, and what it says to type can be typed."""

import ast
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from churnlib import Origin, claims, clean, exhibits, load_codebook, read_answers
from churnlib.__main__ import main
from churnlib.evidence.origin import PROJECT

READMES = {
    name: (PROJECT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
}
README = READMES["README.md"]


CHINESE = READMES["README.zh-CN.md"]


def rows(header: str, text: str = README) -> list[list[str]]:
    table = text.split(header, 1)[1].split("\n\n", 1)[0]
    lines = table.strip().splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def numbers(text: str) -> set[int]:
    """Claim numbers of a list such as "7, 19, 24 to 32"; what stands in brackets is words."""
    found = set()
    for part in re.sub(r"\(.*?\)", "", text.split(":")[0]).split(","):
        first, _, last = part.strip().partition(" to ")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def test_the_table_of_verdicts_is_the_computed_one():
    verdicts = claims()["verdict"]
    stated = {
        kind: (int(n), numbers(which))
        for kind, n, which in rows("| verdict | statements | which |")
    }
    computed = {kind: (len(group), set(group.index)) for kind, group in verdicts.groupby(verdicts)}
    assert stated == computed


def test_the_list_of_exhibits_is_the_computed_one():
    stated = [
        [cell.strip("`").replace("—", "") for cell in row]
        for row in rows("| exhibit | notebook | file | verdict |")
    ]
    table = exhibits().reset_index()
    assert stated == table[["exhibit", "notebook", "file", "verdict"]].to_numpy().tolist()


def test_the_finding_in_the_first_screen_is_the_computed_one():
    first_screen = README.split("## Two commands")[0]
    first_screen_zh = CHINESE.split("## 两条命令")[0]
    judged = claims()
    assert f"{int(judged.loc[10, 'computed']):,}" in first_screen
    assert f"{int(judged.loc[10, 'printed']):,}" in first_screen
    assert judged.loc[12, "computed"].replace("%", " %") in first_screen
    for number in (judged.loc[10, "computed"], judged.loc[10, "printed"]):
        assert f"{int(number):,}" in first_screen_zh


def test_the_tables_in_chinese_say_what_those_in_english_say():
    words = load_codebook().labeller("zh-Hans")
    translated = {"illustration": "示例"} | {kind: words(kind) for kind in claims()["verdict"]}
    english = rows("| verdict | statements | which |")
    chinese = rows("| 判定 | 条数 | 哪些 |", CHINESE)
    for (kind, n, which), (kind_zh, n_zh, which_zh) in zip(english, chinese, strict=True):
        assert (kind_zh, n_zh) == (translated[kind], n)
        plain = re.sub(r"（.*?）", "", which_zh).replace("、", ",").replace("：", ":")
        assert numbers(plain.replace("至", " to ")) == numbers(which)
    exhibits_zh = rows("| 图表 | 笔记本 | 文件 | 判定 |", CHINESE)
    for row, row_zh in zip(
        rows("| exhibit | notebook | file | verdict |"), exhibits_zh, strict=True
    ):
        number = row[0].replace("Table ", "表").replace("Figure ", "图")
        assert row_zh == [number, *row[1:3], translated[row[3]]]


@pytest.mark.parametrize("name", READMES)
def test_every_local_link_leads_somewhere(name):
    for target in re.findall(r"\]\(([^)#]+)\)", READMES[name]):
        assert (PROJECT / target).exists(), target


# What a reader may type: blocks of code, and commands within sentences.

PROGRAMS = {
    "make",
    "python",
    "conda",
    "docker",
    "git",
    "jupyter",
    "pip",
    "pytest",
    "uv",
    r".venv\Scripts\activate",
}
"""First words of a line that is meant for a shell."""
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?: {4}[^\n]*\n+)+")
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")

NOT_RUN = {
    "make reproduce": "minutes; the suite runs every notebook itself",
    "make test": "is this suite",
    "make verify": "minutes; verify has tests of its own",
    "make bench": "many minutes; measures and tests nothing",
    "make spark": "downloads; CI does it before the tests",
    "python -m churnlib audit mystudy": "reads what the line before writes; it has tests",
    "python -c \"import churnlib as cl; cl.synthesise('as_the_text_says', seed=2020)"
    ".to_csv('data/synthetic/answers.csv', index=False)\"": "a student's first change has a test",
    "python -m churnlib report": "writes into the project; the report has tests of its own",
    "make lab": "opens a browser and does not end",
    "python -m venv .venv": "needs a package registry for what follows; CI does it",
    r".venv\Scripts\activate": "Windows",
    "python -m pip install --require-hashes -r requirements.lock": "downloads; CI does it",
    "python -m pip install --no-deps --no-build-isolation -e .": "changes the environment",
    "python -m churnlib reproduce": "minutes; the suite runs every notebook itself",
    "python -m pytest": "is this suite",
    "conda env create -f environment.yml": "downloads",
    "conda activate churnlib": "changes the shell alone",
    "git checkout .": "needs a history, which a copy has not",
    "git status": "says nothing in a copy without a history",
}
"""What is not run, and why; of these it is tested that what they name exists."""


def blocks(text: str) -> list[str]:
    """Every block of code, fenced or indented, in the order of reading."""
    fenced = [(match.start(), match[1]) for match in FENCED.finditer(text)]
    # Of equal length, so that places stay comparable and nothing indented within a fence counts.
    rest = FENCED.sub(lambda match: re.sub(r"[^\n]", "x", match[0]), text)
    indented = [
        (match.start(), re.sub(r"^ {4}", "", match[0], flags=re.MULTILINE))
        for match in INDENTED.finditer(rest)
    ]
    return [block for _, block in sorted(fenced + indented)]


def typed(text: str) -> tuple[list[str], list[str]]:
    """Lines for a shell, and Python without its comments; anything else is an error."""
    commands, python = [], []
    for block in blocks(text):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        if lines[0].split()[0] in PROGRAMS:
            commands += [command(line) for line in lines]
        else:
            python.append(ast.unparse(ast.parse(block)))
    for span in SPAN.findall(INDENTED.sub("\n", FENCED.sub("", text))):
        if span.split()[0] in PROGRAMS and " " in span:
            commands.append(command(span))
        elif re.fullmatch(r"churnlib\.\w+\(.*\)", span):
            python.append(f"import churnlib\n{span}")
    return list(dict.fromkeys(commands)), python


def command(line: str) -> str:
    words = line.split(" #")[0].strip()
    if words.split()[0] not in PROGRAMS:
        raise SyntaxError(f"no known program: {line!r}")
    return words


def exists(line: str) -> bool:
    """Whether the target, subcommand, module, files and environment that a command names exist."""
    program, *words = shlex.split(line, posix="\\" not in line)
    if program == "make":
        return make(PROJECT, "--dry-run", *words).returncode == 0
    if program == "conda":
        environment = (PROJECT / "environment.yml").read_text(encoding="utf-8")
        return "environment.yml" in words or f"name: {words[-1]}\n" in environment
    if program == "python" and words[1] == "churnlib":
        with pytest.raises(SystemExit) as exit_:
            main([words[2], "--help"])
        return exit_.value.code == 0
    if program == "python" and words[0] == "-c":
        return isinstance(ast.parse(words[1]), ast.Module)
    if program == "python":
        files = [word for word in words if word.endswith((".lock", ".toml", ".yml"))]
        # The environment of a developer may lack pip; Python brings it with every other.
        known = words[1] == "pip" or importlib.util.find_spec(words[1]) is not None
        return words[0] == "-m" and known and all((PROJECT / file).exists() for file in files)
    if program == "git":
        return bool(re.fullmatch(r"[a-z]+", words[0]))
    return "activate" in line


def make(folder, *words: str) -> subprocess.CompletedProcess:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    return run(folder, "make", "-o", ".venv/ready", f"RUN={sys.executable}", *words)


def run(folder, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


@pytest.fixture
def copy(tmp_path):
    """The project as somebody has it who has just fetched it, with two files of their own."""
    aside = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "*.png", "*.svg", "*.pdf")
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder, ignore=aside)
    shutil.copy(folder / "data" / "codebook.toml", folder / "mine.toml")
    answers = folder / "data" / "synthetic" / "answers.csv"
    survey = clean(
        read_answers(answers), load_codebook(), origin=Origin.SYNTHETIC, on_error="set_aside"
    )
    sheets = pd.read_csv(answers, dtype=str)[survey.ledger["kept"].to_numpy()]
    sheets.to_excel(folder / "export.xlsx", index=False)
    customers = survey.frame.astype(str)
    customers = customers[(customers != "nan").all(axis=1)]
    customers.to_csv(folder / "customers.csv", index=False)
    (folder / "customers").mkdir()
    for part in (0, 1):
        file = folder / "customers" / f"part{part}.parquet"
        customers.iloc[part::2].to_parquet(file, index=False)
    return folder


ALL = {name: typed(text) for name, text in READMES.items()}
COMMANDS = sorted({line for commands, _ in ALL.values() for line in commands})


@pytest.mark.parametrize("line", [line for line in COMMANDS if line not in NOT_RUN])
def test_a_command_of_a_readme_runs_in_a_copy(copy, line):
    words = shlex.split(line.split(">")[0])  # what it prints is looked at below
    program = words.pop(0)
    if "codebook" in words:
        (copy / "mine.toml").unlink()  # a draft replaces no codebook
    assert program in {"make", "python"}, f"{line!r} is neither run nor listed with a reason"
    done = make(copy, *words) if program == "make" else run(copy, sys.executable, *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("line", NOT_RUN)
def test_a_command_that_is_not_run_is_in_a_readme_and_what_it_names_exists(line):
    assert line in COMMANDS
    assert exists(line)


def test_the_python_of_the_readme_runs_from_top_to_bottom(copy):
    script = copy / "typed.py"  # the other language has the same, see below
    blocks = [block for block in ALL["README.md"][1] if "pyspark" not in block]
    script.write_text("\n".join(blocks), encoding="utf-8")
    done = run(copy, sys.executable, "-W", "error", "-m", "typed")
    assert (done.returncode, done.stderr) == (0, "")
    assert "χ²(" in done.stdout


def test_the_python_for_a_cluster_runs_where_spark_is(copy):
    if importlib.util.find_spec("pyspark") is None:
        required = os.environ.get("CHURNLIB_REQUIRE", "").split(",")
        stop = pytest.fail if "spark" in required else pytest.skip
        stop("Spark needs pyspark: make spark")
    (block,) = [block for block in ALL["README.md"][1] if "pyspark" in block]
    counted = "import churnlib as cl\nprint(cl.counts(data, ['gender'])['n'].sum())\nspark.stop()"
    script = copy / "typed.py"
    script.write_text(f"{block}\n{counted}", encoding="utf-8")
    done = run(copy, sys.executable, "-m", "typed")
    assert done.returncode == 0, done.stderr
    rows = len(pd.read_csv(copy / "customers.csv"))
    assert done.stdout.split()[-1] == str(rows)


# The same content in both languages.


def test_both_languages_say_to_type_the_same():
    english, chinese = ALL.values()
    assert english == chinese


def test_both_languages_have_the_same_sections_links_and_tables():
    def skeleton(text):
        prose = INDENTED.sub("\n", FENCED.sub("", text))
        return {
            "headings": [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)],
            "links": sorted(re.findall(r"\]\((?:figures/[\w-]+/|README)?([^)#]+)\)", prose)),
            "columns": [line.count("|") for line in prose.splitlines() if line.startswith("|")],
            "spans": sorted(SPAN.findall(prose)),
        }

    english, chinese = map(skeleton, READMES.values())
    english["links"].remove(".zh-CN.md")
    chinese["links"].remove(".md")
    assert english == chinese


def test_every_anchor_is_a_heading():
    for name, text in READMES.items():
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", line).lower().replace(" ", "-") for line in headings}
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors, name


# The reader of READMEs itself.


def test_blocks_are_found_fenced_and_indented_and_in_order():
    text = "a\n\n    make x  # c\n    make y\n\nb\n```python\nz = 1\n\n    \n```\nc\n    no block\n"
    assert typed(text) == (["make x", "make y"], ["z = 1"])


def test_a_command_within_a_sentence_counts_and_a_word_does_not():
    assert typed("Type `make x`, not `make`; `churnlib.claims()` tells.\n") == (
        ["make x"],
        ["import churnlib\nchurnlib.claims()"],
    )


@pytest.mark.parametrize("block", ["curl x | sh", "make x\n    rm -r y", "C:\\> dir"])
def test_a_block_that_is_neither_is_an_error(block):
    with pytest.raises(SyntaxError):
        typed(f"a\n\n    {block}\n")


@pytest.mark.parametrize(
    "line",
    ["make nonsense", "python -m churnlib nonsense", "python -m no_such_module",
     "python -m pip install -r gone.lock", "conda activate another"],
)  # fmt: skip
def test_what_does_not_exist_is_found_out(line):
    assert not exists(line)
