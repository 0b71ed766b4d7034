"""The sentences in APA form that a fitted model is reported by, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from churnlib.evidence import apa, marked, p_text, require_language

if TYPE_CHECKING:
    from churnlib.models.fits import Fit

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "model": "{kind} model of {response}: {test}, Nagelkerke's R² = {r2}",
        "slope": "{slope}: OR = {ratio:.2f}, {level:.0f}% CI [{low:.2f}, {high:.2f}], {p}",
        "OrdinalFit": "proportional-odds", "LogitFit": "logistic", "between": "; ",
    },
    "zh-Hans": {
        "model": "{response}的{kind}模型：{test}，Nagelkerke R² = {r2}",
        "slope": "{slope}：OR = {ratio:.2f}，{level:.0f}% 置信区间 [{low:.2f}, {high:.2f}]，{p}",
        "OrdinalFit": "比例优势", "LogitFit": "逻辑回归", "between": "；",
    },
}  # fmt: skip


def model_sentence(result: Fit, lang: str) -> str:
    """What `apa` says of a model: its test and pseudo R², then every odds ratio."""
    require_language(lang)
    words, mark = _SENTENCES[lang], marked(result.origin, lang)
    test = apa(result.test, lang).removesuffix(mark)
    r2 = f"{result.nagelkerke_r2:.2f}".removeprefix("0")
    kind = words[type(result).__name__]
    parts = [words["model"].format(kind=kind, response=result.data.response, test=test, r2=r2)]
    for slope, row in result.coefficients.iterrows():
        parts.append(
            words["slope"].format(
                slope=slope, ratio=row["odds_ratio"], level=100 * result.level,
                low=row["odds_ratio_low"], high=row["odds_ratio_high"], p=p_text(row["p_value"]),
            )
        )  # fmt: skip
    return words["between"].join(parts) + mark
