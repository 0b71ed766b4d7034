"""Exports of survey platforms, read as typed and without the traces of who answered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, islice, zip_longest
from pathlib import Path

import pandas as pd

from churnlib.survey.answer_text import CONTROL, normalise
from churnlib.survey.answer_values import separator_of
from churnlib.survey.file_formats import RawTable, read_delimited, read_spreadsheet, read_spss

_TOTAL = re.compile(
    r"(?:合计|总计|小计|总和|总数|平均|平均值|平均数|均值|(?:grand|sub)?total|sum|average|mean):*"
)
_IMPORT = re.compile(r'\s*\{\s*["\']+ImportId')
_NAME = re.compile(r"(?i)[a-z]{1,6}[-_.]?\d+(?:[-_.#]\w+)*|[a-z]+[_.][a-z0-9_.]+")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_RESPONSE = {"response", "open-endedresponse", "回答", "答案"}
_FEW, _MANY = 8, 1_000  # answer sheets: too few to call a row strange, and enough to tell
_WRITTEN_IN = re.compile(r"〖[^〗]*〗")
_WEB_PAGE = (b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<style", b"<div")
_PERSONAL = """
(?:提交|提交答卷|开始|结束|所用|答题|填写)时间|来源(?:详情)?|(?:来自|答题)ip|地理位置|定位|经纬度|经度|纬度
|用户(?:id|名)|昵称|姓名|名字|全名|曾用名|称呼|签名|手机|(?:联系)?电话|联系(?:方式|人)|座机|(?:电子)?邮箱
|电子邮件|邮件地址|邮编|邮政编码|(?:客户|会员|银?行?卡|账|证件|护照|社保|学|工|考|车牌)号|客户编号|账户|身份证
|微信(?:昵称)?|openid|unionid|qq|微博|(?:家庭|通讯|收货|详细)?地址|(?:家庭)?住址|出生(?:日期|年月日?)|生日
|(?:submitted|started)(?:at)?|(?:start|end|lastpage|completion)time|timestamp|duration|timespent
|(?:start|end|recorded|submit|submission)date|date(?:submitted|lastaction)|source|referrerurl|referer
|useragent|ip|ipaddr(?:ess)?|gps|(?:geo)?location|(?:location)?(?:latitude|longitude)
|(?:full|first|last|sur|family|given|middle|nick|user|recipientfirst|recipientlast)?name|initials
|signature|e?mail(?:address)?|recipientemail|contact(?:details|information)?|(?:mobile|cell)?phone
|telephone|tel|mobile|cell|wechat(?:id)?|whatsapp|fax|(?:home|postal|street)?address|street
|zip(?:code)?|post(?:al)?code|(?:user|respondent|customer|client|member|employee|student|worker)id
|prolificid|(?:passport|id|socialsecurity|account|card)number|idcard|nationalid|ssn|accountno
|licen[cs]eplate|dateofbirth|birthdate|birthday|dob|external(?:data)?reference
"""
"""What such columns are called, in lower case and without spaces."""
_WHO = "respondent|participant|interviewee|customer|client|applicant|patient|student|parent|child"
_WHO_ZH = (
    "[受被]访[者人]|被调查者|填[写表]人|答[题卷]人|客户|学生|患者|家长|监护人|孩子|(?:紧急)?联系人"
)
_ASKS_WHO = (
    rf"(?:(?:please|kindly)?(?:tellus|enter|giveus|give|provide|type|state|write|leave|fillin|"
    rf"what(?:is|'s|s|are)|mayweknow)?(?:your|the|my|our|a)?(?:{_WHO})?(?:'?s|s')?"
    rf"(?:own|real|current|contact|personal|main|work|private|business|preferred|best)?"
    rf"|请?问?(?:留下|填写|输入|提供|写下|填|留|告知|告诉我们)?(?:一下)?(?:您|你|本人|{_WHO_ZH})?们?"
    rf"(?:的|个人|本人)*(?:真实|常用|有效|现在?|目前)?)(?:{_PERSONAL.replace(chr(10), '')})"
    rf"(?:是什么|是多少|是|为|号码|号|地址|信息|\(.*\)|选填|必填|可选|of(?:the)?(?:{_WHO})|number|no"
    rf"|optional|below|here|please|[?:。.!*,，])*"
)
_CONTENT = {
    "e-mail addresses": r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}",
    "telephone numbers": r"(?:\+|00)[0-9][0-9 ()/.-]{6,18}[0-9]"
    r"|(?:86-?)?1[3-9][0-9]([- ]?)[0-9]{4}\1[0-9]{4}|0[0-9]{2,4}[- /][0-9][0-9 -]{4,10}"
    r"|\(?[0-9]{3}\)?[-. ][0-9]{3}[-. ][0-9]{4}",
    "identity numbers": r"[1-9][0-9]{16}[0-9Xx]|[0-9]{3}-[0-9]{2}-[0-9]{4}",
    "network addresses": r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|(?i:(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4})",
    "card numbers": r"[0-9]{16}|[0-9]{4}(?:[- ][0-9]{4}){3}",
}
_QUANTITY = re.compile(r"[-+]?[$¥€£]?[0-9][0-9.,]*\D{0,3}")
_EVERY_ANSWER_DIFFERS = "nearly every answer is different"
_SOME, _NEARLY_ALL, _ENOUGH = 0.2, 0.9, 10  # shares of answers, and how many must differ


def read_answers(
    path: str | Path,
    *,
    keep: Sequence[str] = (),
    encoding: str | None = None,
    header_rows: int | None = None,
    sheet: str | None = None,
) -> pd.DataFrame:
    r"""Read the answer sheets of one survey as typed, every cell as text.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` or ``.txt`` file (its encoding and delimiter are found), an ``.xlsx`` file, or
        an SPSS ``.sav`` file (needs the extra ``churnlib[spss]``).
    keep : sequence of str
        Personal columns to keep, by their headers. All others, known by their wording or their
        answers, are dropped here and go no further.
    encoding : str, optional
        Of a text or ``.sav`` file, where the one that is found is wrong.
    header_rows : int, optional
        How many rows the headers take; two or three are found where that is certain.
    sheet : str, optional
        Of a workbook; the first when left out.

    Returns
    -------
    DataFrame
        One row a sheet, indexed by its ``row`` in the file as a spreadsheet numbers it; an
        empty cell is the empty text. Its ``attrs`` say what was decided (``notes``), what was
        ``dropped`` (free ``texts`` among it) and, where the file knows, the short ``names`` of
        questions, the ``orders`` of their answers and whether they are ``ordinal``.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file; if it is empty, of another format, damaged or protected.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "export.csv")
    >>> _ = file.write_text("序号,来自IP,1、您的性别\n1,192.0.2.1,女\n", encoding="gb18030")
    >>> answers = read_answers(file)
    >>> answers.columns.tolist(), answers.attrs["dropped"]
    (['序号', '1、您的性别'], ['来自IP'])
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}; check the path")
    try:
        return _without_persons(_frame(_table(file, encoding, sheet), header_rows), keep)
    except ValueError as error:  # each message goes on behind the name of the file
        raise ValueError(f"{file.name}{error}") from error


def _table(file: Path, encoding: str | None, sheet: str | None) -> RawTable:
    with file.open("rb") as stream:
        start = stream.read(2_000).replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t")
    if start.lower().startswith(_WEB_PAGE):
        raise ValueError(
            " is a saved web page and no export, whatever its name; download the "
            "export again, or open the page in a spreadsheet and save it as .xlsx"
        )
    match file.suffix.lower():
        case ".csv" | ".txt" | ".tsv":
            return read_delimited(file, encoding)
        case ".xlsx" | ".xlsm":
            return read_spreadsheet(file, sheet)
        case ".sav" | ".zsav":
            return read_spss(file, encoding)
    ending = file.suffix or "a file without ending"
    raise ValueError(f": cannot read {ending}; export it as .csv, .xlsx or .sav")


def _frame(table: RawTable, depth: int | None) -> pd.DataFrame:
    """The answers below their headers, without blank rows, row names, repeats and totals."""
    # 〖…〗 holds what somebody wrote beside an option, and may say who it was.
    cells = ([_WRITTEN_IN.sub("", CONTROL.sub("", cell)) for cell in row] for row in table.rows)
    numbered = {n: row for n, row in enumerate(cells, 1) if any(map(str.strip, row))}
    rows, notes = [*numbered.values()], [*table.notes]
    if not rows:
        raise ValueError(" holds no cells; export it again")
    if depth is None:
        if (depth := _depth(rows)) > 1:
            notes.append(f"the first {depth} rows are headers (--header-rows says otherwise)")
    elif not 1 <= depth < max(len(rows), 2):
        raise ValueError(f" has {len(rows)} rows that are not blank; given {depth} of headers")
    headers, tops = _headers(rows[:depth]), [cell.strip() for cell in rows[0]]
    width, names = len(headers), dict(table.names)
    if all(tops[:width]) and width <= len(tops):
        names |= {text: top for text, top in zip(headers, tops, strict=False) if text != top}
    answers = dict(islice(numbered.items(), depth, None))
    if repeated := [n for n, row in answers.items() if [*map(str.strip, row[:width])] == headers]:
        notes.append(f"row {', '.join(map(str, repeated))} repeats the header and was left out")
    answers = {n: row for n, row in answers.items() if n not in repeated}
    padded = [[*row, *[""] * (width - len(row))][:width] for row in answers.values()]
    frame = pd.DataFrame(padded, [*answers], headers, "str")
    if not headers[0] and width > 1 and frame.iloc[:, 0].is_unique:
        notes.append("the first column has no header and holds the names of rows: left out")
        frame = frame.iloc[:, 1:]
    for number, header in enumerate(frame, 1):
        if not header or header in frame.columns[: number - 1]:
            what = f"two columns are called {header!r}" if header else "a column has no header"
            raise ValueError(
                f": {what} (column {number}); rename it in the export, or say how many "
                "rows of headers there are (--header-rows)"
            )
    frame = _without_totals(frame, notes).rename_axis("row")
    if frame.empty:
        raise ValueError(" holds a header and no answers")
    for row in frame.index:  # one of totals may be cut short
        if len(answers[row]) < width or any(map(str.strip, answers[row][width:])):
            raise ValueError(
                f", row {row} has {len(answers[row])} cells where {width} belong; look there for a "
                "comma or a line break without quotes, and write empty answers too"
            )
    frame.attrs = {"notes": notes, "names": names, "orders": table.orders, "ordinal": table.ordinal}
    return frame


def _headers(rows: Sequence[Sequence[str]]) -> list[str]:
    """The wordings of the questions; ``Question [Row]`` where one takes several columns."""
    tops = [map(str.strip, row) for row in rows if not any(map(_IMPORT.match, row))]
    columns = [*zip_longest(*tops, fillvalue="")]
    while columns and not any(columns[-1]):
        columns.pop()
    first, *more = zip(*columns, strict=True)
    below = [[text for text in column[1:] if text and not _is_response(text)] for column in columns]
    if all(first):
        lowest = [cells[-1] if cells else top for top, cells in zip(first, below, strict=True)]
        return [
            f"{text} [{top}]" if more and lowest.count(text) > 1 else text
            for top, text in zip(first, lowest, strict=True)
        ]
    # A question stands above the first of its columns.
    questions = accumulate(first, lambda question, top: top or question) if more else first
    return [
        f"{question} [{' '.join(cells)}]" if cells and question else question
        for question, cells in zip(questions, below, strict=True)
    ]


def _is_response(text: str) -> bool:
    return normalise(text) in _RESPONSE


def _depth(rows: Sequence[Sequence[str]]) -> int:
    """How many rows are surely headers; one more that may be an answer sheet is an error."""
    width = max(map(len, rows[:3]))
    rows = [[c.strip() for c in row] + [""] * (width - len(row)) for row in rows[:_MANY]]
    for depth, row in enumerate(rows[1:4], 2):
        if any(map(_IMPORT.match, row)):
            return depth
    depth = 1
    while depth < 3 and len(rows) > depth + 1 and _heads(rows, depth):
        depth += 1
    return depth


def _heads(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Whether a row is part of the header."""
    row, rest = rows[at], rows[at + 1 :]
    if any(map(_is_response, row)) and not all(rows[0]):
        return True
    closed = {}  # by column, the different answers to a question with few
    for j, cell in enumerate(row):
        answers = [other[j] for other in rest if j < len(other) and other[j]]
        if len(set(answers)) <= len(answers) / 2 and cell:
            closed[j] = {normalise(answer) for answer in answers}
    if len(closed) < 2 or any(normalise(row[j]) in answers for j, answers in closed.items()):
        return False
    half = len(closed) / 2
    asks = sum(row[j].rstrip("*").endswith(("?", "？", ":", "：")) for j in closed)
    words = not any(_NUMBER.fullmatch(normalise(row[j])) for j in closed)
    codes = sum(bool(_NAME.fullmatch(top)) for top in rows[0]) * 2 >= len(rows[0])
    longer = sum(len(row[j]) > max(map(len, answers)) for j, answers in closed.items()) > half
    numbers = all(map(_NUMBER.fullmatch, set().union(*closed.values())))
    if asks >= half or (words and (numbers or (codes and longer))):
        return True
    if len(rest) >= _FEW or (all(row) and not all(rows[0])):
        raise ValueError(
            f": row {at + 1} looks like a second header, since none of its answers is given again; "
            f"say how many rows of headers there are (--header-rows {at} or {at + 1})"
        )
    return False


def _without_totals(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Leave out rows that sum up the others, and say so.

    Their only word is such as ``Total`` or ``合计``, which nobody else gave, beside blank cells or
    the sums, means or counts of the other rows.
    """
    plain = frame.map(normalise)
    for row, cells in zip(plain.index, plain.to_numpy().tolist(), strict=True):
        word, *more = [cell for cell in cells if re.search(r"[^-\d.,%]", cell)] or [""]
        if more or not _TOTAL.fullmatch(word) or plain.eq(word).sum(axis=None) > 1:
            continue
        others = frame.index.drop(row)
        numbers = frame.replace("[,%]", "", regex=True).apply(pd.to_numeric, errors="coerce")
        given, column = numbers.loc[row].dropna(), numbers.loc[others]
        sums = pd.DataFrame([column.sum(), column.mean(), frame.loc[others].ne("").sum()])
        likely = sums[given.index]
        if (likely - given).abs().le(0.005 * likely.abs().clip(lower=1)).any().all():
            frame = frame.loc[others]
            notes.append(f"row {row} holds totals ({word!r}) and was left out")
        else:
            kept = f"row {row} reads {word!r} and was kept as an answer sheet"
            notes.append(f"{kept}; if it holds totals, delete it in the file")
    return frame


def _without_persons(frame: pd.DataFrame, keep: Sequence[str]) -> pd.DataFrame:
    """Drop the columns that tell who answered, but for those to be kept, and say so."""
    names, personal = frame.attrs["names"], dict[str, str]()
    if unknown := {*keep} - {*frame} - {*map(names.get, frame)}:
        raise ValueError(f" has no column {min(unknown)!r} to keep; it has {', '.join(frame)}")
    for column in frame:
        called = {column, names.get(column, column)}
        if not called & {*keep} and (reason := _reason(called, frame[column])):
            personal[column] = reason
    frame.attrs["notes"] += [
        f'the column {column!r} was dropped as personal ({reason}); to keep it: --keep "{column}"'
        for column, reason in personal.items()
    ]
    texts = [column for column, reason in personal.items() if reason == _EVERY_ANSWER_DIFFERS]
    frame.attrs |= {"dropped": [*personal], "texts": texts}
    return frame.drop(columns=[*personal])


def _reason(called: set[str], answers: pd.Series) -> str:
    """Say why a column is personal; empty if it is not."""
    if any(map(_asks_who, called)):
        return "its wording"
    given = Counter(text for cell in answers if (text := cell.strip()))
    n = given.total()
    for kind, pattern in _CONTENT.items():
        matching = sum(times for text, times in given.items() if re.fullmatch(pattern, text))
        if matching and matching >= _SOME * n:
            return f"answers that are {kind}"
    numbers = all(_QUANTITY.fullmatch(normalise(text)) for text in given)
    differ = n >= _ENOUGH and len(given) >= _NEARLY_ALL * n
    return _EVERY_ANSWER_DIFFERS if differ and not (numbers or separator_of(given)) else ""


def _asks_who(header: str) -> bool:
    plain = re.sub("[-_ ]", "", normalise(header))
    plain = re.sub(r"^(?:q?[0-9]+[.、:)]?|\([0-9]+\)|[一二三四五六七八九十]+、)", "", plain)
    both = f"{_ASKS_WHO}(?:(?:和|及|与|或|、|/|,|&|and|or){_ASKS_WHO})*"
    return re.fullmatch(both, plain) is not None
