"""A verdict on every statement of the thesis, computed from what was published."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from churnlib.evidence import PROJECT, Kind, Origin, require_evidence
from churnlib.studies.thesis import Claim, claims_file
from churnlib.studies.verdict_rules import METHODS, Evidence

_UNJUDGED = {Kind.UNTESTABLE, Kind.EXTERNAL}


@dataclass(frozen=True)
class Verdict:
    """What the evidence says of one statement.

    Parameters
    ----------
    kind : Kind
    computed : str
        The number recomputed, or ``"—"`` where there is none.
    method : str
        How it was decided.
    reason : mapping of str to str
        One sentence by language.
    origin : Origin
        Weakest evidence used.

    Raises
    ------
    ValueError
        If simulated answers are made to confirm or refute a printed statement.
    """

    kind: Kind
    computed: str
    method: str
    reason: Mapping[str, str] = field(hash=False)
    origin: Origin = Origin.PUBLISHED

    def __post_init__(self) -> None:
        if self.kind not in _UNJUDGED:
            require_evidence(self.origin, "a printed statement")


def claims(folder: Path | None = None) -> pd.DataFrame:
    """Every statement of the thesis with its computed verdict.

    Parameters
    ----------
    folder : Path, optional
        A data folder; the project's own when left out.

    Returns
    -------
    DataFrame
        Indexed by claim number, with ``section``, ``statement``, ``statement_zh``, ``printed``,
        ``computed``, ``verdict``, ``reason``, ``reason_zh`` and ``method``, all text.

    Examples
    --------
    >>> claims().loc[12, ["printed", "computed", "verdict"]].tolist()
    ['126%', '121.8%', 'arithmetic error']
    """
    evidence = Evidence.read(folder)
    sentences = claims_file(folder).get("sentences", {})
    rows = []
    for claim in evidence.said.values():
        verdict = judge(claim, evidence, sentences)
        rows.append(
            {
                "section": claim.section,
                "statement": claim.statement["en"],
                "statement_zh": claim.statement["zh-Hans"],
                "printed": ", ".join(number.text for number in claim.printed.values()) or "—",
                "computed": verdict.computed,
                "verdict": verdict.kind.value,
                "reason": verdict.reason["en"],
                "reason_zh": verdict.reason["zh-Hans"],
                "method": verdict.method,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(evidence.said, name="claim"))


def verdict(number: int, folder: Path | None = None) -> Verdict:
    """The verdict on one statement.

    Raises
    ------
    KeyError
        If the thesis has no statement of that number.

    Examples
    --------
    >>> verdict(17).kind.value
    'not established'
    """
    evidence = Evidence.read(folder)
    if number not in evidence.said:
        raise KeyError(
            f"the thesis has no statement {number!r}; they are 1 to {len(evidence.said)}"
        )
    return judge(evidence.said[number], evidence, claims_file(folder).get("sentences", {}))


def judge(claim: Claim, evidence: Evidence, sentences: Mapping[str, Any]) -> Verdict:
    """Decide one claim by its own method and word the reason in every language."""
    try:
        method = METHODS[claim.method]
    except KeyError:
        raise ValueError(
            f"{claim.where}: unknown method {claim.method!r}; known are {', '.join(METHODS)}"
        ) from None
    try:
        finding = method(claim, evidence)
    except KeyError as error:
        raise ValueError(f"{claim.where}, method {claim.method!r}: {error.args[0]}") from error
    try:
        texts = sentences[claim.method][finding.case]
        how = sentences[claim.method]["how"]
    except KeyError as error:
        raise ValueError(
            f"claims.toml lacks [sentences.{claim.method}] {finding.case!r}: {error}"
        ) from None
    own = {**claim.details, "decided_by": claim.decided_by, **finding.words}
    reason = {
        lang: text.format(
            computed=finding.computed,
            **{k: v[lang] if isinstance(v, Mapping) and lang in v else v for k, v in own.items()},
        )
        for lang, text in texts.items()
    }
    return Verdict(finding.kind, finding.computed, how, reason)


def exhibits(folder: Path | None = None) -> pd.DataFrame:
    """Every table and figure: where it is made, which file holds it, how the thesis fares in it.

    Parameters
    ----------
    folder : Path, optional
        A data folder; the project's own when left out.

    Returns
    -------
    DataFrame
        Indexed by ``exhibit``, with ``title``, ``title_zh``, ``notebook``, ``file`` (relative to
        the project, empty where nothing can be made), ``kind`` (``"figure"``, ``"table"``, or
        ``"none"`` where nothing can be made), ``name`` (of its files, without ending),
        ``sources`` (names of the CSV files with its numbers), ``origin`` and ``verdict``: the
        gravest among the statements that the exhibit carries, or ``"illustration"`` where it
        carries none, as everything simulated must.

    Examples
    --------
    >>> exhibits().loc["Table 3-1", "verdict"]
    'arithmetic error'
    """
    verdicts = claims(folder)["verdict"]
    rows = [
        {
            "exhibit": entry["id"],
            "title": entry["title"]["en"],
            "title_zh": entry["title"]["zh-Hans"],
            "notebook": entry["notebook"],
            "file": entry["file"],
            "kind": entry["kind"],
            "name": entry["name"],
            "sources": entry["sources"],
            "origin": entry["origin"],
            "verdict": _gravest(verdicts, entry),
        }
        for entry in exhibit_entries()
    ]
    return pd.DataFrame(rows).set_index("exhibit")


def exhibit_entries() -> list[dict[str, Any]]:
    """``notebooks/exhibits.toml`` as it stands, with ``kind``, ``name`` and ``sources`` filled in.

    Raises
    ------
    FileNotFoundError
        If the file is missing.
    """
    file = PROJECT / "notebooks" / "exhibits.toml"
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8"))["exhibit"]
    except FileNotFoundError:
        raise FileNotFoundError(f"{file} is missing; restore it from version control") from None
    return [{**_made(entry), **entry} for entry in entries]


def _made(exhibit: Mapping[str, Any]) -> dict[str, Any]:
    """What is made of an exhibit follows from its file: a CSV is a table, all else a figure."""
    if "file" not in exhibit:
        return {"file": "", "kind": "none", "name": "", "sources": []}
    file = PurePosixPath(exhibit["file"])
    kind = "table" if file.suffix == ".csv" else "figure"
    return {"kind": kind, "name": file.stem, "sources": [file.stem]}


def _gravest(verdicts: pd.Series, exhibit: Mapping[str, Any]) -> str:
    if not exhibit["claims"]:
        return "illustration"
    require_evidence(Origin[exhibit["origin"]], f"what {exhibit['id']} stands for")
    return max(verdicts.loc[exhibit["claims"]], key=list(Kind).index)
