"""Columns that tell who answered, from where, or when: known by their wording or their answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from churnlib.survey.answer_text import normalise
from churnlib.survey.answer_values import separator_of

_PERSONAL = """
提交答卷时间, 提交时间, 开始时间, 结束时间, 所用时间, 答题时间, 填写时间, 来源, 来源详情,
来自IP, IP, IP地址, 答题IP, 地理位置, 定位, 经纬度, 经度, 纬度, 用户ID, 用户名, 昵称, 姓名,
名字, 全名, 曾用名, 称呼, 签名, 手机, 手机号, 电话, 电话号, 联系电话, 联系方式, 联系人, 座机,
邮箱, 电子邮箱, 电子邮件, 邮箱地址, 邮件地址, 邮编, 邮政编码, 客户号, 客户编号, 会员号, 卡号,
银行卡号, 账号, 账户, 身份证, 身份证号, 证件号, 护照号, 社保号, 学号, 工号, 考号, 微信, 微信号,
微信昵称, openid, unionid, qq, qq号, 微博, 地址, 住址, 家庭住址, 家庭地址, 通讯地址, 收货地址,
详细地址, 车牌号, 出生日期, 生日, 出生年月, 出生年月日, submitted, submitted at, started,
started at, start time, end time, start date, end date, recorded date, submit date,
submission date, date submitted, timestamp, date last action, last page time, completion time,
duration, duration (seconds), duration (in seconds), time spent, source, referrer url, referer,
user agent, ip, ip address, ip addr, location latitude, location longitude, latitude, longitude,
gps, location, geolocation, name, full name, first name, last name, surname, family name,
given name, middle name, nickname, user name, username, initials, signature,
recipient first name, recipient last name, email, e-mail, mail, email address, e-mail address,
mail address, recipient email, contact, contact details, contact information, phone,
phone number, phone no, telephone, telephone number, tel, mobile, mobile number, mobile phone,
mobile phone number, cell, cell phone, cell phone number, cellphone, wechat, wechat id,
whatsapp, whatsapp number, fax, address, home address, postal address, street address, street,
zip, zip code, postcode, postal code, user id, respondent id, customer id, client id, member id,
employee id, student id, worker id, prolific id, passport number, id number, id card,
id card number, national id, social security number, ssn, account number, account no,
card number, licence plate, license plate, date of birth, birth date, birthdate, birthday, dob,
external reference, external data reference
"""
PERSONAL = tuple(re.split(r",\s+", _PERSONAL.strip()))
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
