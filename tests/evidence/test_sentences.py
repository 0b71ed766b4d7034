import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlib import (
    Crosstab,
    Origin,
    apa,
    binomial_test,
    chi_square,
    cramers_v,
    fisher_exact,
    gamma,
    logit,
    mantel_haenszel,
    monte_carlo,
    odds_ratio,
    ordinal_logit,
    parallel_lines,
)
from churnlib.evidence import p_text

PARTY = [[762, 327, 468], [484, 239, 477]]


def test_each_kind_of_result_has_its_sentence_in_both_languages():
    opinion = Crosstab.from_counts([[34, 24, 15], [42, 74, 67], [28, 111, 292]], ordered=True)
    sentences = {
        apa(chi_square(PARTY)): "χ²(2, N = 2757) = 30.07, p < .001",
        apa(chi_square(PARTY), "zh-Hans"): "χ²(2, N = 2757) = 30.07，p < .001",
        apa(gamma(opinion)): "γ = .59, 95% CI [.51, .67]",
        apa(odds_ratio([[20, 80], [15, 135]])): "OR = 2.25, 95% CI [1.09, 4.64]",
        apa(fisher_exact([[3, 1], [1, 3]])): "Fisher–Freeman–Halton exact test, N = 8, p = .486",
        apa(cramers_v(PARTY, level=0.9), "zh-Hans"): "V = .10，90% 置信区间 [.07, .13]",
    }
    assert [got for got, expected in sentences.items() if got != expected] == []


def test_a_simulated_p_is_called_so_and_has_its_interval():
    text = apa(monte_carlo([[3, 1], [1, 3]], "fisher_exact", resamples=999, seed=1))
    assert "(Monte Carlo)" in text
    assert re.search(r"p = \.\d{3}, 99% \[\.\d{3}, \.\d{3}\]$", text)
    assert "蒙特卡罗" in apa(monte_carlo([[3, 1], [1, 3]], resamples=999, seed=1), "zh-Hans")


@pytest.mark.parametrize(
    ("lang", "mark"), [("en", "(simulated data)"), ("zh-Hans", "（模拟数据）")]
)
def test_what_was_simulated_is_said_to_be(lang, mark):
    for origin in Origin:
        table = Crosstab.from_counts(PARTY, origin=origin)
        for result in (chi_square(table), cramers_v(table)):
            assert (mark in apa(result, lang)) == (origin is Origin.SYNTHETIC)


@given(st.floats(0, 1))
def test_a_p_value_is_rounded_not_cut_and_never_printed_as_zero(p):
    text = p_text(p)
    if p < 0.001:
        assert text == "p < .001"
    elif text != "p > .999":
        assert abs(float(text.removeprefix("p = ")) - p) <= 0.0005 + 1e-12
        assert not text.startswith("p = 0")


def test_an_unknown_language_is_named():
    with pytest.raises(KeyError, match="no sentences in 'fr'; there are en, zh-Hans"):
        apa(chi_square(PARTY), "fr")


def test_what_cannot_be_computed_is_said_so():
    text = apa(chi_square([[7, 8]]))
    assert text == "χ² cannot be computed: needs two rows and two columns that count somebody"
    assert apa(gamma([[7, 8]]), "zh-Hans").startswith("γ 无法计算：")


def test_models_and_layers_have_their_sentences_in_both_languages():
    table = pd.DataFrame({"gender": list("mmmfff"), "visits": [1, 2, 3] * 2,
                          "n": [40, 30, 10, 25, 35, 40]})  # fmt: skip
    fit = ordinal_logit(table, "visits", "gender", count="n")
    lines = parallel_lines(fit)
    layers = mantel_haenszel([[[10, 20], [5, 25]], [[15, 15], [8, 22]]])
    share = binomial_test(106, 200, 0.5, origin=Origin.PUBLISHED)
    sentences = {
        apa(fit.odds_ratio("gender=m")): "OR = 0.28, 95% CI [0.16, 0.50]",
        apa(fit.test): "G²(1, N = 180) = 19.63, p < .001",
        apa(lines): "test of parallel lines, χ²(1, N = 180) = 1.30, p = .255",
        apa(lines.brant, "zh-Hans"): "Brant 检验，χ²(1, N = 180) = 1.24，p = .266",
        apa(layers): "OR_MH = 2.64, 95% CI [1.17, 5.93]",
        apa(layers.test, "zh-Hans"): "Mantel–Haenszel 检验，χ²(1, N = 120) = 5.57，p = .018",
        apa(layers.breslow_day): "Breslow–Day test, χ²(1, N = 120) = 0.01, p = .909",
        apa(layers.tarone, "zh-Hans"): "经 Tarone 校正的 Breslow–Day 检验，χ²(1, N = 120) = 0.01，"
        "p = .909",
        apa(share): "exact binomial test, N = 200, p = .437",
        apa(share, "zh-Hans"): "精确二项检验，N = 200，p = .437",
    }
    assert [got for got, expected in sentences.items() if got != expected] == []


def model():
    return pd.DataFrame(
        {"gender": list("mmmfff"), "visits": [1, 2, 3] * 2, "n": [40, 30, 10, 25, 35, 40]}
    )


def test_a_fitted_model_is_its_test_and_the_odds_ratio_of_every_slope():
    fit = ordinal_logit(model(), "visits", "gender", count="n")
    row = fit.coefficients.loc["gender=m"]
    said = apa(fit)
    assert said.startswith("proportional-odds model of visits: G²(1, N = 180) = ")
    assert "p < .001, Nagelkerke's R² = .12" in said
    ends = f"[{row['odds_ratio_low']:.2f}, {row['odds_ratio_high']:.2f}]"
    assert f"gender=m: OR = 0.28, 95% CI {ends}, p < .001" in said
    assert f"gender=m：OR = 0.28，95% 置信区间 {ends}，p < .001" in apa(fit, "zh-Hans")
    simulated = ordinal_logit(model(), "visits", "gender", count="n", origin=Origin.SYNTHETIC)
    assert apa(simulated).startswith(said + " (")
    assert apa(logit(model(), "visits", "gender", count="n")).startswith("logistic model of visits")


def test_only_results_have_sentences_and_only_in_two_languages():
    with pytest.raises(TypeError, match="given DataFrame"):
        apa(model())
    with pytest.raises(KeyError, match="no sentences in 'de'"):
        apa(ordinal_logit(model(), "visits", "gender", count="n"), "de")


def test_an_unbounded_odds_ratio_is_written_so():
    sentence = apa(mantel_haenszel([[[5, 0], [3, 4]], [[6, 0], [2, 5]]]))
    assert sentence.startswith("OR_MH cannot be computed: ")
    assert "unbounded" in sentence


@pytest.mark.parametrize(
    ("successes", "n", "share", "message"),
    [
        (1.5, 10, 0.5, "whole numbers of 0 or more; given 1.5"),
        (3, 10.5, 0.5, "given 10.5"),
        (None, 10, 0.5, "given None"),
        ("many", 10, 0.5, "given 'many'"),
        (11, 10, 0.5, r"k \(11\) must not be greater than n \(10\)"),
        (0, 0, 0.5, "n must be an integer not less than 1"),
        (3, 10, 1.5, r"p \(1.5\) must be in range \[0,1\]"),
    ],
)
def test_a_binomial_test_takes_whole_numbers_and_a_share(successes, n, share, message):
    with pytest.raises(ValueError, match=message):
        binomial_test(successes, n, share, origin=Origin.PUBLISHED)
