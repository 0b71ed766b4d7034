"""Every statistic that a published source prints, to its last printed digit."""

import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from churnlib import (
    Crosstab,
    Reported,
    chi_square,
    fisher_exact,
    linear_by_linear,
    possible_counts,
    statistics,
)

FILE = Path(__file__).parents[1] / "reference" / "cases.json"
CASES = {case["id"]: case for case in json.loads(FILE.read_text(encoding="utf-8"))["cases"]}


def table_of(case):
    # A variable of two levels has an order whatever its name.
    return Crosstab.from_counts(case["counts"], ordered=(case["row_ordered"], case["col_ordered"]))


# Names in the file -> row of `statistics` and column.
ROWS = {
    "pearson_chi2": "pearson_chi2", "pearson": "pearson_chi2", "g2": "likelihood_ratio",
    "lbl_chi2": "linear_by_linear", "lbl": "linear_by_linear", "phi": "phi",
    "cramers_v": "cramers_v", "cramers_v_bergsma": "cramers_v_corrected",
    "contingency_coefficient": "contingency_coefficient", "yates_chi2": "continuity_correction",
    "yates": "continuity_correction", "bounded_yates_chi2": "continuity_correction",
    "gamma": "gamma", "tau_b": "kendall_tau_b", "tau_c": "stuart_tau_c",
    "spearman": "spearman", "pearson_r": "pearson_r", "odds_ratio": "odds_ratio",
    "rr_yes": "risk_ratio", "lambda_sym": "lambda_symmetric",
    "lambda_row_dep": "lambda_rows", "lambda_col_dep": "lambda_columns",
    "gktau_row_dep": "gk_tau_rows", "gktau_col_dep": "gk_tau_columns",
    "uc_sym": "uncertainty_symmetric", "uc_row_dep": "uncertainty_rows",
    "uc_col_dep": "uncertainty_columns", "somers_sym": "somers_d_symmetric",
    "somers_row_dep": "somers_d_rows", "somers_col_dep": "somers_d_columns",
    "fisher": "fisher_exact",
}  # fmt: skip
PARTS = {
    "": "value",
    "_ase1": "se",
    "_T": "t",
    "_z": "t",
    "_p": "p_value",
    "_ci95": ("low", "high"),
}

# Printed statistics that a cross-table's battery does not hold, and where they belong.
CONDITIONAL = "scipy's, not ours; R's uniroot stops short of the root in the fifth digit"
ELSEWHERE = {
    "conditional_odds_ratio": CONDITIONAL, "conditional_or_ci95_lower_greater": CONDITIONAL,
    "conditional_or_ci95": CONDITIONAL, "conditional_or_ci99": CONDITIONAL,
    "conditional_or_upper_less": CONDITIONAL,
    "cmh_row_means_chi2": "a general CMH test, not in the battery", "cmh_col_means_chi2": "same",
    "cmh_general_chi2": "same", "cmh_general_p": "same",
    "ordered_rows_chi2": "a mean-score test, not in the battery", "ordered_rows_p": "same",
    "exact_pearson_p": "the exact p is Fisher's; Pearson's is simulated",
    "exact_pearson_midp": "same",
    "exact_pearson_p_interval_low": "same",
    "naive_yates_chi2_WRONG": "a known wrong value",
    "v_from_yates_chi2_WRONG": "a known wrong value",
    "tau_b_ci95_DescTools": "DescTools's formula, which differs from SPSS and SAS",
    "somers_row_dep_ci95_DescTools": "DescTools's formula, which differs from SPSS and SAS",
}  # fmt: skip
MISPRINTS = {("yates_v_trap_2x2", "cramers_v"): "V is √(1/11) = .30151134…, printed .3015114"}
NOT_TABLES = {
    "agresti_rabbits_2x2x5": "tests/test_stratified.py",
    "ucb_admissions_2x2x6": "tests/test_stratified.py",
    "ucla_ologit": "tests/test_models.py",
    "mass_insurance_poisson": "a Poisson regression, which churnlib does not fit",
}


