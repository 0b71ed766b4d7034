"""The written report on the thesis: what it holds, where its numbers come from, how it prints."""

import re
import shutil
import tomllib
from dataclasses import replace

import docx
import pytest
from docx.oxml.ns import qn
from scipy.stats import beta

import churnlib as cl
from churnlib.__main__ import main
from churnlib.evidence.origin import LANGUAGES, PROJECT, Origin
from churnlib.report.manifest import read_manifest
from churnlib.report.report_text import Exhibit, Text, Words, report_words
from churnlib.report.thesis_report import (
    RUN,
    collect_exhibits,
    thesis_blocks,
    write_report,
)

BOTH = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT / "figures", folder / "figures")
    return folder


@pytest.fixture(scope="module")
def written(folder):
    return {lang: write_report(folder, lang) for lang in LANGUAGES}


@pytest.fixture(scope="module")
def entries():
    return read_manifest(PROJECT)


def texts(path) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]


def instructions(path) -> list[str]:
    document = docx.Document(str(path))
    return [e.text.strip() for e in document.element.iter(qn("w:instrText"))]


@BOTH
def test_every_exhibit_of_the_manifest_is_shown_once_or_named_with_its_notebook(
    written, entries, lang
):
    document = docx.Document(str(written[lang]))
    captions = [p.text for p in document.paragraphs if p.style.name == "Caption"]
    assert len(captions) == len(document.tables) + len(document.inline_shapes)
    named = dict.fromkeys(entries, 0)
    for entry in (entry for entry in entries if entry.kind != "none"):
        shown = sum(entry.caption[lang] in caption for caption in captions)
        listed = [
            said
            for said in texts(written[lang])
            if said.startswith(entry.notebook) and entry.caption[lang] in said
        ]
        named[entry] = len(listed)
        assert shown + len(listed) == 1, entry
    assert sum(named.values()) + len(captions) == sum(entry.kind != "none" for entry in entries)


@BOTH
def test_every_caption_is_numbered_once_and_referred_to(written, lang):
    found = instructions(written[lang])
    captions = sum(instruction.startswith("SEQ") for instruction in found)
    referred = {i.split()[1] for i in found if i.startswith("REF")}
    document = docx.Document(str(written[lang]))
    marks = {e.get(qn("w:name")) for e in document.element.iter(qn("w:bookmarkStart"))}
    assert referred == {mark for mark in marks if not mark.startswith("_Toc")}
    assert len(referred) == captions


@BOTH
def test_every_exhibit_says_its_origin_shown_or_named(entries, folder, written, lang):
    origins = {entry.name: entry.origin for entry in entries}
    blocks = thesis_blocks(entries, folder, report_words(lang))
    shown = [b for b in blocks if isinstance(b, Exhibit)]
    assert all(block.origin is origins[block.key] for block in shown)
    badges = [
        p for p in texts(written[lang]) if p.split(" · ")[0] in {o.mark(lang) for o in Origin}
    ]
    assert len(badges) == len(shown)
    said = "".join(texts(written[lang]))
    left, right = {"en": (" (", ")"), "zh-Hans": ("（", "）")}[lang]
    for entry in entries:
        if entry.kind != "none" and entry.name not in {block.key for block in shown}:
            assert f"{entry.caption[lang]}{left}{entry.origin.mark(lang)}{right}" in said


@BOTH
def test_a_simulated_exhibit_is_not_shown_and_is_said_to_support_no_statement(
    entries, folder, written, lang
):
    blocks = thesis_blocks(entries, folder, report_words(lang))
    shown = [b for b in blocks if isinstance(b, Exhibit)]
    assert Origin.SYNTHETIC in {entry.origin for entry in entries}
    assert Origin.SYNTHETIC not in {block.origin for block in shown}
    assert report_words(lang)("thesis.elsewhere.text") in texts(written[lang])


def test_an_exhibit_is_not_forgotten_because_the_report_has_no_words_for_its_notebook(
    entries, folder
):
    entry = next(e for e in entries if e.kind == "table")
    caption = {"en": "A new one"}
    new = replace(entry, name="new", exhibit="Table Z-1", notebook="99_new", caption=caption)
    blocks = list(thesis_blocks([*entries, new], folder, report_words("en")))
    assert isinstance(blocks[-1], Text)
    assert blocks[-1].text == f"99_new: A new one ({entry.origin.mark('en')})."


