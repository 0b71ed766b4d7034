"""The report on a survey of one's own, whatever its labels are."""

import json

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn
from PIL import Image

import churnlib as cl
from churnlib.evidence.origin import PROJECT, Origin
from churnlib.report.document import xml_safe
from churnlib.report.report_text import Exhibit, report_words
from churnlib.report.survey_analysis import SurveyAnalysis, analyse_survey
from churnlib.report.survey_report import survey_blocks, write_survey_report

BOTH = pytest.mark.parametrize("lang", ["en", "zh-Hans"])


def codebook(path, **levels: list[str]):
    """A codebook whose variables v, w, … have levels with these labels in both languages."""
    lines = []
    for variable, labels in levels.items():
        lines.append(
            f'[variables.{variable}]\nlabel = {{ en = "{variable}", zh-Hans = "{variable}" }}'
        )
        for place, label in enumerate(labels):
            text = json.dumps(label, ensure_ascii=False)
            lines.append(f'[[variables.{variable}.levels]]\nkey = "k{place}"')
            lines.append(f"label = {{ en = {text}, zh-Hans = {text} }}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return cl.load_codebook(path)


def book_with(path, number: str):
    """The codebook of a file with one number more, called age."""
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}\n[variables.age]\nkind = "number"\n{number}', encoding="utf-8")
    return cl.load_codebook(path)


@pytest.fixture(scope="module")
def survey():
    raw = cl.read_answers(PROJECT / "data" / "synthetic" / "answers.csv")
    # Called OBSERVED here alone: what a user's own file would be.
    return cl.clean(raw, cl.load_codebook(), origin=Origin.OBSERVED, on_error="set_aside")


@pytest.fixture(scope="module")
def analysis(survey):
    return analyse_survey(survey, all_pairs=True)


@pytest.fixture(scope="module")
def written(analysis, tmp_path_factory):
    folder = tmp_path_factory.mktemp("survey")
    return {lang: write_survey_report(analysis, folder, lang) for lang in ("en", "zh-Hans")}


def exhibits(analysis, folder, lang="en"):
    """The tables and figures of a report by their keys."""
    if not isinstance(analysis, SurveyAnalysis):
        analysis = analyse_survey(analysis, all_pairs=True)
    blocks = survey_blocks(analysis, folder, report_words(lang))
    return {block.key: block for block in blocks if isinstance(block, Exhibit)}


def paragraphs(path):
    return [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]


@BOTH
def test_it_says_nothing_of_the_thesis_and_marks_every_exhibit_observed(written, lang):
    document = docx.Document(str(written[lang]))
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    said = " ".join([p.text for p in document.paragraphs] + cells)
    for word in ("thesis", "论文", "PUBLISHED", "SYNTHETIC", "churn at", "116,241"):
        assert word not in said.replace("论文所载", "")
    assert said.count(Origin.OBSERVED.mark(lang)) == len(document.tables) + 1  # and below the title


@BOTH
def test_counts_and_percentages_are_those_of_the_tables(survey, analysis, tmp_path, lang):
    tables = exhibits(analysis, tmp_path, lang)
    frequency = cl.frequencies(survey, "age")
    counts = [row[1] for row in tables["question age"].content.rows]
    assert counts == [*map(str, frequency.counts), str(frequency.missing)]
    cross = cl.crosstab(survey, "gender", "visits")
    rows = tables["gender × visits"].content.rows
    assert [row[-1] for row in rows] == [*map(str, cross.row_totals), str(cross.n)]
    share = 100 * cross.shares("row").iloc[0, 2]
    assert rows[0][3] == f"{cross.counts.iloc[0, 2]} ({share:.1f})"


def test_every_pair_of_questions_is_tested_and_p_is_adjusted_for_all(survey, analysis, tmp_path):
    # Holm by hand: the smallest of six p-values times 6, the next times 5.
    table = exhibits(analysis, tmp_path)["overview"].content
    assert len(table.rows) == 6
    assert table.header[2:4] == ("p", "p (Holm)")
    by_pair = {row[0]: row for row in table.rows}
    second = cl.chi_square(cl.crosstab(survey, "gender", "visits")).p_value
    assert by_pair["Age and Education"][3] == "< .001"
    assert by_pair["Gender and Visits"][3] == f"{5 * second:.3f}".removeprefix("0")


@BOTH
def test_captions_say_which_people_were_selected(survey, tmp_path, lang):
    (tmp_path / "figures" / lang).mkdir(parents=True)
    Image.new("RGB", (60, 30), "white").save(tmp_path / "figures" / lang / "gender.png")
    some = exhibits(survey.where("gender", ["male"]), tmp_path, lang)
    ending = {"en": " (only Gender: Male)", "zh-Hans": "（仅性别为男）"}[lang]
    assert "figure gender" in some
    assert all(block.caption.endswith(ending) for block in some.values())


