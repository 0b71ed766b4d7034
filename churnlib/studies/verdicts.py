"""The verdict on every statement and exhibit of a study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from churnlib.crosstabs import least_v
from churnlib.evidence import LANGUAGES, PROJECT, Kind, Origin, require_evidence
from churnlib.studies.checks import CHECKS, Cell
from churnlib.studies.published import audit, crossed, plausibility, published_frequencies
from churnlib.studies.reading import Named, load_study
from churnlib.studies.study import TOTAL, Claim, Study, like, read_toml, typeset
from churnlib.tables import wilson


@dataclass(frozen=True)
class Verdict:
    """What the evidence says of one statement.

    That simulated or assumed numbers are to confirm or refute it is a ValueError.
    """

    kind: Kind
    computed: str  # the number recomputed, or "—"
    method: str  # how it was decided
    reason: Mapping[str, str] = field(hash=False)  # one sentence by language
    origin: Origin = Origin.PUBLISHED  # the weakest evidence used

    def __post_init__(self) -> None:
        if self.kind not in (Kind.UNTESTABLE, Kind.EXTERNAL):
            require_evidence(self.origin, "a printed statement")


def verdict(number: int, study: Named = None) -> Verdict:
    """Decide one statement by its own method and word the reason in every language.

    Raises
    ------
    KeyError, ValueError
        If the study has no statement of that number; if the method lacks something.
    """
    study = load_study(study)
    claim = study.claim(number)
    try:
        return _RULES[study.methods[claim.method]["rule"]](claim, study)
    except (LookupError, ValueError) as error:
        what = str(error.args[0])
        raise ValueError(
            f"study.toml, {claim.name}, method {claim.method!r}: "
            f"{what if ' ' in what else f'it lacks {what!r}'}"
        ) from error


def _worded(
    claim: Claim, study: Study, kind: Kind, case: str, words: Mapping[str, Any],
    computed: str = "—", origin: Origin = Origin.PUBLISHED,
) -> Verdict:  # fmt: skip
    """Return a verdict with the sentence of this case, as the claim's method words it."""
    method, reason = study.methods[claim.method], {}
    all_words = {**claim.details, "decided_by": claim.decided_by, **words}
    all_words |= {"printed": typeset(claim.text), "computed": typeset(computed)}
    for lang, text in method[case].items():
        spoken = {k: v.get(lang, v) if isinstance(v, dict) else v for k, v in all_words.items()}
        reason[lang] = text.format(**spoken)
    return Verdict(kind, computed, method["how"], reason, origin)


def _outside(claim: Claim, study: Study) -> Verdict:
    """A figure from elsewhere; beside another of the same thing, whether their ranges meet."""
    if "beside" not in claim.details:
        return _worded(claim, study, Kind.EXTERNAL, "plain", {})
    other = study.claim(claim.details["beside"])
    mine, theirs = ([number.value for number in c.printed.values()] for c in (claim, other))
    agree = min(mine) <= max(theirs) and min(theirs) <= max(mine)
    printed = "–".join(number.text for number in other.printed.values())
    words = {"other": other.number, "other_printed": printed}
    return _worded(claim, study, Kind.EXTERNAL, "agree" if agree else "differ", words)


def _checks(claim: Claim, study: Study) -> Verdict:
    """Whether the statement's own numbers, or those of an exhibit, follow from the others."""
    sheet, asked = study.sheet, claim.details
    name = asked.get("exhibit", claim.name)
    rules = [
        rule
        for rule in sheet.rules
        if rule.target[0] == name
        and ("check" not in asked or rule.check is CHECKS[asked["check"]])
        and ("rows" not in asked or rule.target[1] != TOTAL)
    ]
    if not rules:
        raise ValueError(f"no such rule says what the numbers of {name!r} follow from")
    own = name == claim.name
    wrong = [rule for rule in rules if not sheet.holds(rule, anew=own)]
    words: dict[str, Any] = {"rows": len(rules), "wrong": len(wrong)}
    computed, kind, case = f"{len(rules) - len(wrong)}/{len(rules)}", Kind.REPRODUCED, "equal"
    if own:
        shown: dict[Cell, str] = {}
        for rule in rules:
            value, printed = sheet.computed(rule, anew=True), sheet.cells[rule.target]
            shown.setdefault(rule.target, like(printed, value, asked.get("digits")))
        words = {"rows": len(shown), "wrong": len({rule.target for rule in wrong})}
        computed = ", ".join(shown.values())
    if wrong:
        kind, case, target = Kind.ARITHMETIC_ERROR, "differ", wrong[0].target
        repairs = sheet.parts[target].repairs if own else []
        if len(repairs) == 1 and target in repairs[0].following:
            words["cause"] = study.labels(repairs[0].cell[2])
            case = "own" if sheet.cells[target].text == repairs[0].printed else "inherited"
    return _worded(claim, study, kind, case, words, computed)


