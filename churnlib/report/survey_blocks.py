"""The tables of a report on a survey, each with the sentence that refers to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from churnlib.evidence import p_alone
from churnlib.models import Fit, LinearFit, LogitFit, OrdinalFit, parallel_lines
from churnlib.questions import (
    SMALL,
    MultipleResponse,
    OptionComparison,
    Reliability,
    rao_scott,
    smallest_expected,
    summary_of,
    weighted_shares,
)
from churnlib.report.document import Block, Heading, Text, reference
from churnlib.report.survey_pairs import (
    NumberByGroup,
    NumberPair,
    Pair,
    Relation,
    effect_of,
    key_of,
    short,
)
from churnlib.report.survey_wording import (
    Column,
    SurveyWording,
    intervals,
    people_and_percent,
    percent,
    ratio,
    signed,
)
from churnlib.report.text_table import NONE
from churnlib.report.thesis_facts import share
from churnlib.tables import FrequencyTable

_CONSTANT = "(constant)"


class SurveyBlocks(SurveyWording):
    """Every table of a report on a survey."""

    def question(self, key: str, table: FrequencyTable | None) -> Iterator[Block]:
        """How often each answer was given."""
        variable = self.label(key)
        yield Heading(variable, 2)
        if table is None:
            yield self.text("nobody", variable=variable)
            return
        commonest = table.counts.index[table.counts == table.counts.max()]
        estimate = share(table, [commonest[0]])
        named = [self.word("quoted", level=label) for label in self.labels(key, commonest)]
        yield self.text(
            "frequency" if len(named) == 1 else "tied",
            ref=reference(f"question {key}"),
            variable=variable,
            n=table.n,
            missing=table.missing,
            levels=self.listed(named, "comma"),
            count=table.counts[commonest[0]],
            percent=percent(estimate.value),
            low=percent(estimate.low),
            high=percent(estimate.high),
        )
        counted = table.summary
        shares = ("percent", "valid_percent", "cumulative_percent")
        columns = self.columns(
            "",
            n=counted["n"].astype(int),
            **{name: (f"{x:.1f}" if x == x else NONE for x in counted[name]) for name in shares},
        )
        if self.survey.weights is not None:
            # No share of one person can be weighted, nor of those who did not answer.
            weighted = weighted_shares(self.survey, key) if table.n > 1 else pd.DataFrame()
            none = [NONE] * (len(counted) - len(weighted))
            columns += self.columns(
                "",
                weighted=[*map(percent, weighted.get("share", ())), *none],
                interval=[*intervals(weighted, percent), *none],
            )
        names = [*self.labels(key, table.counts.index), self.word("missing")]
        columns.insert(0, (variable, names))
        yield self.table(f"question {key}", variable, columns, self.missing(table))

    def options(self, counted: MultipleResponse) -> Iterator[Block]:
        """How often each option was ticked."""
        named, of = self.label(counted.variable), counted.options
        yield Heading(named, 2)
        numbers = {"n": counted.n, "missing": counted.missing, "none": counted.none}
        key = f"question {counted.variable}"
        yield self.text("multiple.text", ref=reference(key), variable=named, **numbers)
        columns = self.columns(
            "multiple.",
            n=of["n"].astype(int),
            people=map(percent, of["people"]),
            interval=intervals(of, percent),
            answers=map(percent, of["answers"]),
        )
        columns.insert(0, (named, self.labels(counted.variable, of.index)))
        yield self.table(key, named, columns, self.missing(counted))

    def numbers(self, keys: Sequence[str]) -> Iterator[Block]:
        """One table of all numbers and scales; nothing where there are none."""
        if not keys:
            return
        caption = self.word("number.heading")
        yield Heading(caption, 2)
        yield self.text("number.text", ref=reference("numbers"))
        questions = (self.word("model.question"), map(self.label, keys))
        described = self._described(pd.DataFrame(map(summary_of, map(self.survey.frame.get, keys))))
        yield self.table("numbers", caption, [questions, *described])

    def _described(self, numbers: pd.DataFrame) -> list[Column]:
        texts = numbers.map(signed)
        quartiles = (texts["q1"] + "–" + texts["q3"]).where(numbers["n"] > 0, NONE)
        counted = {name: numbers[name].astype(int) for name in ("n", "missing")}
        means = {name: texts[name] for name in ("mean", "sd", "median")}
        return self.columns("number.", **counted, **means, quartiles=quartiles)

    def scale(self, scale: Reliability) -> Iterator[Block]:
        """Cronbach's alpha of a scale, and its questions."""
        key, named = f"scale {scale.scale}", self.label(scale.scale)
        heading = self.word("scale.heading", scale=named)
        yield Heading(heading, 2)
        numbers = {"n": scale.alpha.n, "missing": scale.missing}
        alpha = self.tests(scale.alpha)
        yield self.text("scale.text", ref=reference(key), scale=named, alpha=alpha, **numbers)
        names = ("mean", "sd", "item_total", "alpha_without")
        cells = dict(zip(names, scale.items.map(signed).to_numpy().T, strict=True))
        items = map(self.label, scale.items.index)
        yield self.table(key, heading, self.columns("scale.", item=items, **cells))

    def written(self, key: str) -> Text:
        """How many people wrote something; never what."""
        answered = int(self.survey.frame[key].notna().sum())
        return self.text("text", variable=self.label(key), n=answered, people=self.survey.n)

    def overview(self, tests: pd.DataFrame) -> Iterator[Block]:
        """A table of all tests; nothing where nothing could be tested."""
        if tests.empty:
            return
        yield self.text("overview", ref=reference("overview"), pairs=len(tests))
        names = ("questions", "n", "p", "holm", "effect")
        cells = zip(*tests.itertuples(), strict=True)
        columns = self.columns("", **dict(zip(names, cells, strict=True)))
        yield self.table("overview", self.word("overview_caption"), columns)

    def named(self, pair: Relation) -> dict[str, str]:
        """Give the labels of two questions."""
        return {"rows": self.label(pair.rows), "columns": self.label(pair.columns)}

    def pair(self, pair: Pair) -> Iterator[Block]:
        """The table of one pair and what it shows."""
        named, table, key = self.named(pair), pair.table, key_of(pair)
        yield Heading(self.word("pair", **named), 2)
        if table is None:
            yield self.text("no_table", **named)
            return
        said = self.word("crosstab", ref=reference(key), tests=self.tests(*pair.results))
        if (expected := smallest_expected(table)) < SMALL:
            said += self.word("small", expected=f"{expected:.1f}")
        yield Text(said)
        total, shares = self.word("total"), table.shares("row")
        levels = (
            [*map(people_and_percent, counts, shares[level]), f"{counts.sum():,}"]
            for level, counts in table.counts.items()
        )
        columns = [
            (named["rows"], [*self.labels(pair.rows, table.counts.index), total]),
            *zip(self.labels(pair.columns, table.counts), levels, strict=True),
            (total, [*table.row_totals, table.n]),
        ]
        yield self.table(key, self.word("crosstab_caption", **named), columns, self.missing(table))
        if self.survey.weights is not None:
            test = rao_scott(self.survey, pair.rows, pair.columns)
            yield self.text("weighted_test", test=self.tests(test))

    def groups(self, pair: NumberByGroup) -> Iterator[Block]:
        """A number by group, its tests, and which groups differ where there are three or more."""
        named, compared, key = self.named(pair), pair.compared, key_of(pair)
        caption = self.word("number.by", **named)
        yield Heading(caption, 2)
        if compared is None:
            yield self.text("no_table", **named)
            return
        yield self.text("crosstab", ref=reference(key), tests=self.tests(*pair.results))
        groups = (named["columns"], self.labels(pair.columns, compared.groups.index))
        yield self.table(key, caption, [groups, *self._described(compared.groups)])
        each = compared.post_hoc
        if each.empty:
            return
        key = f"{key} post hoc"
        yield self.text("number.post_hoc", ref=reference(key))
        columns = self.columns(
            "number.",
            pair=(" − ".join(self.labels(pair.columns, groups)) for groups in each.index),
            difference=map(signed, each["difference"]),
            interval=intervals(each, signed),
            games_howell=map(p_alone, each["games_howell"]),
            dunn=map(p_alone, each["dunn_holm"]),
        )
        yield self.table(key, self.word("number.post_hoc_caption", **named), columns)

    def correlations(self, pairs: Sequence[NumberPair]) -> Iterator[Block]:
        """A table of correlations, if there are any."""
        if not pairs:
            return
        caption = self.word("number.correlations")
        yield Heading(caption, 2)
        yield self.text("number.correlated", ref=reference("correlations"))
        rows = pd.DataFrame([pair.correlation for pair in pairs])
        columns = self.columns(
            "number.",
            pair=(self.word("pair", **self.named(pair)) for pair in pairs),
            n=rows["n"].astype(int),
            pearson=map(effect_of, pairs),
            p=map(p_alone, rows["p_value"]),
            spearman=map(short, rows["spearman"]),
            p_spearman=map(p_alone, rows["spearman_p"]),
        )
        yield self.table("correlations", caption, columns)

    def option_groups(self, compared: OptionComparison) -> Iterator[Block]:
        """How often each option was ticked in each group."""
        named = {"rows": self.label(compared.variable), "columns": self.label(compared.by)}
        options, adjusted = compared.counts.index, compared.holm
        key = f"{compared.variable} × {compared.by}"
        yield Heading(self.word("pair", **named), 2)
        yield self.text("multiple.by", ref=reference(key), **named)
        columns = [
            (named["rows"], self.labels(compared.variable, options)),
            *(
                (
                    f"{self.label(compared.by, group)} (n = {int(n):,})",
                    map(people_and_percent, compared.counts[group], compared.shares[group]),
                )
                for group, n in compared.people.items()
            ),
            *self.columns(
                "",
                p=(p_alone(compared.tests[option].p_value) for option in options),
                holm=(p_alone(adjusted[o]) if o in adjusted else NONE for o in options),
            ),
        ]
        yield self.table(key, self.word("multiple.by_caption", **named), columns)

    def model(self, fit: Fit | LinearFit) -> Iterator[Block]:
        """A chapter on a model: what it explains, its coefficients, what each question adds."""
        if isinstance(fit, LinearFit):
            response, rows, r2 = fit.response, fit.coefficients.reset_index(), fit.r_squared
            slope, estimate, written, none, kind = "slope", "estimate", signed, "0", "linear_"
        else:
            response, rows, r2 = fit.data.response, fit.by_level, fit.nagelkerke_r2
            slope, estimate, written, none, kind = "odds_ratio", "odds_ratio", ratio, "1", ""
        predictors = [name for name in rows["predictor"].unique() if name != _CONSTANT]
        values = {
            "ref": reference("model"),
            "response": self.label(response),
            "predictors": self.listed(map(self.label, predictors), "comma"),
            "n": fit.n,
            "missing": fit.missing,
            "test": self.tests(fit.test),
            "r2": f"{r2:.2f}".removeprefix("0"),
        }
        yield Heading(self.word("model.heading"))
        yield Text(self.listed(self._fitted(fit, predictors, values), "space"))
        # The reference level of a question has no interval.
        known, reference_level = rows["p_value"].notna(), self.word("model.reference")
        first = ~rows["predictor"].duplicated()
        named = rows["predictor"].map(self._predictor).where(first, "")
        numbers = {
            slope: rows[estimate].map(written).where(known, none),
            "interval": pd.Series(intervals(rows, written)).where(known, reference_level),
            "p": rows["p_value"].map(p_alone).where(known, NONE),
        }
        answers = map(self._answer, rows["predictor"], rows["level"])
        columns = self.columns("model.", question=named, answer=answers, **numbers)
        caption = self.word(f"model.{kind}caption", response=values["response"])
        yield self.table("model", caption, columns, self.missing(fit), fit.origin)

    def _fitted(
        self, fit: Fit | LinearFit, predictors: Sequence[str], values: Mapping[str, object]
    ) -> Iterator[str]:
        if isinstance(fit, LinearFit):
            yield self.word("model.linear", **values)
            return
        if isinstance(fit, LogitFit):
            answer = self.label(fit.data.response, fit.data.answers[-1])
            yield self.word("model.logit", **values, answer=answer)
        else:
            yield self.word("model.ordinal", **values)
        tests = ((self.label(name), self.tests(fit.factor_test(name))) for name in predictors)
        left = (self.word("model.one", question=name, test=test) for name, test in tests)
        yield self.word("model.without", tests=self.listed(left))
        if isinstance(fit, OrdinalFit):
            lines = parallel_lines(fit)
            tested = "tested" if lines.p_value == lines.p_value else "untested"
            yield self.word(f"model.{tested}", test=self.tests(lines))
        if fit.has_few:
            yield self.word("model.few", n=fit.n, parameters=fit.parameters)

    def _predictor(self, name: str) -> str:
        return self.word("model.constant") if name == _CONSTANT else self.label(name)

    def _answer(self, predictor: str, level: object) -> str:
        if predictor == _CONSTANT:
            return ""
        if isinstance(level, str) and level:
            return self.label(predictor, level)
        return self.word("model.each_unit")