@BOTH
def test_results_are_in_apa_form(survey, written, lang):
    said = " ".join(paragraphs(written[lang]))
    table = cl.crosstab(survey, "gender", "visits")
    assert cl.apa(cl.chi_square(table), lang) in said
    assert cl.apa(cl.cramers_v(table), lang) in said


def test_small_counts_are_tested_exactly_and_the_report_says_so(written):
    (said,) = [p for p in paragraphs(written["en"]) if "The smallest expected count is 2.6" in p]
    assert "exact test" in said


def test_every_raw_row_is_accounted_for(survey, analysis, tmp_path):
    tables = exhibits(analysis, tmp_path)
    read, aside, kept, _ = (int(n) for _, n in tables["flow"].content.rows)
    assert read == aside + kept == len(survey.ledger)
    assert sum(int(n) for _, n in tables["aside"].content.rows) == aside


@pytest.fixture
def small(tmp_path):
    book = codebook(tmp_path / "b.toml", v=["yes", "no"], w=["a", "b"])
    raw = pd.DataFrame({"v": ["yes", "no"] * 20, "w": ["a", "b", "b", "a"] * 10})
    return lambda origin: cl.clean(raw, book, origin=origin)


@BOTH
def test_the_figures_of_the_language_are_in_it(small, tmp_path, lang):
    folder = tmp_path / "figures" / lang
    folder.mkdir(parents=True)
    for name in ("model", "model_2", "my_own", "v_by_w"):
        Image.new("RGB", (60, 30), "white").save(folder / f"{name}.png")
    survey = small(Origin.OBSERVED)
    blocks = exhibits(survey, tmp_path, lang).values()
    captions = [block.caption for block in blocks if block.kind == "figure"]
    model = report_words(lang)("survey.captions.model")
    assert captions[:3] == [model, model, "my_own"]
    assert captions[3].startswith({"en": "v by w: shares", "zh-Hans": "按w的v：占比"}[lang])
    document = docx.Document(str(write_survey_report(survey, tmp_path, lang)))
    assert len(document.inline_shapes) == 4
    assert all(s._inline.docPr.get("descr") for s in document.inline_shapes)


@BOTH
@pytest.mark.parametrize("model", [cl.ordinal_logit, cl.logit])
def test_a_model_is_told_with_its_odds_ratios_and_its_source(survey, tmp_path, lang, model):
    label = survey.codebook.labeller(lang)
    fit = model(survey, "visits", "gender")
    ratio = fit.odds_ratio("gender=female").value
    if model is cl.logit:  # by hand, of the two-by-two table
        male, female = cl.crosstab(survey, "gender", "visits").counts.to_numpy()
        assert ratio == pytest.approx(female[2] * male[:2].sum() / (female[:2].sum() * male[2]))
    analysis = SurveyAnalysis(survey, (), fit=fit)
    first, second = exhibits(analysis, tmp_path, lang)["model"].content.rows
    reference = {"en": "reference", "zh-Hans": "参照"}[lang]
    assert first == (label("gender"), label("gender.male"), "1", reference, "—")
    assert second[:3] == ("", label("gender.female"), f"{ratio:.2f}")
    said = "\n".join(paragraphs(write_survey_report(analysis, tmp_path, lang)))
    binary = model is cl.logit
    assert ("McCullagh, P." in said, "Hosmer, D." in said) == (not binary, binary)
    assert (f"“{label('visits.6+')}”" in said) == binary  # the answer whose odds it tells
    assert cl.apa(fit.test, lang) in said


def test_few_people_for_a_model_are_said_to_be_few(tmp_path):
    book = codebook(tmp_path / "b.toml", v=["a", "b"], w=["no", "yes"])
    answers = ["no", "yes", "yes", "yes", *["no", "yes"] * 4]
    raw = pd.DataFrame({"v": list("aabb") * 3, "w": answers})
    survey = cl.clean(raw, book, origin=Origin.OBSERVED)
    analysis = SurveyAnalysis(survey, (), fit=cl.logit(survey, "w", "v"))
    said = "".join(paragraphs(write_survey_report(analysis, tmp_path, "en")))
    assert "12 people for 2 parameters are fewer than ten each" in said


@BOTH
def test_a_number_stands_with_its_unit_beside_its_mean(tmp_path, lang):
    codebook(tmp_path / "b.toml", v=["a", "b"])
    number = 'label = { en = "Age", zh-Hans = "年龄" }\nunits = ["y", "岁"]'
    book = book_with(tmp_path / "b.toml", number)
    raw = pd.DataFrame({"v": list("aabb") * 3, "age": [f"{n} y" for n in range(20, 32)]})
    survey = cl.clean(raw, book, origin=Origin.OBSERVED)
    tables = exhibits(survey, tmp_path, lang)
    named = {"en": "Age (y)", "zh-Hans": "年龄（岁）"}[lang]
    assert tables["numbers"].content.rows[0][:4] == (named, "12", "0", "25.50")
    assert tables["age × v"].caption.startswith(named)


