"""A verdict on every statement and exhibit of a study."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from churnlib.evidence import LANGUAGES, PROJECT, Kind, Origin, require_evidence
from churnlib.studies.decisions import DECISIONS
from churnlib.studies.folder import read_toml
from churnlib.studies.reading import Named, opened
from churnlib.studies.study import Claim, PrintedTable, Study
from churnlib.studies.study_audit import audit
from churnlib.tables import FrequencyTable

_UNJUDGED = {Kind.UNTESTABLE, Kind.EXTERNAL}
_CLAIMS = [
    "section", "statement", "statement_zh", "printed", "computed", "verdict", "reason",
    "reason_zh", "method",
]  # fmt: skip
_EXHIBITS = [
    "title", "title_zh", "notebook", "file", "kind", "name", "sources", "origin", "verdict",
]  # fmt: skip


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
        If simulated answers or assumed numbers are made to confirm or refute a statement.
    """

    kind: Kind
    computed: str
    method: str
    reason: Mapping[str, str] = field(hash=False)
    origin: Origin = Origin.PUBLISHED

    def __post_init__(self) -> None:
        if self.kind not in _UNJUDGED:
            require_evidence(self.origin, "a printed statement")


def printed_table(number: str, study: Named = None) -> PrintedTable:
    """Return one printed table of a study, by its name or number.

    Raises
    ------
    KeyError
        If the study prints no such table.

    Examples
    --------
    >>> from churnlib.studies import EXAMPLE
    >>> printed_table("1", EXAMPLE).totals["people"].text
    '40'
    """
    return opened(study).exhibit(number)


def published_frequencies(number: str, study: Named = None) -> FrequencyTable:
    """Return the frequencies of one survey question as a table to compute with.

    Raises
    ------
    KeyError, ValueError
        If the study has no such table, or it is not the frequency table of one question.
    """
    return opened(study).frequencies(number)


def claims(study: Named = None) -> pd.DataFrame:
    """Every statement of a study with its computed verdict.

    Parameters
    ----------
    study : Study or path, optional
        The project's own when left out.

    Returns
    -------
    DataFrame
        Indexed by claim number, with ``section``, ``statement``, ``statement_zh``, ``printed``,
        ``computed``, ``verdict``, ``reason``, ``reason_zh`` and ``method``, all text.

    Examples
    --------
    >>> from churnlib.studies import EXAMPLE
    >>> claims(EXAMPLE)["verdict"].tolist()
    ['reproduced', 'untestable']
    """
    study = opened(study)
    rows = {}
    for claim in study.claims.values():
        found = judge(claim, study)
        printed = ", ".join(number.text for number in claim.printed.values()) or "—"
        rows[claim.number] = (
            claim.section, *_languages(claim.statement), printed, found.computed,
            found.kind.value, *_languages(found.reason), found.method,
        )  # fmt: skip
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=_CLAIMS)
    return frame.rename_axis("claim")


def verdict(number: int, study: Named = None) -> Verdict:
    """The verdict on one statement.

    Raises
    ------
    KeyError
        If the study has no statement of that number.
    """
    study = opened(study)
    if number not in study.claims:
        raise KeyError(f"the study has no statement {number!r}; they are 1 to {len(study.claims)}")
    return judge(study.claims[number], study)


def judge(claim: Claim, study: Study) -> Verdict:
    """Decide one claim by its own method and word the reason in every language."""
    method = study.methods[claim.method]
    place = f"study.toml, {claim.name}, method {claim.method!r}"
    try:
        finding = DECISIONS[method.rule](claim, study)
        words = {**claim.details, "decided_by": claim.decided_by, "computed": finding.computed}
        words |= finding.words
        words |= {key: typeset(words[key]) for key in ("computed", "printed") if key in words}
        reason = {
            lang: text.format(
                **{k: v[lang] if isinstance(v, dict) and lang in v else v for k, v in words.items()}
            )
            for lang, text in method.sentences[finding.case].items()
        }
    except (LookupError, ValueError) as error:
        what = str(error.args[0])
        raise ValueError(f"{place}: {what if ' ' in what else f'it lacks {what!r}'}") from error
    return Verdict(finding.kind, finding.computed, method.how, reason, finding.origin)


def _languages(text: Mapping[str, str]) -> list[str]:
    return [text[lang] for lang in LANGUAGES]


def typeset(number: str) -> str:
    """Return a number as sentences print it: thousands separated, a minus sign for a hyphen.

    Examples
    --------
    >>> typeset("112241"), typeset("-2.0114"), typeset("53.0%")
    ('112,241', '−2.0114', '53.0%')
    """
    separated = re.sub(r"(?<![\d.,])\d{5,}", lambda match: f"{int(match[0]):,}", number)
    return re.sub(r"(?<!\S)-(?=[\d.])", "−", separated)


def exhibits(study: Named = None) -> pd.DataFrame:
    """Every table and figure: where it is made, which file holds it, how the study fares in it.

    Parameters
    ----------
    study : Study or path, optional
        With one, its printed exhibits; when left out, all that the project makes of its own.

    Returns
    -------
    DataFrame
        Indexed by ``exhibit``, with ``title``, ``title_zh``, ``notebook``, ``file``, ``kind``
        (``"figure"``, ``"table"``, or ``"none"`` where nothing can be made), ``name`` (of its
        files, without ending), ``sources`` (names of the CSV files with its numbers), ``origin``
        and ``verdict``: the gravest among the statements that the exhibit carries, or
        ``"illustration"`` where it carries none, as everything simulated must. A printed
        exhibit's verdict is that of its own checks.
    """
    if study is None:
        verdicts = claims()["verdict"]
        entries = [{"verdict": _gravest(verdicts, each), **each} for each in exhibit_entries()]
    else:
        entries = _printed_exhibits(opened(study))
    rows = {
        entry["id"]: [*_languages(entry["title"]), *(entry[key] for key in _EXHIBITS[2:])]
        for entry in entries
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=_EXHIBITS)
    return frame.rename_axis("exhibit")


def exhibit_entries() -> list[dict[str, Any]]:
    """``notebooks/exhibits.toml`` as it stands, with ``kind``, ``name`` and ``sources`` filled in.

    Raises
    ------
    FileNotFoundError
        If the file is missing.
    """
    file = PROJECT / "notebooks" / "exhibits.toml"
    entries = read_toml(file, "restore it from version control")["exhibit"]
    return [{**_made(entry.get("file", "")), **entry} for entry in entries]


def _printed_exhibits(study: Study) -> list[dict[str, Any]]:
    holds = audit(study).groupby("exhibit")["holds"].all()
    kinds = {True: Kind.REPRODUCED, False: Kind.ARITHMETIC_ERROR, None: Kind.UNTESTABLE}
    made = {"notebook": "", "origin": Origin.PUBLISHED.name}
    return [
        {**_made(table.file), **made, "id": name, "title": table.title}
        | {"verdict": kinds[holds.get(name)].value}
        for name, table in study.exhibits.items()
    ]


def _made(name: str) -> dict[str, Any]:
    """What is made of an exhibit follows from its file: a CSV is a table, all else a figure."""
    file = PurePosixPath(name)
    kind = "none" if not name else "table" if file.suffix == ".csv" else "figure"
    return {"file": name, "kind": kind, "name": file.stem, "sources": [file.stem] if name else []}


def _gravest(verdicts: pd.Series, exhibit: Mapping[str, Any]) -> str:
    if not exhibit["claims"]:
        return "illustration"
    require_evidence(Origin[exhibit["origin"]], f"what {exhibit['id']} stands for")
    return max(verdicts.loc[exhibit["claims"]], key=list(Kind).index)
