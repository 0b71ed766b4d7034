"""What holds in every notebook, and a student's first change."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from churnlib.evidence.origin import PROJECT

NOTEBOOKS = {
    path.stem: nbformat.read(path, as_version=4)
    for path in sorted((PROJECT / "notebooks").glob("*.ipynb"))
}


def prose(notebook) -> str:
    """Markdown cells without code, table and figure numbers, and numbers of statements."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"`[^`]*`|\"[^\"]*\"|^# \d\d", "", text)
    return re.sub(
        r"(Tables?|Figures?|表|图|[Ss]tatements?|[Ss]ection|notebooks?|陈述) ?[\d(][\d()., -]*"
        r"((and|to|至|、) ?[\d-]+)*",
        "",
        text,
    )


def computed(notebook) -> str:
    """What its code cells show, as text."""
    shown = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            shown.append(output.get("text", ""))
            shown += [
                output.get("data", {}).get(kind, "") for kind in ("text/plain", "text/markdown")
            ]
    return "\n".join(shown)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_number_in_the_prose_is_one_that_the_notebook_computes(name):
    """A number of two digits or more that no cell shows would stay when the results change.

    Years, levels of confidence and of significance, and powers are no results.
    """
    numbers = re.findall(r"(?<![\d.,–-])\d[\d,]*\.?\d+(?![\d–])", prose(NOTEBOOKS[name]))
    given = {"95", "99", "80", ".05", "0.05"}
    shown = computed(NOTEBOOKS[name])
    assert [
        number
        for number in numbers
        if number not in given and not re.fullmatch(r"(19|20)\d\d", number) and number not in shown
    ] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_short(name):
    cells = NOTEBOOKS[name].cells
    code = [
        [line for line in cell.source.splitlines() if line.strip()]
        for cell in cells
        if cell.cell_type == "code"
    ]
    words = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert sum(map(len, code)) / len(code) <= 10
    assert len("\n".join(words).split()) <= 900


def test_no_shown_table_has_a_key_in_place_of_a_label():
    """Keys of levels are code; people read labels."""
    keys = re.compile(r"<t[hd]>(le18|ge60|high_school_or_below|junior_college|master_or_above)<")
    for name, notebook in NOTEBOOKS.items():
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                found = keys.findall(output.get("data", {}).get("text/html", ""))
                assert found == [], (name, cell.source)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_plain_page_as_github_makes_it_has_every_table_and_picture(name):
    notebook = NOTEBOOKS[name]
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [output.get("data", {}) for output in outputs]
    tables = sum(data.get("text/html", "").count("<table") for data in shown)
    pictures = sum("image/png" in data for data in shown)
    prose_tables = sum(
        "|---|" in cell.source for cell in notebook.cells if cell.cell_type == "markdown"
    )
    assert page.count("<table") == tables + prose_tables
    assert page.count("data:image/png;base64,") == pictures


INCOME = """
[variables.income]
label = { en = "Income", zh-Hans = "月收入" }
questions = ["您的月收入"]
ordered = true
[[variables.income.levels]]
key = "below_5000"
label = { en = "Below 5,000", zh-Hans = "5000元以下" }
code = 1
[[variables.income.levels]]
key = "5000_or_more"
label = { en = "5,000 or more", zh-Hans = "5000元及以上" }
code = 2
"""


@pytest.fixture(scope="module")
def changed(tmp_path_factory) -> Path:
    """A clone in which a question of income was added to codebook, scenario and one list."""
    clone = tmp_path_factory.mktemp("clone")
    for folder in ("churnlib", "data", "notebooks"):
        shutil.copytree(PROJECT / folder, clone / folder)
    shutil.copy(PROJECT / "pyproject.toml", clone)

    def edit(file: str, old: str, new: str) -> None:
        text = (clone / file).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (clone / file).write_text(text.replace(old, new), encoding="utf-8")

    edit("data/codebook.toml", "\n[variables.visits]\n", INCOME + "\n[variables.visits]\n")
    scenario = "data/synthetic/scenario.toml"
    edit(scenario, "\n[margins]", 'income = "5、您的月收入"\n\n[margins]')
    edit(scenario, "gender = [0.51, 0.49]\n", "gender = [0.51, 0.49]\nincome = [0.4, 0.6]\n")
    edit(
        scenario,
        '\nvisits.1-2 = ["1-2次"',
        '\nincome.below_5000 = ["5000元以下"]\nincome.5000_or_more = ["5000元及以上"]'
        '\nvisits.1-2 = ["1-2次"',
    )
    edit(
        "notebooks/05_demographic_differences.ipynb",
        r"predictors = [\"gender\", \"age\", \"education\"]",
        r"predictors = [\"gender\", \"age\", \"education\", \"income\"]",
    )
    environment = os.environ | {"PYTHONPATH": str(clone)}
    environment.pop("CHURNLIB_OUTPUT", None)
    simulate = (
        "import churnlib as cl; cl.synthesise('as_the_text_says', seed=2020)"
        ".to_csv('data/synthetic/answers.csv', index=False)"
    )
    subprocess.run([sys.executable, "-c", simulate], cwd=clone, env=environment, check=True)
    return clone


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name[:2] in {"03", "04", "05"}])
def test_a_student_s_question_goes_through_the_notebooks(changed, name, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(changed))
    monkeypatch.delenv("CHURNLIB_OUTPUT", raising=False)
    notebook = nbformat.read(changed / "notebooks" / f"{name}.ipynb", as_version=4)
    where = {"metadata": {"path": str(changed / "notebooks")}}
    NotebookClient(notebook, timeout=300, resources=where).execute()
    shown = computed(notebook)
    if name.startswith("03"):
        assert "您的月收入" in shown
    if name.startswith("05"):
        assert "Income" in shown
        for lang, word in {"en": "Income", "zh-Hans": "月收入"}.items():
            tested = (changed / "figures" / lang / "demographic_tests.csv").read_text("utf-8")
            modelled = (changed / "figures" / lang / "demographic_model_table.csv").read_text(
                "utf-8"
            )
            assert word in tested
            assert word in modelled
            assert (changed / "figures" / lang / "demographic_model.png").exists()