def _announced(claim: Claim, study: Study) -> Verdict:
    """Which of the questions announced have a table in our copy, and which only a picture."""
    announced, exhibits = claim.details["variables"], study.exhibits.values()
    tabulated = {v for exhibit in exhibits if exhibit.rows for v in exhibit.variables}
    pictured = {v for exhibit in exhibits for v in exhibit.variables} - tabulated
    absent = [v for v in announced if v not in tabulated]
    named = {
        "absent": absent,
        "unseen": [v for v in absent if v in pictured],
        "nowhere": [v for v in absent if v not in pictured],
    }
    words: dict[str, Any] = {
        name: {
            lang: joint.join(study.labels(key)[lang].lower() for key in keys)
            for lang, joint in zip(LANGUAGES, (" and ", "和"), strict=True)
        }
        for name, keys in named.items()
    }
    words |= {"announced": len(announced), "tabulated": len(announced) - len(absent)}
    kind = Kind.INCOMPLETE if absent else Kind.REPRODUCED
    case = "unseen" if named["unseen"] else "differ" if absent else "equal"
    return _worded(claim, study, kind, case, words, f"{words['tabulated']}/{len(announced)}")


def _majority(claim: Claim, study: Study) -> Verdict:
    """A share with its Wilson interval, held against one half; some levels may belong in part."""
    table = published_frequencies(claim.details["exhibit"], study)
    count, more = (table.combined(claim.details.get(key, [])) for key in ("levels", "partly"))
    low, high = wilson(count, table.n)
    computed = f"{count}/{table.n} = {count / table.n:.1%} [{low:.1%}, {high:.1%}]"
    words: dict[str, Any] = {"share": computed, "more": more}
    kind, case = (Kind.CAVEAT, "partial") if more else (Kind.REPRODUCED, "carried")
    if 2 * count <= table.n:
        kind, case = Kind.CONTRADICTED, "false"
    elif low <= 0.5:
        kind, case = Kind.NOT_ESTABLISHED, "open"
        words["needed"] = next(k for k in range(count, table.n + 1) if wilson(k, table.n)[0] > 0.5)
    return _worded(claim, study, kind, case, words, computed)


def _majority_within(claim: Claim, study: Study) -> Verdict:
    """Whether most of one group are in another, by what the two margins leave open."""
    rows, columns = crossed(claim, study)
    size = rows.combined([claim.details["group"]["level"]])
    base = columns.combined([claim.details["within"]["level"]])
    # Fréchet's bounds on the cell that both margins leave open.
    low, high = max(0, size + base - columns.n), min(size, base)
    words: dict[str, Any] = {"low": low, "high": high, "forced": size, "base": base}
    words |= {"others": base - size, "others_base": rows.n - size}
    kind, case, origin = Kind.CAVEAT, "assumed", Origin.PUBLISHED
    if 2 * low > base:
        kind, case = Kind.REPRODUCED, "certain"
    elif 2 * high <= base:
        kind, case = Kind.CONTRADICTED, "impossible"
    elif not size <= base < 2 * size:
        kind, case = Kind.UNTESTABLE, "unknown"
    elif rows.n == columns.n and "question" in claim.details:
        plausible, case = plausibility(study), "beside_facts"
        beside = plausible.xs(claim.details["supposed"], level="said")
        words |= beside.to_dict(orient="index")
        origin = plausible.attrs["origin"]
    return _worded(claim, study, kind, case, words, f"{low}–{high}/{base}", origin)


