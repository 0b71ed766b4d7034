"""Notebooks in the real JupyterLab, as somebody has it who typed ``make lab``."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from churnlib.evidence.origin import PROJECT

# Nothing is asked of the network, and every cell is in the page whether it is seen or not.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
MINUTE = 60_000  # milliseconds


def settings_in(folder: Path) -> None:
    for name, content in SETTINGS.items():
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(content))


def lab_command() -> list[str]:
    """What ``make lab`` runs."""
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (line,) = re.findall(r"^lab:.*\n\t\$\(RUN\) (.*)$", makefile, re.M)
    return [sys.executable, *line.split()]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab server that runs on a copy of the project."""
    if "browser" not in os.environ.get("CHURNLIB_REQUIRE", "").split(","):
        pytest.skip("half a minute; CHURNLIB_REQUIRE=browser asks for it")
    copy, home = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("home")
    for folder in ("churnlib", "data", "notebooks"):
        shutil.copytree(PROJECT / folder, copy / folder)
    settings_in(home / "settings")
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "CHURNLIB_OUTPUT": str(home / "outputs"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        **{f"JUPYTER_{kind}_DIR": str(home / kind) for kind in ("CONFIG", "RUNTIME")},
    }
    options = ["--no-browser", "--allow-root", "--ServerApp.port=0"]
    log = (home / "log").open("w")
    process = subprocess.Popen(
        [*lab_command(), *options], cwd=copy, env=environment, stdout=log, stderr=log
    )
    try:
        yield copy, address(home, process)
    finally:
        process.send_signal(signal.SIGTERM)  # it ends its kernels
        process.wait(timeout=30)
        log.close()


def address(home: Path, process: subprocess.Popen) -> str:
    for _ in range(600):
        for file in (home / "RUNTIME").glob("jpserver-*.json"):
            if content := file.read_text():
                server = json.loads(content)
                return f"{server['url']}lab/tree/{{}}?reset&token={server['token']}"
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{(home / 'log').read_text()}")


@pytest.fixture
def page(lab, program):
    from playwright.sync_api import sync_playwright

    path = program("browser", "chromium", "google-chrome", "chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        opened = browser.new_page(viewport={"width": 1400, "height": 1000})
        opened.set_default_timeout(MINUTE)
        yield opened
        browser.close()


def choose(page, *, menu: str, item: str) -> None:
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}")).first.click()


def run_all(page, address: str) -> None:
    """Open the notebook, run every cell in a fresh kernel and wait for the last."""
    page.goto(address)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    choose(page, menu="Edit", item="Clear Outputs of All Cells")
    choose(page, menu="Run", item="Restart Kernel and Run All Cells")
    page.locator(".jp-Dialog button", has_text="Restart").click()
    # A folded cell shows no number; the outputs, which were cleared, come back in order.
    assert page.locator(".jp-CodeCell").count() > 10
    page.wait_for_function(
        """() => {
            const cells = [...document.querySelectorAll(".jp-CodeCell")];
            const said = cells.map((cell) => cell.querySelector(".jp-InputPrompt").textContent);
            const done = said.every((text, place) => ["", `[${place + 1}]:`].includes(text));
            return done && cells.at(-1).querySelector(".jp-OutputArea-output") !== null;
        }"""
    )
    choose(page, menu="File", item="Save Notebook")
    page.locator(".jp-mod-dirty").first.wait_for(state="detached")


def strong(page) -> list[str]:
    """The row of the strong scenario in the table of all three."""
    return (
        page.locator(".jp-OutputArea-output tr", has_text="Strong difference")
        .locator("td")
        .all_inner_texts()
    )


def require_no_errors(page) -> None:
    stderr = ".jp-OutputArea-output .jp-RenderedText[data-mime-type*=stderr]"
    assert page.locator(stderr).count() == 0
    assert page.locator(".jp-OutputArea-output[data-mime-type*=error]").count() == 0


@pytest.mark.parametrize("name", ["01_thesis_tables", "05_demographic_differences"])
def test_all_cells_run_after_a_restart(lab, page, name):
    run_all(page, lab[1].format(f"notebooks/{name}.ipynb"))
    require_no_errors(page)
    figure = page.locator(".jp-OutputArea-output img").first
    assert figure.evaluate("image => image.naturalWidth") > 300


def test_all_cells_run_and_an_edited_scenario_changes_the_result(lab, page):
    copy, place = lab
    notebook = place.format("notebooks/04_visits_by_gender.ipynb")
    run_all(page, notebook)
    require_no_errors(page)
    table = page.locator(".jp-OutputArea-output table").first
    assert "female" in table.inner_text().lower()
    figure = page.locator(".jp-OutputArea-output img").first
    assert figure.evaluate("image => image.naturalWidth") > 300
    before = strong(page)
    assert before[1] == "< .001"

    page.goto(place.format("data/synthetic/scenario.toml"))
    line = page.locator(".jp-FileEditor .cm-line", has_text="visits.male = [0.55")
    line.click()
    page.keyboard.press("End")
    page.keyboard.press("Shift+Home")
    page.keyboard.type("visits.male = [0.22, 0.36, 0.42]  # as the women")
    page.keyboard.press("Control+s")
    scenario = copy / "data" / "synthetic" / "scenario.toml"
    for _ in range(100):
        if "as the women" in scenario.read_text("utf-8"):
            break
        page.wait_for_timeout(100)
    run_all(page, notebook)
    after = strong(page)
    assert after[0] == before[0]
    assert float(after[1]) > 0.05  # men and women now visit alike, but for chance
