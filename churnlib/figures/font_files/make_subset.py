"""Make the font of the figures anew: ``python make_subset.py SOURCE.ttf``.

SOURCE is a Regular of Noto Sans SC with TrueType outlines, SIL Open Font License 1.1, for instance
``zhplot/fonts/NotoSansSC-Regular.ttf`` of the PyPI package zhplot 1.0.0. What is kept is every
character of GB 2312, which covers simplified Chinese in daily use, the alphabets and marks of
European languages, Greek, and the signs of statistics. Nothing here runs when figures are drawn.
"""

from __future__ import annotations

import sys
from pathlib import Path

TARGET = Path(__file__).with_name("NotoSansSC-subset.ttf")

BLOCKS = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x017F),  # Latin-1, Latin Extended-A
    (0x0391, 0x03C9),  # Greek
    (0x2010, 0x2027),  # dashes, quotes, ellipsis
    (0x2030, 0x203A),  # per mille, primes, angle quotes
    (0x2070, 0x2099),  # superscripts and subscripts, as far as the source has them
    (0x2190, 0x2193),  # arrows
    (0x2200, 0x22FF),  # mathematical signs, as far as the source has them
    (0x2460, 0x2473),  # circled numbers
    (0x25A0, 0x25FF),  # shapes
    (0x3000, 0x3017),  # Chinese punctuation
    (0xFF01, 0xFF5E),  # full-width forms
)


def gb2312() -> set[int]:
    """The 7445 characters of GB 2312, rows 1 to 9 and 16 to 87."""
    found = set()
    for first in range(0xA1, 0xF8):
        for second in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes((first, second)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def wanted() -> set[int]:
    """Every code point to keep, if the source has it."""
    return gb2312().union(*(range(low, high + 1) for low, high in BLOCKS))


def main(source: str) -> None:
    """Write the subset beside this script; the same source gives the same bytes."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font = TTFont(source, recalcTimestamp=False)
    options = Options()
    options.layout_features = ["kern", "mark"]
    options.name_IDs = ["*"]  # copyright and licence stay inside the file
    options.notdef_outline = True
    options.hinting = False
    options.drop_tables += ["BASE", "STAT", "vhea", "vmtx", "gasp", "prep"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted())
    subsetter.subset(font)
    font.save(TARGET)


if __name__ == "__main__":
    main(sys.argv[1])