def _unpublished(claim: Claim, study: Study) -> Verdict:
    """No exhibit tabulates together what the statement needs."""
    needed, words = set(claim.details["variables"]), {}
    if any(needed <= exhibit.variables for exhibit in study.exhibits.values() if exhibit.rows):
        raise ValueError(
            f"a published table now holds {', '.join(sorted(needed))}; give the claim a method "
            "that uses it"
        )
    if "exhibit" in claim.details:
        n = published_frequencies(claim.details["exhibit"], study).n
        words = {"n": n, **least_v(n)}
    return _worded(claim, study, Kind.UNTESTABLE, claim.details.get("about", "plain"), words)


_RULES: Mapping[str, Callable[[Claim, Study], Verdict]] = {  # that a declared method may name
    rule.__name__.removeprefix("_"): rule
    for rule in (_outside, _checks, _announced, _majority, _majority_within, _unpublished)
}


def claims(study: Named = None) -> pd.DataFrame:
    """Every statement of a study, or of its folder, with its computed verdict.

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
    study = load_study(study)
    rows = []
    for number, claim in study.claims.items():
        judged = verdict(number, study)
        rows.append((
            claim.section, *claim.statement.values(), claim.text or "—", judged.computed,
            judged.kind.value, *judged.reason.values(), judged.method,
        ))  # fmt: skip
    columns = [
        "section", "statement", "statement_zh", "printed", "computed", "verdict", "reason",
        "reason_zh", "method",
    ]  # fmt: skip
    return pd.DataFrame(rows, pd.Index(study.claims, name="claim"), columns)


def exhibits(study: Named = None) -> pd.DataFrame:
    """Every table and figure that a study prints; without one, that the project makes of its own.

    Returns
    -------
    DataFrame
        Indexed by ``exhibit``, with ``title``, ``title_zh``, ``notebook``, ``file``, ``kind``
        (``"figure"``, ``"table"``, or ``"none"`` where nothing can be made), ``name`` (of its
        files), ``sources`` (CSV files with its numbers), ``origin`` and ``verdict``: of its own
        checks if printed, else the gravest among the statements that it carries, or
        ``"illustration"`` where it carries none, as all simulated must.
    """
    if study is None:
        entries, verdicts = exhibit_entries(), claims()["verdict"]
        for entry in entries:
            entry["verdict"] = "illustration"
            if entry["claims"]:
                require_evidence(Origin[entry["origin"]], f"what {entry['id']} stands for")
                entry["verdict"] = max(verdicts.loc[entry["claims"]], key=list(Kind).index)
    else:
        study = load_study(study)
        holds = audit(study).groupby("exhibit")["holds"].all()
        kinds = {True: Kind.REPRODUCED, False: Kind.ARITHMETIC_ERROR, None: Kind.UNTESTABLE}
        entries = [
            {"id": name, "title": table.title, "notebook": "", "origin": "PUBLISHED"}
            | {"verdict": kinds[holds.get(name)].value, **_made(table.file)}
            for name, table in study.exhibits.items()
        ]
    columns = ["notebook", "file", "kind", "name", "sources", "origin", "verdict"]
    titles = ([entry["title"][lang] for lang in LANGUAGES] for entry in entries)
    rows = [
        (*title, *map(entry.get, columns)) for title, entry in zip(titles, entries, strict=True)
    ]
    names = pd.Index([entry["id"] for entry in entries], name="exhibit")
    return pd.DataFrame(rows, names, ["title", "title_zh", *columns])


def exhibit_entries() -> list[dict[str, Any]]:
    """``notebooks/exhibits.toml`` as it stands, with ``kind``, ``name`` and ``sources`` added."""
    file = PROJECT / "notebooks" / "exhibits.toml"
    entries = read_toml(file, "restore it from version control")["exhibit"]
    return [{**_made(entry.get("file", "")), **entry} for entry in entries]


def _made(name: str) -> dict[str, Any]:
    """What is made of an exhibit follows from its file: a CSV is a table, all else a figure."""
    file = PurePosixPath(name)
    kind = "none" if not name else "table" if file.suffix == ".csv" else "figure"
    return {"file": name, "kind": kind, "name": file.stem, "sources": [file.stem] if name else []}
