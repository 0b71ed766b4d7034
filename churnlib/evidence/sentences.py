"""Results as sentences in APA form, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import singledispatch
from html import escape
from typing import TYPE_CHECKING, Any

from churnlib.evidence.origin import Origin
from churnlib.evidence.results import Estimate, Test

if TYPE_CHECKING:
    import pandas as pd

_SYMBOLS: Mapping[str, str] = {
    "pearson_chi2": "χ²", "continuity_correction": "χ²", "likelihood_ratio": "G²",
    "linear_by_linear": "χ²", "gamma": "γ", "phi": "φ", "cramers_v": "V",
    "cramers_v_corrected": "Ṽ", "contingency_coefficient": "C", "kendall_tau_b": "τ_b",
    "stuart_tau_c": "τ_c", "spearman": "r_s", "pearson_r": "r", "kappa": "κ",
    "odds_ratio": "OR", "risk_ratio": "RR", "risk_difference": "RD", "share": "p̂",
    "mantel_haenszel_odds_ratio": "OR_MH", "mantel_haenszel": "χ²", "breslow_day": "χ²",
    "breslow_day_tarone": "χ²", "parallel_lines": "χ²", "brant": "χ²",
    "welch_t": "t", "welch_anova": "F", "kruskal_wallis": "H", "hedges_g": "g",
    "eta_squared": "η²", "rank_biserial": "r", "cronbach_alpha": "α", "rao_scott": "F",
    "regression": "F",
}  # fmt: skip
_STEMS = {"lambda": "λ", "gk_tau": "τ", "uncertainty": "U", "somers_d": "d"}
_RATIOS = {"odds_ratio", "risk_ratio", "mantel_haenszel_odds_ratio"}
_FRACTIONAL = {"welch_t", "rao_scott"}  # tests whose first degrees of freedom are no whole number
# Tests whose statistic does not tell what was tested, in the language of each key.
_TITLES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "fisher_exact": "Fisher–Freeman–Halton exact test", "binomial": "exact binomial test",
        "mantel_haenszel": "Mantel–Haenszel test", "breslow_day": "Breslow–Day test",
        "breslow_day_tarone": "Breslow–Day test with Tarone's correction",
        "parallel_lines": "test of parallel lines", "brant": "Brant test",
        "mann_whitney": "Mann–Whitney test", "kruskal_wallis": "Kruskal–Wallis test",
        "welch_t": "Welch's t-test", "welch_anova": "Welch's analysis of variance",
        "rao_scott": "Rao–Scott test",
    },
    "zh-Hans": {
        "fisher_exact": "Fisher–Freeman–Halton 精确检验", "binomial": "精确二项检验",
        "mantel_haenszel": "Mantel–Haenszel 检验", "breslow_day": "Breslow–Day 检验",
        "breslow_day_tarone": "经 Tarone 校正的 Breslow–Day 检验",
        "parallel_lines": "平行线检验", "brant": "Brant 检验",
        "mann_whitney": "Mann–Whitney 检验", "kruskal_wallis": "Kruskal–Wallis 检验",
        "welch_t": "Welch t 检验", "welch_anova": "Welch 方差分析", "rao_scott": "Rao–Scott 检验",
    },
}  # fmt: skip
_DRAWN = {"en": " (Monte Carlo)", "zh-Hans": "（蒙特卡罗）"}
_INTERVAL = {
    "en": "{level:.0f}% CI [{low}, {high}]",
    "zh-Hans": "{level:.0f}% 置信区间 [{low}, {high}]",
}
_UNDEFINED = {"en": "{} cannot be computed: {}", "zh-Hans": "{} 无法计算：{}"}
_MARKS: Mapping[Origin, Mapping[str, str]] = {
    Origin.HYPOTHETICAL: {"en": " (assumed numbers)", "zh-Hans": "（假设数字）"},
    Origin.SYNTHETIC: {"en": " (simulated data)", "zh-Hans": "（模拟数据）"},
}


@singledispatch
def apa(result: Any, lang: str = "en") -> str:
    """Write one result as APA asks: rounded, with df, n, p and interval.

    Parameters
    ----------
    result : Test, Estimate, or a fitted model
        A model becomes its test, its R² and the odds ratio of every slope.
    lang : {"en", "zh-Hans"}

    Returns
    -------
    str
        What was simulated is said to be.

    Raises
    ------
    KeyError
        If the language is neither of the two.
    TypeError
        If it is no result.

    Examples
    --------
    >>> from churnlib.crosstabs import chi_square, cramers_v
    >>> table = [[762, 327, 468], [484, 239, 477]]
    >>> apa(chi_square(table))
    'χ²(2, N = 2757) = 30.07, p < .001'
    >>> apa(cramers_v(table), "zh-Hans")
    'V = .10，95% 置信区间 [.06, .14]'
    """
    raise TypeError(
        "a sentence is written of a Test, an Estimate or a fitted model, given "
        f"{type(result).__name__}"
    )


@apa.register
def _(result: Test | Estimate, lang: str = "en") -> str:
    require_language(lang)
    comma = "，" if lang == "zh-Hans" else ", "
    mark = marked(result.origin, lang)
    number = result.p_value if isinstance(result, Test) else result.value
    if number != number:
        name = _TITLES[lang].get(result.name, _symbol(result.name))
        return _UNDEFINED[lang].format(name, result.note) + mark
    parts = _test(result, lang) if isinstance(result, Test) else _estimate(result, lang)
    return comma.join(filter(None, parts)) + mark


def require_language(lang: str) -> None:
    """Refuse a language without sentences.

    Raises
    ------
    KeyError
        With the two there are.
    """
    if lang not in _TITLES:
        raise KeyError(f"no sentences in {lang!r}; there are {', '.join(_TITLES)}")


def marked(origin: Origin, lang: str) -> str:
    """What the end of a sentence says of what was simulated or assumed; else nothing."""
    return _MARKS[origin][lang] if origin in _MARKS else ""


def shown_html(frame: pd.DataFrame, note: str) -> str:
    """A result's table for a notebook: numbers rounded, p-values in words, its note below."""
    rounded = frame.round(3)
    if "p_value" in rounded:
        rounded = rounded.assign(p_value=[p_text(p).removeprefix("p = ") for p in frame["p_value"]])
    below = f"<p>{escape(note)}</p>" if note else ""
    return f"{rounded._repr_html_()}{below}"


