"""Option marks before the answers of a column: A. B. C., or 1) 2) 3)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from churnlib.survey.answer_text import normalise

_MARK = re.compile(
    r"\s*(?:[(（]\s*)?(?P<mark>[A-Za-zＡ-Ｚａ-ｚ]|[0-9０-９]{1,2}|[\u2460-\u2473\u2776-\u277f\u24b6-\u24e9])"
    r"(?P<after>\s*[.．、:：)）]+\s*|\s*)(?P<bare>.+)",
    re.DOTALL,
)


class Bare(dict[str, str]):
    """Answers without their marks, by the answers as typed; those with one are ``marks``."""

    marks: Sequence[str] = ()


def without_marks(texts: Sequence[str]) -> Bare:
    """Take option marks off the answers of a column, if they are marks.

    They are where they run from the first letter or number without a gap and the answers stay
    different without them. Where only some answers have one, it is taken off those that leave an
    answer which others gave without.

    Examples
    --------
    >>> dict(without_marks(["B. No", "A. Yes", "No"]))
    {'B. No': 'No', 'A. Yes': 'Yes', 'No': 'No'}
    >>> dict(without_marks(["B.A.", "A lot"]))
    {'B.A.': 'B.A.', 'A lot': 'A lot'}
    """
    found = {text: marked for text in texts if (marked := _marked(text))}
    by_mark: dict[int, set[str]] = {}
    for place, bare in found.values():
        by_mark.setdefault(place, set()).add(normalise(bare))
    bares = set().union(*by_mark.values()) if by_mark else set()
    loose = [text for text in texts if text not in found]
    certain = (
        len(by_mark) > 1
        and sorted(by_mark) == list(range(1, len(by_mark) + 1))
        and all(len(each) == 1 for each in by_mark.values())
        and len(bares) == len(by_mark)
        and all(normalise(text) in bares for text in loose)
    )
    if not certain:
        # Some people type the mark and others do not: one that leaves an answer of theirs.
        plain = {normalise(text) for text in loose}
        places = Counter(bare for bares in by_mark.values() for bare in bares)
        typed = {
            text: bare
            for text, (_, bare) in found.items()
            if normalise(bare) in plain and places[normalise(bare)] == 1 and len(by_mark) > 1
        }
        return Bare({text: typed.get(text, text.strip()) for text in texts})
    result = Bare({text: found[text][1] if text in found else text.strip() for text in texts})
    result.marks = sorted(found, key=lambda text: found[text][0])
    return result


def _marked(text: str) -> tuple[int, str] | None:
    """The place of its mark among the letters or numbers, and the answer behind it."""
    match = _MARK.fullmatch(text.replace("\u200b", ""))
    if not match or re.fullmatch(r"[A-Za-z]?\.?", bare := match["bare"].strip()):
        return None
    circled = not match["mark"].isascii() and not re.match("[Ａ-Ｚａ-ｚ０-９]", match["mark"])
    mark = unicodedata.normalize("NFKC", match["mark"]).upper()
    separated = re.search(r"[.．、:：)）]", match["after"])
    spaced = mark.isalpha() and match["after"] != ""
    bracketed = text.lstrip()[0] in "(（" or circled
    number = mark.isdecimal() and not bracketed
    if not (separated or circled or spaced) or (number and bare[0].isdecimal()):
        return None
    return (int(mark) if mark.isdecimal() else ord(mark) - 64), bare
