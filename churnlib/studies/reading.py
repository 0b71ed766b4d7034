"""A study read from its folder, with one clear error for whatever is wrong in it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from churnlib.evidence import LANGUAGES, PROJECT, Reported
from churnlib.studies.folder import read_quoted, read_toml, require
from churnlib.studies.rules import declared_rules, listed
from churnlib.studies.study import TOTAL, Claim, PrintedTable, Study

EXAMPLE = Path(__file__).with_name("example")
"""A study of one table that passes: what `audit --new` copies."""

THESIS = PROJECT / "data" / "thesis"
"""The study that is read where none is named."""

Named = Study | Path | str | None
"""A study, or the folder of one; the project's own when None."""

_STUDY = {"title", "source"}, {"codebook", "outside", "rounding", "exhibit", "claim", "method"}
_EXHIBIT = {"id", "title"}, {
    "file", "columns", "totals", "unit", "page", "note", "variables", "rule",
}  # fmt: skip
_CLAIM = {"number", "section", "statement", "method"}, {"printed", "rule", "decided_by"}
_KINDS = {"count": "exact", "percent": "", "number": "", "label": ""}
_MEASURED = {"mean", "means", "sds", "statistic"}
"""Keys of rules whose numbers are rounded even if printed whole."""


def load_study(folder: Path | str | None = None) -> Study:
    """Read the study that a folder describes: ``study.toml`` and the tables that it names.

    Parameters
    ----------
    folder : path, optional
        The project's own study when left out. ``python -m churnlib audit --new FOLDER`` writes
        one to start from.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        If a file is missing or malformed, a key unknown, a number not text, or a rule names a
        number that is not printed. The message says file, exhibit and key.

    Examples
    --------
    >>> load_study(EXAMPLE).exhibits["Table 1"].rows["yes"]["percent"].text
    '62.5'
    """
    folder = THESIS if folder is None else Path(folder)
    content = read_toml(folder / "study.toml")
    require(content, *_STUDY, "study.toml")
    rounding = content.get("rounding", "nearest")
    if rounding not in ("nearest", "truncated"):
        raise ValueError(f"study.toml: 'rounding' is 'nearest' or 'truncated'; given {rounding!r}")
    entries: dict[str, list[Any]] = {key: content.get(key, []) for key in ("exhibit", "claim")}
    exhibits = [_exhibit(entry, folder, rounding) for entry in entries["exhibit"]]
    claims = [_claim(entry, i, rounding) for i, entry in enumerate(entries["claim"], 1)]
    if (numbers := [claim.number for claim in claims]) != list(range(1, len(claims) + 1)):
        raise ValueError(f"study.toml: claims must be numbered 1, 2, 3, …; found {numbers}")
    if len(named := {exhibit.exhibit: exhibit for exhibit in exhibits}) < len(exhibits):
        raise ValueError("study.toml: two exhibits have the same 'id'; each needs its own")
    study = Study(
        folder,
        _both(content["title"], "study.toml: 'title'"),
        _both(content["source"], "study.toml: 'source'"),
        named,
        {claim.number: claim for claim in claims},
        read_toml(EXAMPLE.with_name("methods.toml")) | content.get("method", {}),
        (),
        {key: folder / content[key] for key in ("codebook", "outside") if key in content},
    )
    owners = [*named, *(claim.name for claim in claims)]
    rules = [
        rule
        for owner, entry in zip(owners, entries["exhibit"] + entries["claim"], strict=True)
        for i, given in enumerate(entry.get("rule", ()), 1)
        for rule in declared_rules(given, owner, study, f"study.toml, {owner}, rule {i}")
    ]
    return replace(study, rules=tuple(rules))


def opened(study: Named) -> Study:
    """Return a study, read from its folder where that is given."""
    return study if isinstance(study, Study) else load_study(study)


def new_study(folder: Path | str) -> None:
    """Write a commented study that passes, to start from.

    Raises
    ------
    FileExistsError
        If the folder is there already.
    """
    if Path(folder).exists():
        raise FileExistsError(f"{folder} is there already; name a folder that is not")
    shutil.copytree(EXAMPLE, folder)


def _both(text: Any, place: str) -> dict[str, str]:
    """Return a text by language; one without languages serves all."""
    if isinstance(text, str):
        return dict.fromkeys(LANGUAGES, text)
    if not isinstance(text, dict) or set(text) != set(LANGUAGES):
        raise ValueError(f"{place} needs a text in 'en' and one in 'zh-Hans', or one for both")
    return text


def _exhibit(entry: Mapping[str, Any], folder: Path, rounding: str) -> PrintedTable:
    place = f"study.toml, exhibit {entry.get('id', '?')!r}"
    require(entry, *_EXHIBIT, place)
    columns, totals = entry.get("columns", {}), entry.get("totals", {})
    if wrong := {name: kind for name, kind in columns.items() if kind not in _KINDS}:
        name, kind = wrong.popitem()
        raise ValueError(
            f"{place}: column {name!r} is of kind {kind!r}; known are {', '.join(_KINDS)}"
        )
    if ("file" in entry) != bool(columns):
        raise ValueError(f"{place} needs both 'file' and 'columns', or neither")
    if unknown := [c for c in totals if columns.get(c, "label") == "label"]:
        raise ValueError(f"{place}: 'totals' names {unknown[0]!r}, which is no column of numbers")

    def numbers(cells: Mapping[str, Any], what: str) -> dict[str, Reported]:
        return {
            name: Reported(text, f"{what} {name!r}", _KINDS[columns[name]] or rounding)
            for name, text in cells.items()
            if columns[name] != "label" and text != ""
        }

    rows: dict[str, dict[str, Reported]] = {}
    for where, (key, *texts) in (
        read_quoted(folder / entry["file"], list(columns)) if columns else ()
    ):
        if key in (*rows, TOTAL):
            raise ValueError(
                f"{where}: the row {key!r} stands twice, or is the total; remove one, and write "
                "printed totals as 'totals' in study.toml"
            )
        rows[key] = numbers(dict(zip(columns, texts, strict=True)), f"{where}, column")
    return PrintedTable(
        entry["id"],
        _both(entry["title"], f"{place}, 'title'"),
        {name: kind for name, kind in columns.items() if kind != "label"},
        rows,
        numbers(totals, f"{place}, total"),
        frozenset(entry.get("variables", ())),
        entry.get("file", ""),
    )


def _claim(entry: Mapping[str, Any], number: int, rounding: str) -> Claim:
    place = f"study.toml, [[claim]] no. {number}"
    # What else a claim holds belongs to its method, which says what is lacking.
    require(entry, _CLAIM[0], set(entry), place)
    measured = {
        str(name)
        for rule in entry.get("rule", ())
        for key, value in rule.items()
        if key in _MEASURED or (key == "target" and "of" not in rule)
        for name in listed(value)
    }
    printed = {}
    for name, text in entry.get("printed", {}).items():
        reported = Reported(text, f"{place}, printed {name!r}", rounding)
        whole = not (reported.decimals or reported.sign or "%" in text or name in measured)
        printed[name] = replace(reported, rounding="exact") if whole else reported
    return Claim(
        entry["number"],
        entry["section"],
        _both(entry["statement"], f"{place}: 'statement'"),
        printed,
        entry["method"],
        _both(entry.get("decided_by", "—"), f"{place}: 'decided_by'"),
        {k: v for k, v in entry.items() if k not in _CLAIM[0] | _CLAIM[1]},
    )
