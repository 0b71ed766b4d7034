"""Words in an answer that open it on a side, divide it, or change nothing in its meaning."""

from __future__ import annotations

import re

INCLUSIVE_SIDE = re.compile(
    "(?:及其|及|或者|或|和)(?:以上|以下|更高|更低)$"
    "|(?:or|and)(?:above|below|higher|lower|more|less|over|under)$"
)
"""What opens a level on a side and leaves its own word in it."""
BETWEEN_WORDS = re.compile(
    r"""[、/\\,;|()\[\]·+&"“”「」-]|(?<=\w)(?=[♂♀])|\b(?:or|and|to|including|incl)\b"""
    "|包括|包含|以及|或者|[含和与及或至到等]"
    "|(?<=[\u3400-\u9fff])\\s*(?=[a-z])|(?<=[a-z])\\s*(?=[\u3400-\u9fff])"
)
_UP = re.compile(
    r"(?:及其|及|或者|或|和)?(?:以上|更高)|\b(?:or|and|&) (?:above|higher|more|over|beyond)\b"
    r"|\babove\b"
)
_DOWN = re.compile(
    r"(?:及其|及|或者|或|和)?(?:以下|更低)|\b(?:or|and|&) (?:below|lower|less|under)\b"
    r"|\b(?:below|under|less than|lower than)\b"
)
_BEFORE = re.compile("^(?:我是|非?全日制|在读|在职|普通|统招|成人|自考|已)")
_BEHIND = re.compile(
    "(?:学历|学位|毕业|在读|程度|文化|水平|阶段|[及或]?同等学[历力]"
    "|degrees?|diploma|orequivalent|level|students?|qualification|(?<=school)graduates?|'s)$"
)
_BEHIND_SHORT = re.compile("(?:生|性|士|人|的|者|同学|孩子?|(?<=[a-z]{4})s)$")


def with_sides(text: str) -> str:
    """Put ``↑`` and ``↓`` for words such as 及以上 and ``or below``."""
    return _DOWN.sub("↓", _UP.sub("↑", text))


def core_words(text: str, *, of_answer: bool = False) -> list[str]:
    """A normalised word without what does not change its meaning, step by step.

    Examples
    --------
    >>> core_words("在读大专生", of_answer=True)
    ['在读大专生', '大专生', '大专']
    """
    if not (_BEFORE.sub("", text) and _BEHIND.sub("", text)):
        return []  # in brackets behind a word: 本科生(在读)
    steps = [text, re.sub("[.'-]", "", text)]
    patterns = (_BEFORE, _BEHIND, _BEHIND_SHORT) if of_answer else (_BEFORE, _BEHIND)
    while shorter := next((s for p in patterns if (s := p.sub("", text)) not in {text, ""}), ""):
        text = shorter
        steps.append(text)
    return list(dict.fromkeys(steps))
