"""What a statistical procedure returns, and its sentence in APA form, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from html import escape
from numbers import Real
from typing import Any

from churnlib.evidence.origin import LANGUAGES, Origin

NAN = float("nan")


@dataclass(frozen=True)
class Test:
    """Outcome of a significance test.

    Parameters
    ----------
    name : str
        Row id of the statistic, for instance ``"pearson_chi2"``.
    statistic, df, df_residual, p_value : float
        NaN where the test has none, as the second df of all but F; p is two-sided unless `note`
        says otherwise.
    n, origin : int and Origin
        Answers the test rests on, and their kind of evidence.
    exact, p_interval : bool and pair of float
        Whether `p_value` is neither asymptotic nor drawn at random; if drawn, its 99 % interval.
    note : str
        What a reader must know before using the number; empty when nothing.
    """

    __test__ = False  # pytest must not collect it

    name: str
    statistic: float
    df: float
    p_value: float
    n: int
    exact: bool
    p_interval: tuple[float, float]
    origin: Origin
    note: str = ""
    df_residual: float = NAN


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval.

    Parameters
    ----------
    value, low, high, level : float
        Estimate, limits and their confidence, from 0 to 1; NaN where the data determine none.
    se, t, p_value : float
        Asymptotic standard error not assuming the null; estimate over that under the null
        (SPSS's "Approx. T"); two-sided p of a true value of 0 (1 for a ratio); else NaN.
    name, n, origin, note
        As in `Test`.
    """

    name: str
    value: float
    low: float
    high: float
    level: float
    se: float
    n: int
    origin: Origin
    note: str = ""
    t: float = NAN
    p_value: float = NAN

    def __post_init__(self) -> None:
        require_level(self.level)


def chi_square_result(
    name: str, statistic: float, df: int, n: int, origin: Origin, note: str = ""
) -> Test:
    """An asymptotic test by the upper tail of χ²; NaN without degrees of freedom."""
    from scipy.stats import chi2

    p = float(chi2.sf(statistic, df)) if df > 0 else NAN
    return Test(name, float(statistic), float(df), p, n, False, (NAN, NAN), origin, note)


def joined(*notes: str) -> str:
    """Return notes as one sentence, each part once and those that say nothing left out."""
    parts = (part for note in notes for part in note.split("; ") if part)
    return "; ".join(dict.fromkeys(parts))


def require_level(level: float) -> None:
    """Refuse a confidence level that is not between 0 and 1, such as 95."""
    if not isinstance(level, Real) or not 0 < level < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, given {level!r}")


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
    "regression": "F", "lambda": "λ", "gk_tau": "τ", "uncertainty": "U", "somers_d": "d",
}  # fmt: skip
_RATIOS = {"odds_ratio", "risk_ratio", "mantel_haenszel_odds_ratio"}
_FRACTIONAL = {"welch_t", "rao_scott"}  # tests whose first degrees of freedom are no whole number
# In the order of LANGUAGES: tests whose statistic does not tell what was tested, marks, phrases.
_WORDS: Mapping[str, tuple[str, str]] = {
    "fisher_exact": ("Fisher–Freeman–Halton exact test", "Fisher–Freeman–Halton 精确检验"),
    "binomial": ("exact binomial test", "精确二项检验"),
    "mantel_haenszel": ("Mantel–Haenszel test", "Mantel–Haenszel 检验"),
    "breslow_day": ("Breslow–Day test", "Breslow–Day 检验"),
    "breslow_day_tarone": (
        "Breslow–Day test with Tarone's correction", "经 Tarone 校正的 Breslow–Day 检验",
    ),
    "parallel_lines": ("test of parallel lines", "平行线检验"),
    "brant": ("Brant test", "Brant 检验"),
    "mann_whitney": ("Mann–Whitney test", "Mann–Whitney 检验"),
    "kruskal_wallis": ("Kruskal–Wallis test", "Kruskal–Wallis 检验"),
    "welch_t": ("Welch's t-test", "Welch t 检验"),
    "welch_anova": ("Welch's analysis of variance", "Welch 方差分析"),
    "rao_scott": ("Rao–Scott test", "Rao–Scott 检验"),
    "HYPOTHETICAL": (" (assumed numbers)", "（假设数字）"),
    "SYNTHETIC": (" (simulated data)", "（模拟数据）"),
    "drawn": (" (Monte Carlo)", "（蒙特卡罗）"),
    "interval": ("{:.0f}% CI [{}, {}]", "{:.0f}% 置信区间 [{}, {}]"),
    "undefined": ("{} cannot be computed: {}", "{} 无法计算：{}"),
}  # fmt: skip


