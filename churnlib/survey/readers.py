"""Exports of survey platforms, read as typed and without the traces of who answered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import pandas as pd

from churnlib.survey.answer_text import CONTROL, normalise
from churnlib.survey.answer_values import separator_of
from churnlib.survey.file_formats import read_delimited, read_spreadsheet, read_spss
from churnlib.survey.raw_table import Numbered, RawTable, header_of, without_repeats

_WRITTEN_IN = re.compile(r"〖[^〗]*〗")
_WEB_PAGE = (b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<style", b"<div")
_WORDINGS = """
提交答卷时间, 提交时间, 开始时间, 结束时间, 所用时间, 答题时间, 填写时间, 来源, 来源详情, 来自IP,
答题IP, 地理位置, 定位, 经纬度, 经度, 纬度, 用户ID, 用户名, 昵称, 姓名, 名字, 全名, 曾用名, 称呼,
签名, 手机, 电话, 联系电话, 联系方式, 联系人, 座机, 邮箱, 电子邮箱, 电子邮件, 邮件地址, 邮编,
邮政编码, 客户号, 客户编号, 会员号, 卡号, 银行卡号, 账号, 账户, 身份证, 证件号, 护照号, 社保号,
学号, 工号, 考号, 微信, 微信昵称, openid, unionid, qq, 微博, 地址, 住址, 家庭住址, 家庭地址,
通讯地址, 收货地址, 详细地址, 车牌号, 出生日期, 生日, 出生年月, 出生年月日, submitted,
submitted at, started, started at, start time, end time, start date, end date, recorded date,
submit date, submission date, date submitted, timestamp, date last action, last page time,
completion time, duration, time spent, source, referrer url, referer, user agent, ip, ip address,
ip addr, location latitude, location longitude, latitude, longitude, gps, location, geolocation,
name, full name, first name, last name, surname, family name, given name, middle name, nickname,
username, initials, signature, recipient first name, recipient last name, email, mail,
email address, mail address, recipient email, contact, contact details, contact information,
phone, telephone, tel, mobile, mobile phone, cell, cellphone, wechat, wechat id, whatsapp, fax,
address, home address, postal address, street address, street, zip, zip code, postcode,
postal code, user id, respondent id, customer id, client id, member id, employee id, student id,
worker id, prolific id, passport number, id number, id card, national id, social security number,
ssn, account number, account no, card number, licence plate, license plate, date of birth,
birthdate, birthday, dob, external reference, external data reference
"""
PERSONAL = tuple(re.split(r",\s+", _WORDINGS.strip()))
"""What such columns are called; letter case, spaces and a polite wording do not matter."""
_WHO_EN = (
    "respondent|participant|interviewee|customer|client|applicant|patient|student|parent|child"
)
_WHO_ZH = (
    "受访者|被访者|被访人|被调查者|填写人|填表人|答题人|答卷人|客户|学生|患者|家长|"
    "监护人|孩子|联系人|紧急联系人"
)
_BEFORE = (
    rf"(?:(?:please|kindly)?(?:tellus|enter|giveus|give|provide|type|state|write|leave|fillin|"
    rf"what(?:is|'s|s|are)|mayweknow)?(?:your|the|my|our|a)?(?:{_WHO_EN})?(?:'?s|s')?"
    rf"(?:own|real|current|contact|personal|main|work|private|business|preferred|best)?"
    rf"|请?问?(?:留下|填写|输入|提供|写下|填|留|告知|告诉我们)?(?:一下)?(?:您|你|本人|{_WHO_ZH})?们?"
    rf"(?:的|个人|本人)*(?:真实|常用|有效|现在?|目前)?)"
)
_AFTER = (
    rf"(?:是什么|是多少|是|为|号码|号|地址|信息|\(.*\)|选填|必填|可选|of(?:the)?(?:{_WHO_EN})|number|no"
    rf"|optional|below|here|please|[?:。.!*,，])*"
)
_CONTENT = {
    "e-mail addresses": r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}",
    "telephone numbers": r"(?:\+|00)[0-9][0-9 ()/.-]{6,18}[0-9]|"
    r"(?:86-?)?1[3-9][0-9]([- ]?)[0-9]{4}\1[0-9]{4}|"
    r"0[0-9]{2,4}[- /][0-9][0-9 -]{4,10}|\(?[0-9]{3}\)?[-. ][0-9]{3}[-. ][0-9]{4}",
    "identity numbers": r"[1-9][0-9]{16}[0-9Xx]|[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx]|"
    r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
    "network addresses": r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|"
    r"(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}",
    "card numbers": r"[0-9]{16}|[0-9]{4}(?:[- ][0-9]{4}){3}",
}
EVERY_ANSWER_DIFFERS = "nearly every answer is different"
_SOME, _NEARLY_ALL = 0.2, 0.9
_ENOUGH = 10  # answers, to say that nearly every one is different


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
        A ``.csv`` or ``.txt`` file (UTF-8, UTF-16, GB18030, Big5 or a Western encoding; the
        delimiter is found), an ``.xlsx`` file, or an SPSS ``.sav`` file (needs the extra
        ``churnlib[spss]``).
    keep : sequence of str
        Personal columns to keep, by their headers. All others, known by their wording
        (`PERSONAL`) or their answers, are dropped here and go no further.
    encoding : str, optional
        Of a text file or a ``.sav`` file, where the one that is found is wrong.
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
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is empty, of another format, damaged, or protected by a password.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "export.csv")
    >>> _ = file.write_text("序号,来自IP,1、您的性别\n1,192.0.2.1,女\n", encoding="gb18030")
    >>> read_answers(file)
        序号 1、您的性别
    row
    2    1      女
    >>> read_answers(file).attrs["dropped"]
    ['来自IP']
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}; check the path")
    table = _table(file, encoding, sheet)
    notes = list(table.notes)
    rows = {n: [CONTROL.sub("", cell) for cell in row] for n, row in enumerate(table.rows, 1)}
    rows = {number: row for number, row in rows.items() if any(map(str.strip, row))}
    if not rows:
        raise ValueError(f"{file.name} holds no cells; export it again")
    header = header_of(list(rows.values()), file.name, header_rows)
    if header.depth > 1 and header_rows is None:
        notes.append(f"the first {header.depth} rows are headers (--header-rows says otherwise)")
    answers = dict(islice(rows.items(), header.depth, None))
    frame = _frame(header.texts, without_repeats(header.texts, answers, notes), notes, file.name)
    names = {**table.names, **header.names}
    if unknown := {*keep} - {*frame.columns} - {*map(names.get, frame.columns)}:
        raise ValueError(
            f"{file.name} has no column {min(unknown)!r} to keep; it has {', '.join(frame.columns)}"
        )
    personal = {}
    for column in frame.columns.difference(keep, sort=False):
        name = names.get(column, column)
        reason = reason_of(column, frame[column]) or reason_of(name, [])
        if reason and name not in keep:
            personal[column] = reason
            notes.append(
                f"the column {column!r} was dropped as personal ({reason}); to keep it: "
                f'--keep "{column}"'
            )
    frame = frame.drop(columns=[*personal])
    frame.attrs = {
        "notes": notes,
        "dropped": list(personal),
        "texts": [column for column, why in personal.items() if why == EVERY_ANSWER_DIFFERS],
        "names": names,
        "orders": dict(table.orders),
        "ordinal": dict(table.ordinal),
    }
    return frame


def _table(file: Path, encoding: str | None, sheet: str | None) -> RawTable:
    with file.open("rb") as stream:
        start = stream.read(2_000).replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t")
    if start.lower().startswith(_WEB_PAGE):
        raise ValueError(
            f"{file.name} is a saved web page and no export, whatever its name; download the "
            "export again, or open the page in a spreadsheet and save it as .xlsx"
        )
    match file.suffix.lower():
        case ".csv" | ".txt" | ".tsv":
            return read_delimited(file, encoding)
        case ".xlsx" | ".xlsm":
            return read_spreadsheet(file, sheet)
        case ".sav" | ".zsav":
            return read_spss(file, encoding)
    raise ValueError(
        f"{file.name}: cannot read {file.suffix or 'a file without ending'}; "
        "export it as .csv, .xlsx or .sav"
    )


def _frame(texts: list[str], answers: Numbered, notes: list[str], name: str) -> pd.DataFrame:
    if not answers:
        raise ValueError(f"{name} holds a header and no answers")
    width = len(texts)
    for row, cells in answers.items():
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            raise ValueError(
                f"{name}, row {row} has {len(cells)} cells where {width} belong; look there for a "
                "comma or a line break without quotes, and write empty answers too"
            )
    # 〖…〗 holds what somebody wrote beside an option, and may say who it was.
    rows = [[_WRITTEN_IN.sub("", cell) for cell in cells[:width]] for cells in answers.values()]
    if not texts[0] and width > 1 and len({cells[0] for cells in rows}) == len(rows):
        notes.append("the first column has no header and holds the names of rows: left out")
        texts, rows = texts[1:], [cells[1:] for cells in rows]
    for number, header in enumerate(texts, 1):
        if header in texts[: number - 1] or not header:
            what = f"two columns are called {header!r}" if header else "a column has no header"
            raise ValueError(
                f"{name}: {what} (column {number}); rename it in the export, or say how many "
                "rows of headers there are (--header-rows)"
            )
    return pd.DataFrame(rows, pd.Index([*answers], name="row"), texts, dtype="str")


def reason_of(header: str, answers: Iterable[str]) -> str | None:
    """Say why a column is personal, ``None`` if it is not.

    Examples
    --------
    >>> reason_of("1、您的姓名", [])
    'its wording'
    >>> reason_of("How to reach you", ["a@example.org", "-"])
    'answers that are e-mail addresses'
    """
    if _asks_who(header):
        return "its wording"
    given = Counter(text.strip() for text in answers)
    del given[""]
    n = given.total()
    for kind, pattern in _CONTENT.items():
        matching = sum(times for text, times in given.items() if re.fullmatch(pattern, text))
        if matching and matching >= _SOME * n:
            return f"answers that are {kind}"
    different = n >= _ENOUGH and len(given) >= _NEARLY_ALL * n
    if different and not all(map(_is_quantity, map(normalise, given))) and not separator_of(given):
        return EVERY_ANSWER_DIFFERS
    return None


def _asks_who(header: str) -> bool:
    plain = re.sub(r"^(?:q?[0-9]+[.、:)]?|\([0-9]+\)|[一二三四五六七八九十]+、)", "", _bare(header))
    name = f"{_BEFORE}(?:{_NAMES}){_AFTER}"
    return re.fullmatch(f"{name}(?:(?:和|及|与|或|、|/|,|&|and|or){name})*", plain) is not None


def _bare(text: str) -> str:
    return re.sub("[-_ ]", "", normalise(text))


_NAMES = "|".join(sorted(map(re.escape, map(_bare, PERSONAL)), key=len, reverse=True))


def _is_quantity(text: str) -> bool:
    return re.fullmatch(r"[-+]?[$¥€£]?[0-9][0-9.,]*\D{0,3}", text) is not None