def test_a_simulated_survey_is_called_simulated(small, tmp_path):
    survey = small(Origin.SYNTHETIC)
    assert {block.origin for block in exhibits(survey, tmp_path).values()} == {Origin.SYNTHETIC}
    said = paragraphs(write_survey_report(survey, tmp_path, "en"))
    assert any("These answers were simulated" in text for text in said)


def test_the_same_survey_gives_the_same_bytes(small, tmp_path):
    survey = small(Origin.OBSERVED)
    first = write_survey_report(survey, tmp_path / "a", "zh-Hans").read_bytes()
    assert write_survey_report(survey, tmp_path / "b", "zh-Hans").read_bytes() == first


def test_questions_that_nobody_answered_are_said_to_be_so(tmp_path):
    book = codebook(tmp_path / "b.toml", v=["yes", "no"], w=["a", "b"], x=["c", "d"])
    raw = pd.DataFrame({"v": ["yes", "no", ""], "w": ["", "", ""], "x": ["", "", "c"]})
    survey = cl.clean(raw, book, origin=Origin.OBSERVED)
    said = paragraphs(write_survey_report(survey, tmp_path, "en"))
    assert "Nobody answered “w”." in said
    assert "“v” and “x” were answered together by nobody." in said
    # A single cell that can be tested for nothing is no gap in the list of tests: there is none.
    assert not any("tests every pair" in text for text in said)


@BOTH
def test_two_answers_that_are_as_frequent_are_both_named(tmp_path, lang):
    book = codebook(tmp_path / "b.toml", v=["yes", "no", "never"])
    raw = pd.DataFrame({"v": ["yes", "no"] * 3 + ["never"]})
    survey = cl.clean(raw, book, origin=Origin.OBSERVED)
    said = "".join(paragraphs(write_survey_report(survey, tmp_path, lang)))
    assert {"en": "are “yes”, “no”, 3 of 7 each", "zh-Hans": "为“yes”、“no”，各3/7"}[lang] in said


def test_one_question_alone_makes_a_report(tmp_path):
    book = codebook(tmp_path / "b.toml", v=["yes", "no"])
    survey = cl.clean(pd.DataFrame({"v": ["yes", "no"]}), book, origin=Origin.OBSERVED)
    said = paragraphs(write_survey_report(survey, tmp_path, "en"))
    assert "Pairs of questions" not in said


def test_a_question_called_like_a_table_of_ours_is_no_clash(tmp_path):
    book = codebook(tmp_path / "b.toml", flow=["yes", "no"], overview=["a", "b"], aside=["c", "d"])
    raw = pd.DataFrame({"flow": ["yes", "no"], "overview": ["a", "b"], "aside": ["c", "d"]})
    survey = cl.clean(raw, book, origin=Origin.OBSERVED)
    assert write_survey_report(survey, tmp_path, "en").exists()


def test_any_label_of_a_user_stands_in_the_report_as_text(tmp_path, nasty):
    book = codebook(tmp_path / "b.toml", v=[nasty, "other"], w=["a", "b"])
    raw = pd.DataFrame({"v": ["k0", "k0", "k1", "k1"], "w": ["a", "b", "a", "b"]})
    survey = cl.clean(raw, book, origin=Origin.OBSERVED)
    document = docx.Document(str(write_survey_report(survey, tmp_path, "zh-Hans")))
    first_column = [row.cells[0].text for table in document.tables for row in table.rows]
    label = xml_safe(survey.codebook.labeller("zh-Hans")("v.k0"))
    assert label in first_column
    assert any(f"“{label}”" in p.text for p in document.paragraphs)
    fields = [e.text.split()[0] for e in document.element.iter(qn("w:instrText"))]
    assert set(fields) == {"TOC", "SEQ", "REF"}


def test_a_label_missing_in_the_language_is_an_error(tmp_path, survey):
    path = tmp_path / "b.toml"
    path.write_text(
        '[variables.v]\nlabel = { zh-Hans = "问" }\n[[variables.v.levels]]\n'
        'key = "yes"\nlabel = { zh-Hans = "是" }\n',
        encoding="utf-8",
    )
    book = cl.load_codebook(path)
    own = cl.clean(pd.DataFrame({"v": ["是", "是"]}), book, origin=Origin.OBSERVED)
    with pytest.raises(KeyError, match="'v' has no label in 'en'"):
        write_survey_report(own, tmp_path, "en")