def _word(name: str, lang: str) -> str:
    return _WORDS.get(name, ("", ""))[LANGUAGES.index(lang)]


@singledispatch
def apa(result: Any, lang: str = "en") -> str:
    """Write one result as APA asks: rounded, with df, n, p and interval.

    Of a fitted model it says the test, the R² and the odds ratio of every slope.

    Raises
    ------
    KeyError, TypeError
        If the language is neither ``"en"`` nor ``"zh-Hans"``; if it is no result.

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
        name = _word(result.name, lang) or _symbol(result.name)
        return _word("undefined", lang).format(name, result.note) + mark
    parts = _test(result, lang) if isinstance(result, Test) else _estimate(result, lang)
    return comma.join(filter(None, parts)) + mark


def require_language(lang: str) -> None:
    """Refuse a language without sentences."""
    if lang not in LANGUAGES:
        raise KeyError(f"no sentences in {lang!r}; there are {', '.join(LANGUAGES)}")


def marked(origin: Origin, lang: str) -> str:
    """What the end of a sentence says of what was simulated or assumed; else nothing."""
    return _word(origin.name, lang)


def shown_html(frame: Any, note: str) -> str:
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
    >>> p_text(0.0116), p_text(0.00009), p_text(0.9999)
    ('p = .012', 'p < .001', 'p > .999')
    """
    if p != p:
        return "p undefined"
    if p < 0.001:
        return "p < .001"
    if 0.9995 <= p < 1:
        return "p > .999"
    return f"p = {_no_zero(f'{p:.3f}')}"


def p_alone(p: float) -> str:
    """The same for a column that is headed by "p": ``.012`` or ``< .001``."""
    return p_text(p).removeprefix("p ").removeprefix("= ")


def _test(test: Test, lang: str) -> list[str]:
    title, drawn, interval = _word(test.name, lang), "", ""
    if not test.exact and test.p_interval[0] == test.p_interval[0]:
        drawn = _word("drawn", lang)
        interval = "99% [{}, {}]".format(*(_no_zero(f"{p:.3f}") for p in test.p_interval))
    if test.df != test.df:  # decided by counting tables, without a statistic
        return [title + drawn, f"N = {test.n}", p_text(test.p_value), interval]
    df = f"{test.df:.1f}" if test.name in _FRACTIONAL else f"{test.df:.0f}"
    if test.df_residual == test.df_residual:
        df += f", {test.df_residual:.1f}"
    value = f"{test.statistic:.2f}".replace("-", "−")
    statistic = f"{_symbol(test.name)}({df}, N = {test.n}) = {value}"
    return [title, statistic, p_text(test.p_value) + drawn, interval]


def _estimate(estimate: Estimate, lang: str) -> list[str]:
    def number(x: float) -> str:
        text = f"{x:.2f}"
        return text.replace("-", "−") if estimate.name in _RATIOS else _no_zero(text)

    parts = [f"{_symbol(estimate.name)} = {number(estimate.value)}"]
    if estimate.low == estimate.low:
        ends = number(estimate.low), number(estimate.high)
        parts.append(_word("interval", lang).format(100 * estimate.level, *ends))
    return parts


def _symbol(name: str) -> str:
    return _SYMBOLS.get(re.sub(r"_(symmetric|rows|columns)$", "", name), name)


def _no_zero(text: str) -> str:
    return re.sub(r"^(-?)0\.", r"\1.", text).replace("-", "−")