@BOTH
def test_the_appendix_gives_every_verdict_with_its_reason(written, lang):
    table = docx.Document(str(written[lang])).tables[-1]
    verdicts = cl.claims()
    reason = "reason" if lang == "en" else "reason_zh"
    rows = [[cell.text for cell in row.cells] for row in table.rows[1:]]
    assert [row[0] for row in rows] == [str(number) for number in verdicts.index]
    assert [row[-1] for row in rows] == verdicts[reason].tolist()
    word = report_words(lang)
    assert [row[-2] for row in rows] == [word(f"verdicts.{v}") for v in verdicts["verdict"]]


@BOTH
def test_the_summary_holds_the_findings_in_the_words_of_the_verdicts(written, lang):
    said = " ".join(texts(written[lang]))
    reasons = cl.claims()["reason" if lang == "en" else "reason_zh"]
    for number in (10, 11, 12, 14, 17, 22, 23):
        assert reasons[number] in said
    # Facts of the thesis: the eleven closings sum to 112,241, not 116,241; 107 of 200 are 40 and
    # over; 106 of 200 hold a bachelor's degree.
    for number in ("4,000", "112,241", "107", "106"):
        assert number in said


@BOTH
def test_summary_and_results_say_how_few_adults_can_have_stopped_at_high_school(written, lang):
    paragraphs = texts(written[lang])
    # Tables 3-2 and 3-3: 26 of 200 have high school or below, 24 of 200 are 18 or under. The limit
    # is Clopper and Pearson's (1934, Biometrika 26, 404-413), a quantile of the beta distribution.
    most, adults = 26, 200 - 24
    limit = beta.ppf(0.975, most + 1, adults - most)
    facts = (f"{most}", f"{adults}", f"{most / adults:.1%}", f"{limit:.1%}")
    assert facts[2:] == ("14.8%", "20.9%")
    said = [text for text in paragraphs if all(fact in text for fact in facts)]
    assert len(said) == 2
    assert any(text.startswith({"en": "(2) ", "zh-Hans": "（2）"}[lang]) for text in said)


@BOTH
def test_the_summary_names_the_thesis(written, lang):
    paragraphs = texts(written[lang])
    # The title in Simplified characters, as the web copy heads each of its pages in Traditional.
    title = "A银行客户流失管理的问题与优化建议探析"
    (cited,) = report_words(lang).cited("thesis")[:1]
    assert title in cited
    assert sum(title in text for text in paragraphs) == 2  # the summary and the references


def test_results_are_written_in_apa_form_from_the_results(written):
    survey = cl.clean(
        cl.read_answers(PROJECT / "data" / "synthetic" / "answers.csv"),
        cl.load_codebook(),
        origin=Origin.SYNTHETIC,
        on_error="set_aside",
    )
    table = cl.crosstab(survey, "gender", "visits")
    for lang in LANGUAGES:
        said = " ".join(texts(written[lang]))
        assert cl.apa(cl.chi_square(table), lang) in said
        assert cl.apa(cl.cramers_v(table), lang) in said
        assert {"en": "(simulated data)", "zh-Hans": "（模拟数据）"}[lang] in said


def test_the_words_of_the_report_hold_no_number_of_the_thesis():
    content = tomllib.loads((PROJECT / "data" / "report.toml").read_text(encoding="utf-8"))

    def leaves(entry):
        if isinstance(entry, dict):
            for key, value in entry.items():
                yield from () if key == "reference" else leaves(value)
        elif isinstance(entry, list):
            for value in entry:
                yield from leaves(value)
        elif isinstance(entry, str):
            yield entry

    # Statements are counted by this project; what is in braces is filled in from results.
    ours = r"\{\w*\}|Statement \d+|陈述\d+|Figure 3-1|图3-1"
    allowed = ours + r"|\(\d{4}\)|, \d{4}|95 ?%|5 ?%|below 5|低于5|第 |5时"
    for text in leaves(content):
        assert not re.search(r"\d\d|\d%", re.sub(allowed, "", text)), text


