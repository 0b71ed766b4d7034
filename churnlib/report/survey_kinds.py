"""The parts of a report on questions with several answers, numbers, scales and free text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from churnlib.evidence import apa, p_alone
from churnlib.figures import Label
from churnlib.questions import (
    MultipleResponse,
    OptionComparison,
    Reliability,
    summary_of,
    weighted_shares,
)
from churnlib.report.document import Block, Heading, TableBlock, Text, reference
from churnlib.report.report_text import Words
from churnlib.report.survey_pairs import NUMBER_COLUMNS, number_cells
from churnlib.report.text_table import TextTable
from churnlib.survey import Survey
from churnlib.tables import FrequencyTable


def number_table(
    survey: Survey, keys: Sequence[str], words: Words, label: Label
) -> Iterator[Block]:
    """One table of all numbers and scales; nothing where there are none."""
    if not keys:
        return
    yield Heading(words("survey.number.heading"), 2)
    yield Text(words("survey.number.text", ref=reference("numbers")))
    rows = tuple((label(key), *number_cells(summary_of(survey.frame[key]))) for key in keys)
    header = (
        words("survey.model.question"), *(words(f"survey.number.{name}") for name in NUMBER_COLUMNS)
    )  # fmt: skip
    caption = words("survey.number.heading")
    yield TableBlock("numbers", caption, "", survey.origin, TextTable(header, rows))


def scale_blocks(scale: Reliability, words: Words, label: Label) -> Iterator[Block]:
    """Cronbach's alpha of a scale, and its questions."""
    key = f"scale {scale.scale}"
    named = label(scale.scale)
    yield Heading(words("survey.scale.heading", scale=named), 2)
    values = {"ref": reference(key), "scale": named, "alpha": apa(scale.alpha, words.lang)}
    yield Text(
        words("survey.scale.text", **values, n=f"{scale.alpha.n:,}", missing=f"{scale.missing:,}")
    )
    rows = tuple(
        (label(item), *(f"{x:.2f}".replace("-", "−") if x == x else "—" for x in numbers))
        for item, numbers in zip(scale.items.index, scale.items.to_numpy(), strict=True)
    )
    names = ("item", "mean", "sd", "item_total", "alpha_without")
    header = tuple(words(f"survey.scale.{name}") for name in names)
    caption = words("survey.scale.heading", scale=named)
    yield TableBlock(key, caption, "", scale.origin, TextTable(header, rows))


def option_blocks(counted: MultipleResponse, words: Words, label: Label) -> Iterator[Block]:
    """How often each option was ticked."""
    key, named = f"question {counted.variable}", label(counted.variable)
    yield Heading(named, 2)
    values = {"n": f"{counted.n:,}", "missing": f"{counted.missing:,}", "none": f"{counted.none:,}"}
    yield Text(words("survey.multiple.text", ref=reference(key), variable=named, **values))
    rows = tuple(
        (
            label(f"{counted.variable}.{option}"),
            f"{int(row.n):,}",
            f"{100 * row.people:.1f}",
            f"[{100 * row.low:.1f}, {100 * row.high:.1f}]",
            f"{100 * row.answers:.1f}",
        )
        for option, row in zip(counted.options.index, counted.options.itertuples(), strict=True)
    )
    names = ("n", "people", "interval", "answers")
    header = (named, *(words(f"survey.multiple.{name}") for name in names))
    note = words("survey.missing_note", n=values["n"], missing=values["missing"])
    yield TableBlock(key, named, note, counted.origin, TextTable(header, rows))


def option_group_blocks(compared: OptionComparison, words: Words, label: Label) -> Iterator[Block]:
    """How often each option was ticked in each group."""
    named = {"rows": label(compared.variable), "columns": label(compared.by)}
    key = f"{compared.variable} × {compared.by}"
    yield Heading(words("survey.pair", **named), 2)
    yield Text(words("survey.multiple.by", ref=reference(key), **named))
    shares = compared.shares
    rows = tuple(
        (
            label(f"{compared.variable}.{option}"),
            *(
                f"{int(n):,} ({100 * share:.1f})" if share == share else f"{int(n):,}"
                for n, share in zip(compared.counts.loc[option], shares.loc[option], strict=True)
            ),
            p_alone(compared.tests[option].p_value),
            p_alone(compared.holm[option]) if option in compared.holm else "—",
        )
        for option in compared.counts.index
    )
    groups = (
        f"{label(f'{compared.by}.{group}')} (n = {int(n):,})"
        for group, n in compared.people.items()
    )
    header = (named["rows"], *groups, words("survey.p"), words("survey.holm"))
    caption = words("survey.multiple.by_caption", **named)
    yield TableBlock(key, caption, "", compared.origin, TextTable(header, rows))


def text_block(survey: Survey, key: str, words: Words, label: Label) -> Text:
    """How many people wrote something; never what."""
    answered = int(survey.frame[key].notna().sum())
    return Text(
        words("survey.text", variable=label(key), n=f"{answered:,}", people=f"{survey.n:,}")
    )


def weighted_cells(survey: Survey, key: str, table: FrequencyTable) -> list[tuple[str, str]]:
    """Weighted percent and interval of each level; dashes for missing answers and one person."""
    none = ("—", "—")
    if table.n < 2:
        return [none] * (len(table.counts) + 1)
    shares = weighted_shares(survey, key)
    return [
        *(
            (f"{100 * row.share:.1f}", f"[{100 * row.low:.1f}, {100 * row.high:.1f}]")
            if row.low == row.low
            else (f"{100 * row.share:.1f}", "—")
            for row in shares.itertuples()
        ),
        none,
    ]