def p_text(p: float) -> str:
    """A p-value with three digits and no leading zero, never ``.000``.

    Examples
    --------
    >>> p_text(0.0116), p_text(0.00009), p_text(1.0), p_text(0.9999)
    ('p = .012', 'p < .001', 'p = 1.000', 'p > .999')
    """
    if p != p:
        return "p undefined"
    if p < 0.001:
        return "p < .001"
    if 0.9995 <= p < 1:
        return "p > .999"
    return f"p = {_no_zero(f'{p:.3f}')}"


def p_alone(p: float) -> str:
    """The same for a column that is headed by "p".

    Examples
    --------
    >>> p_alone(0.0116), p_alone(0.00009)
    ('.012', '< .001')
    """
    return p_text(p).removeprefix("p ").removeprefix("= ")


def _test(test: Test, lang: str) -> list[str]:
    title = _TITLES[lang].get(test.name, "")
    drawn = _DRAWN[lang] if _drawn(test) else ""
    if test.df != test.df:  # decided by counting tables, without a statistic
        return [title + drawn, f"N = {test.n}", p_text(test.p_value), _p_interval(test)]
    df = f"{test.df:.1f}" if test.name in _FRACTIONAL else f"{test.df:.0f}"
    if test.df_residual == test.df_residual:
        df += f", {test.df_residual:.1f}"
    value = f"{test.statistic:.2f}".replace("-", "−")
    statistic = f"{_symbol(test.name)}({df}, N = {test.n}) = {value}"
    return [title, statistic, p_text(test.p_value) + drawn, _p_interval(test)]


def _drawn(test: Test) -> bool:
    return not test.exact and test.p_interval[0] == test.p_interval[0]


def _p_interval(test: Test) -> str:
    if not _drawn(test):
        return ""
    low, high = (_no_zero(f"{p:.3f}") for p in test.p_interval)
    return f"99% [{low}, {high}]"


def _estimate(estimate: Estimate, lang: str) -> list[str]:
    def number(x: float) -> str:
        text = f"{x:.2f}"
        return text.replace("-", "−") if estimate.name in _RATIOS else _no_zero(text)

    parts = [f"{_symbol(estimate.name)} = {number(estimate.value)}"]
    if estimate.low == estimate.low:
        low, high = number(estimate.low), number(estimate.high)
        parts.append(_INTERVAL[lang].format(level=100 * estimate.level, low=low, high=high))
    return parts


def _symbol(name: str) -> str:
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    stem = re.sub(r"_(symmetric|rows|columns)$", "", name)
    return _STEMS.get(stem, name)


def _no_zero(text: str) -> str:
    return re.sub(r"^(-?)0\.", r"\1.", text).replace("-", "−")