def test_both_languages_say_everything():
    content = report_words("en").content

    def pairs(entry, place):
        if isinstance(entry, dict) and "en" in entry:
            yield place, entry
        elif isinstance(entry, dict | list):
            listed = entry.items() if isinstance(entry, dict) else enumerate(entry)
            for key, value in listed:
                yield from pairs(value, f"{place}.{key}")

    for place, entry in pairs(content, ""):
        assert set(entry) == {"en", "zh-Hans"}, place
        asked = [set(re.findall(r"\{(\w*)\}", entry[lang])) for lang in LANGUAGES]
        assert asked[0] == asked[1], place


def test_a_missing_word_and_a_missing_language_are_errors():
    with pytest.raises(KeyError, match=r"no words for 'b.c'; add them"):
        Words({"b": {"en": "people"}}, "en")("b.c")
    with pytest.raises(KeyError, match="no report in 'fr'; there are en, zh-Hans"):
        report_words("fr")


@BOTH
def test_the_report_is_the_same_from_run_to_run_and_says_what_is_committed(written, folder, lang):
    before = written[lang].read_bytes()
    assert write_report(folder, lang).read_bytes() == before
    assert texts(PROJECT / "report" / f"churn-report.{lang}.docx") == texts(written[lang])


def test_exhibits_that_a_lone_notebook_lacks_are_those_of_the_last_run(tmp_path, entries):
    own = tmp_path / "figures" / "source" / "table_3_1.csv"
    own.parent.mkdir(parents=True)
    own.write_text("of this run")
    manifest = collect_exhibits(tmp_path)
    assert manifest == tmp_path / "figures" / "manifest.json"
    assert own.read_text() == "of this run"
    for file in (file for entry in entries for file in entry.files):
        assert (tmp_path / file.path).exists()


def test_in_a_run_a_figure_that_no_notebook_makes_is_missed_and_not_taken_from_the_last(
    tmp_path, monkeypatch
):
    monkeypatch.setenv(RUN, "1")
    with pytest.raises(FileNotFoundError, match=r"exhibits lack .*run the notebooks"):
        collect_exhibits(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"manifest\.json is missing"):
        write_report(tmp_path, "en")


def test_the_command_writes_one_language_with_a_template(monkeypatch, folder, tmp_path, capsys):
    monkeypatch.setattr("churnlib.__main__.PROJECT", folder)
    (folder / "notebooks").mkdir()
    shutil.copy(PROJECT / "notebooks" / "03_survey_cleaning.ipynb", folder / "notebooks")
    template = docx.Document()
    template.sections[0].header.paragraphs[0].text = "School"
    template.save(str(tmp_path / "school.docx"))
    options = ["--lang", "en", "--template", str(tmp_path / "school.docx")]
    assert main(["report", *options]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[:2] == ["report/churn-report.en.docx", "report/html/index.html"]
    made = docx.Document(str(folder / "report" / "churn-report.en.docx"))
    assert made.sections[0].header.paragraphs[0].text == "School"
    assert main(["report", "--template", str(PROJECT / "README.md")]) == 1
    assert "README.md is not a Word document" in capsys.readouterr().err


@BOTH
def test_a_word_processor_prints_all_of_it_inside_the_page(
    written, entries, print_word, words_of_pages, lang
):
    pages = words_of_pages(print_word(written[lang]))
    text = "".join(page.text for page in pages).replace(" ", "")
    for entry in entries:
        if entry.kind != "none":
            assert entry.caption[lang].replace(" ", "") in text
    for page in pages:
        assert min(left for left, _, _ in page.words) > 60
        assert max(right for _, right, _ in page.words) < page.width - 60
    # A number broken over two lines is read as two.
    number = re.compile(r"−?\d*\.\d{2,}")
    printed = {n for page in pages for _, _, word in page.words for n in number.findall(word)}
    for table in docx.Document(str(written[lang])).tables:
        wanted = {n for row in table.rows for cell in row.cells for n in number.findall(cell.text)}
        assert wanted <= printed
    called = {"en": "Page1of", "zh-Hans": "第1页，共"}[lang]
    assert called in text
    assert "Error" not in text