def agrees(computed, printed):
    """Within half a unit of the last printed digit."""
    text = printed.strip()
    if "e" in text:
        mantissa, _, power = text.partition("e")
        return agrees(float(computed) / 10.0 ** int(power), mantissa)
    reported = Reported(text)
    return reported.low <= Fraction(float(computed)) <= reported.high


def look_up(case, stat):
    table = table_of(case)
    if stat == "df":
        return chi_square(table).df
    if stat in {"expected", "pearson_residuals", "adjusted_residuals"}:
        name = {"pearson_residuals": "residuals"}.get(stat, stat)
        return getattr(table, name).to_numpy()
    if stat.startswith("expected["):
        return table.expected.to_numpy()[case["row_labels"].index(stat[9:-1])]
    if stat == "cell_chi2_contributions":
        return table.residuals.to_numpy() ** 2
    if stat == "proportions":
        return table.shares("row").to_numpy()[:, 0]
    if stat in {"fisher_freeman_halton_p", "fisher_p_two_sided"}:
        return fisher_exact(table).p_value
    if stat.startswith("rr_no"):  # the second column instead of the first
        swapped = statistics(Crosstab.from_counts(np.array(case["counts"])[:, ::-1]), exact=False)
        return swapped.loc["risk_ratio", ["low", "high"] if "ci" in stat else "value"]
    if trend := re.fullmatch(r"(trend_chi2|trend_p|cochran_armitage_\w+|cmh_correlation_\w+)"
                             r"(?:\[(.*)\])?", stat):  # fmt: skip
        return trend_test(case, table, *trend.groups())
    if case["id"] == "yates_homework_3x5":
        return yates_trend(table, stat)
    if one_sided := re.fullmatch(r"fisher_p_(one_sided|greater|less)", stat):
        counts = table.counts.to_numpy()
        which = one_sided[1]
        p = {way: stats.fisher_exact(counts, way).pvalue for way in ("greater", "less")}
        return min(p.values()) if which == "one_sided" else p[which]
    part = next(p for p in sorted(PARTS, key=len, reverse=True) if stat.endswith(p)
                and stat.removesuffix(p) in ROWS)  # fmt: skip
    row = ROWS[stat.removesuffix(part)]
    return statistics(table, exact=row == "fisher_exact").loc[row, PARTS[part]]


