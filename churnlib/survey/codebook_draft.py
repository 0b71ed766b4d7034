"""A first codebook for an export: questions, answers and guesses, each guess marked for review."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from churnlib.survey.answer_text import CONTROL, as_text, normalise
from churnlib.survey.codebook_text import HEAD, codebook_text, toml_list, toml_text
from churnlib.survey.draft_kinds import MOST_ANSWERS, Matrix, matrices, numbers_people
from churnlib.survey.drafted_question import (
    CODE,
    QUESTION,
    DraftedQuestion,
    drafted_question,
    question_text,
    same_label,
    slug,
    ticked_question,
)
from churnlib.survey.levels import Variable
from churnlib.survey.option_marks import without_marks
from churnlib.survey.question_columns import wording

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.survey.codebook import Codebook

_ABOUT_THE_SHEET = re.compile(
    r"序号|编号|答卷编号|总分|得分|no\.?|id|index|row|unnamed:0|status|responsetype|progress|finished|"
    r"(?:response|respondent|collector|interview)id|distributionchannel|userlanguage|"
    r"(?:start|last)page|startlanguage|seed|completed|提交方式|答题状态|deviceid|.*instanceid|"
    r"-+(?:id|uuid|index|version|notes|status|tags|submitted-by|validation-status|submission-time)-*"
)
_MOMENT = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}[T ][0-9]{1,2}:[0-9]{2}.*")
_PLATFORM = re.compile(r"序号|提交答卷时间|所用时间|来自ip|来源详情|总分")


def draft(
    raw: pd.DataFrame, known: Codebook, name: str, reading: Mapping[str, Any] | None = None
) -> str:
    """Write a codebook for an export, as TOML.

    Each different answer becomes a level; nothing is taken from another study but the words for
    missing answers.

    Parameters
    ----------
    raw : DataFrame
        From `read_answers`.
    known : Codebook
        Its missing answers are looked for, and its words are no names of questions.
    name : str
        The file's name, for the first line.
    reading : mapping, optional
        What `read_answers` was given, to be given it again.

    Returns
    -------
    str
        Read by `load_codebook`; columns left out are named in lines of their own.

    Raises
    ------
    ValueError
        If no column looks like a question with answers to choose from.

    Examples
    --------
    >>> import pandas as pd
    >>> from churnlib.survey import load_codebook
    >>> raw = pd.DataFrame({"1、Do you bank online?": ["A. Yes", "B. No", "Yes", "(跳过)"]})
    >>> text = draft(raw, load_codebook(), "export.csv")
    >>> [line for line in text.splitlines() if line.startswith("key")]
    ['key = "yes"', 'key = "no"']
    """
    columns = {header: raw[header].map(as_text) for header in map(str, raw.columns)}
    dropped = raw.attrs.get("dropped", [])
    recognised = any(_PLATFORM.fullmatch(normalise(h)) for h in [*columns, *dropped])
    codes = [text for text in known.missing if CODE.fullmatch(normalise(text))]
    answered = {h: _Answered.of(texts, known, codes, recognised) for h, texts in columns.items()}
    taken = {"n", *known.words, *known.common}
    names = raw.attrs.get("names", {})
    places = {header: place for place, header in enumerate([*columns, *dropped], 1)}

    def key_of(header: str, name: str = "") -> str:
        key = _key_of(header, name or names.get(header, ""), places.get(header, 1), taken)
        taken.add(key)
        return key

    questions: list[DraftedQuestion] = []
    notes = [f"# NOTE: {note}" for note in raw.attrs.get("notes", [])]
    matrix_of = {
        header: matrix
        for matrix in matrices({header: each.given for header, each in answered.items()})
        for header in matrix.parts
    }
    for header, each in answered.items():
        matrix = matrix_of.get(header)
        if matrix and matrix.ticks:
            if header == next(iter(matrix.parts)):
                questions.append(ticked_question(key_of(matrix.stem), matrix))
            continue
        if reason := _no_question(header, each.given, raw.attrs):
            notes.append(f"# NOTE: left out, {reason}: {header!r}")
            continue
        given = each.given
        if matrix:  # its rows share their answers and their order
            given = [text for part in matrix.parts for text in answered[part].given]
        missing = each.own_missing(known, codes)
        questions.append(
            drafted_question(key_of(header), header, given, raw.attrs, missing, known.missing)
        )
    questions += _scales(matrix_of, questions, key_of)
    questions += [
        DraftedQuestion(
            Variable(key_of(header), same_label(header), (), False, (header,), kind="text")
        )
        for header in raw.attrs.get("texts", [])
        if not _ABOUT_THE_SHEET.fullmatch(normalise(header))
    ]
    if not any(q.variable.kind not in {"text", "weight"} for q in questions):
        raise ValueError(
            f"{name} has no column with 2 to {MOST_ANSWERS} different answers, with numbers or "
            "with options; a codebook is for questions with answers to choose from"
        )
    export = dict(reading or {})
    top = [f"keep = {toml_list(export.pop('keep'))}"] if export.get("keep") else []
    top += [f"missing = {toml_list(known.missing)}"]
    options = [f"{option} = {toml_text(value)}" for option, value in export.items() if value]
    tables = ["[export]", *options] if options else []
    head = [*HEAD.format(name=CONTROL.sub("", name)).splitlines(), *notes]
    return codebook_text(head, [*top, "", *tables], questions)


@dataclass(frozen=True)
class _Answered:
    """The answers in a column that are no declared missing answer.

    Parameters
    ----------
    given : list of str
    with_codes : bool
        Whether codes such as -3 were taken for missing.
    """

    given: list[str]
    with_codes: bool

    @classmethod
    def of(
        cls, texts: Iterable[str], known: Codebook, codes: Sequence[str], recognised: bool
    ) -> _Answered:
        texts = list(texts)
        given = [text for text in texts if normalise(text) not in known.missing_spellings]
        numbers = [text for text in given if CODE.fullmatch(normalise(text))]
        # A code such as -3 is missing where a platform writes it or all else is words, and no
        # other answer is negative.
        negative = any(float(normalise(text)) < 0 for text in numbers)
        if codes and not negative and (recognised or not numbers):
            return cls(given, True)
        lost = known.missing_spellings - {*map(normalise, codes)}
        return cls([text for text in texts if normalise(text) not in lost], False)

    def own_missing(self, known: Codebook, codes: Sequence[str]) -> list[str] | None:
        """What stands for no answer in this column, where it is not what the codebook says."""
        if self.with_codes or not {*codes} & {*map(normalise, self.given)}:
            return None
        return [text for text in known.missing if text not in codes]


def _no_question(header: str, given: Sequence[str], attrs: Mapping[Any, Any]) -> str | None:
    """Return why a column is not drafted, ``None`` if it is."""
    short = attrs.get("names", {}).get(header, header)
    if any(_ABOUT_THE_SHEET.fullmatch(normalise(text)) for text in (header, short)):
        return "about the sheet and no question"
    different = {normalise(text) for text in without_marks(list(dict.fromkeys(given))).values()}
    if given and all(_MOMENT.fullmatch(text.strip()) for text in given):
        return "the time of a sheet"
    if numbers_people(given):
        return "a different number for each sheet"
    return None if len(different) > 1 else "one answer only"


def _scales(
    matrix_of: Mapping[str, Matrix],
    questions: Sequence[DraftedQuestion],
    key_of: Callable[[str], str],
) -> Iterator[DraftedQuestion]:
    """A scale for every matrix question whose rows have the same ordered answers."""
    by_header = {q.variable.questions[0]: q.variable for q in questions if q.variable.questions}
    for matrix in dict.fromkeys(map(id, matrix_of.values())):
        rows = [header for header, own in matrix_of.items() if id(own) == matrix]
        items = [by_header[wording(h)] for h in rows if wording(h) in by_header]
        ordered = [item for item in items if item.kind == "single" and item.ordered]
        alike = len({len(item.levels) for item in ordered}) == 1
        if len(ordered) < 2 or len(ordered) < len(rows) or not alike:
            continue
        stem = matrix_of[rows[0]].stem
        keys = tuple(item.key for item in items)
        variable = Variable(
            key_of(f"{stem} scale"),
            same_label(question_text(stem)),
            (),
            False,
            kind="scale",
            items=keys,
        )
        guess = (
            f"{len(items)} questions are taken for one scale; name those that are asked the other "
            "way round under reversed, or delete it"
        )
        yield DraftedQuestion(variable, (guess,))


def _key_of(header: str, name: str, place: int, taken: set[str]) -> str:
    """A name from the question's own short name, number and words, its place if it has none."""
    own = QUESTION.match(header)
    words = slug(name) or slug(header[own.end() :] if own else header)
    key = "_".join(filter(None, [f"q{int(own[1])}" if own and not name else "", words]))
    key = key if key and not key[0].isdigit() else f"q{place}" + f"_{key}" * bool(key)
    while key in taken:
        key = f"q{place}_{key}" if not key.startswith(f"q{place}_") else f"{key}_2"
    return key