def trend_test(case, table, kind, scores):
    numbers = [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", (scores or "").split(";")[0])]
    if kind.startswith("cmh"):  # Agresti's income scores, (N − 1) r²
        test = linear_by_linear(table, [7.5, 20, 32.5, 60])
        return test.p_value if kind.endswith("_p") else test.statistic
    if case["id"] == "fleiss_smokers_4x2" and not numbers:
        numbers = [1, 2, 3, 4]
    rows = numbers if len(numbers) == len(table.counts) else None
    r2 = linear_by_linear(table, rows).statistic / (table.n - 1)
    statistic = table.n * r2  # Cochran–Armitage and R's prop.trend.test use N r²
    if kind.endswith("_Z"):
        return statistic**0.5
    return stats.chi2.sf(statistic, 1) if kind.endswith("_p") else statistic


def yates_trend(table, stat):
    test = linear_by_linear(table, [-1, 0, 1], [2, 1, 0, -1, -2])
    n_version = test.statistic * table.n / (table.n - 1)  # the source standardises with N
    z = -(n_version**0.5)
    if stat.startswith("lbl"):
        return {"lbl_Z": z, "lbl_p": stats.norm.cdf(z), "lbl_c": n_version}[stat[:5]]
    test = chi_square(table)
    return {"pearson_chi2": test.statistic, "df": test.df, "pearson_p": test.p_value}[stat]


def printed_statistics():
    for case in CASES.values():
        if case.get("counts") and case.get("col_labels"):
            for printed in case["published"]:
                stat = printed["stat"]
                known = re.sub(r"\[.*\]", "", stat) in ELSEWHERE or (case["id"], stat) in MISPRINTS
                if not known:
                    yield pytest.param(case, printed, id=f"{case['id']}-{stat}")


@pytest.mark.parametrize(("case", "printed"), list(printed_statistics()))
def test_a_printed_statistic_is_reproduced_to_its_last_digit(case, printed):
    computed = np.ravel(np.asarray(look_up(case, printed["stat"]), dtype=float))
    texts = np.ravel(np.asarray(printed["value"], dtype=object))
    assert len(computed) == len(texts)
    for number, text in zip(computed, texts, strict=True):
        assert agrees(number, str(text)), f"computed {number}, printed {text}"


def test_every_case_is_tried_or_named_with_its_place():
    tables = {i for i, case in CASES.items() if case.get("counts") and case.get("col_labels")}
    others = {"gof_equal_ABC", "gof_unequal_5", "conover_binomial", "poisson_two_rates_eba",
              "grim_percentages"}  # fmt: skip
    assert tables | others | set(NOT_TABLES) == set(CASES)
    assert len(CASES) == 32


@pytest.mark.parametrize("case_id", ["gof_equal_ABC", "gof_unequal_5"])
def test_goodness_of_fit_is_scipy_s(case_id):
    case = CASES[case_id]
    counts = np.array(case["counts"])
    for printed in case["published"]:
        shares = re.search(r"p=([\d.,]+)", printed["stat"])
        if printed["stat"].startswith("gof_chi2"):
            weights = [float(x) for x in shares[1].split(",")] if shares else np.ones(len(counts))
            expected = np.array(weights) / np.sum(weights) * counts.sum()
            test = stats.chisquare(counts, expected)
            assert agrees(test.statistic, printed["value"])
        elif printed["stat"].startswith("p"):
            assert agrees(test.pvalue, printed["value"])
        else:
            assert int(printed["value"]) == len(counts) - 1


def test_the_mendelian_share_is_scipy_s():
    test = stats.binomtest(682, 925, 0.75)
    interval = test.proportion_ci(method="exact")
    computed = {
        "binom_p_two_sided": [test.pvalue],
        "estimate": [test.statistic],
        "clopper_pearson_ci95": list(interval),
    }
    for printed in CASES["conover_binomial"]["published"]:
        for number, text in zip(computed[printed["stat"]], np.ravel(printed["value"]), strict=True):
            assert agrees(number, text)


def test_two_poisson_rates_follow_from_the_binomial_as_in_notebook_02():
    case = CASES["poisson_two_rates_eba"]
    (a, b), (s, t) = case["events"], case["exposure"]
    test = stats.binomtest(a, a + b, s / (s + t))
    interval = test.proportion_ci(method="exact")
    computed = {
        "rate_ratio": [(a / s) / (b / t)],
        "p_two_sided": [test.pvalue],
        "expected_count1": [(a + b) * s / (s + t)],
        "rate_ratio_ci95": [p / (1 - p) * t / s for p in interval],
    }
    for printed in case["published"]:
        for number, text in zip(computed[printed["stat"]], np.ravel(printed["value"]), strict=True):
            assert agrees(number, text)


def test_percentages_are_possible_or_not_as_published():
    probability = {}
    for printed in CASES["grim_percentages"]["published"]:
        if found := re.match(r"consistent\[(.*), n=(\d+)\]", printed["stat"]):
            counts = possible_counts(found[1], int(found[2]))
            assert bool(counts) is (printed["value"] == "True")
        else:
            base = re.search(r"n=(\d+)", printed["stat"])
            probability[int(base[1]) if base else 438] = printed["value"]
    for n, text in probability.items():
        # Of 1,000 one-decimal percentages below 100 at most n are possible.
        assert agrees((1000 - n) / 1000, text)


def test_the_one_misprint_is_wrong_in_its_last_digit_alone():
    table = table_of(CASES["yates_v_trap_2x2"])
    value = statistics(table).loc["cramers_v", "value"]
    assert not agrees(value, "0.3015114")
    assert agrees(value, "0.301511")
    assert value == pytest.approx((1 / 11) ** 0.5, abs=1e-15)


def test_the_digits_of_a_print_set_the_tolerance():
    assert agrees(0.0444, ".044")
    assert not agrees(0.0446, ".044")
    assert agrees(2.954e-07, "2.954e-07")
    assert not agrees(2.955e-07, "2.954e-07")
    assert Decimal("0.044") == Reported(".044").value
