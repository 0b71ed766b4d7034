"""Where a number comes from, and how far it may therefore be believed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

_CLONE = Path(__file__).resolve().parents[2]
IS_CLONE = (_CLONE / "notebooks").is_dir()  # an installed wheel brings its data alone
PROJECT = _CLONE if IS_CLONE else Path(__file__).resolve().parents[1] / "project"
LANGUAGES = ("en", "zh-Hans")  # in which everything is published


class Origin(IntEnum):
    """Five kinds of evidence, ordered from the firmest to the weakest.

    ``PUBLISHED``: printed in the study that is audited, and nothing else. ``EXTERNAL``: a fact
    printed elsewhere, with publisher, title, date and page. ``OBSERVED``: answers of real people.
    ``HYPOTHETICAL``: a calculation on assumed numbers. ``SYNTHETIC``: answers that we simulated.
    The last two illustrate; they never confirm or refute.

    Examples
    --------
    >>> Origin.PUBLISHED < Origin.SYNTHETIC, Origin.SYNTHETIC.badge
    (True, 'SYNTHETIC · 模拟数据')
    """

    PUBLISHED = 1
    EXTERNAL = 2
    OBSERVED = 3
    HYPOTHETICAL = 4
    SYNTHETIC = 5

    @property
    def badge(self) -> str:
        """The mark that every table and figure carries, in both languages at once."""
        return f"{self.name} · {self.mark('zh-Hans')}"

    def mark(self, lang: str) -> str:
        """Return the mark in one language."""
        return self.name if lang == "en" else _CHINESE[self - 1]

    @property
    def badge_html(self) -> str:
        """The same mark for a notebook."""
        look = "border:1px solid {0};border-radius:3px;padding:1px 6px;font-size:85%;color:{0}"
        return f'<span style="{look.format(_COLOURS[self - 1])}">{self.badge}</span>'


_CHINESE = ("论文所载", "文献数字", "真实作答", "假设推算", "模拟数据")
_COLOURS = ("#1b5e83", "#5b4b8a", "#2d6a2d", "#7a5c00", "#a33b20")


def derived(*origins: Origin) -> Origin:
    """Origin of a result: the weakest among its ingredients, of which there is at least one.

    Examples
    --------
    >>> derived(Origin.PUBLISHED, Origin.SYNTHETIC).name
    'SYNTHETIC'
    """
    if not origins:
        raise ValueError("a result needs the origin of at least one ingredient; none was given")
    return max(origins)


@dataclass(frozen=True, eq=False)
class WithOrigin:
    """A frame to be shown in a notebook with the mark of its origin."""

    frame: Any  # rounded for display
    origin: Origin  # the weakest evidence in it

    def _repr_html_(self) -> str:
        return f"{self.origin.badge_html}{self.frame._repr_html_()}"

    def __repr__(self) -> str:
        return f"{self.origin.badge}\n{self.frame}"


Marked = WithOrigin  # its earlier name


def require_evidence(origin: Origin, statement: str) -> None:
    """Refuse to hold a printed statement against what we simulated or assumed ourselves.

    Examples
    --------
    >>> require_evidence(Origin.SYNTHETIC, "statement 25")
    Traceback (most recent call last):
    ValueError: statement 25 cannot be confirmed or refuted with SYNTHETIC data: \
they were simulated. Use PUBLISHED, EXTERNAL or OBSERVED evidence.
    """
    if origin >= Origin.HYPOTHETICAL:
        how = "assumed" if origin is Origin.HYPOTHETICAL else "simulated"
        raise ValueError(
            f"{statement} cannot be confirmed or refuted with {origin.name} data: they were "
            f"{how}. Use PUBLISHED, EXTERNAL or OBSERVED evidence."
        )


@dataclass(frozen=True)
class Resource:
    """One data file, as `data/datapackage.json` describes it."""

    path: Path
    origin: Origin  # which kind of evidence it holds
    hash: str  # of the file as released, "sha256:…"

    def is_intact(self) -> bool:
        """Return True if the file is still, byte for byte, the one that was released."""
        return _checksum(self.path) == self.hash


def resources(folder: Path | None = None) -> dict[str, Resource]:
    """Every data file of the project, or of a folder with a ``datapackage.json``, by name."""
    folder = folder or PROJECT / "data"
    package = folder / "datapackage.json"
    try:
        return {
            entry["name"]: Resource(folder / entry["path"], Origin[entry["origin"]], entry["hash"])
            for entry in json.loads(package.read_text(encoding="utf-8"))["resources"]
        }
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{package} is missing; churnlib reads its data from a clone of the project: "
            "run it there, or pass the folder that holds the data"
        ) from None
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{package} is not a data package that churnlib can read ({error!r}); "
            "restore it from version control"
        ) from error


def update_checksums(folder: Path | None = None) -> list[str]:
    """Write the present checksum and size of every data file into the data package.

    To be run after a deliberate edit, such as a new label; returns the names of what is new.
    """
    folder = folder or PROJECT / "data"
    package = folder / "datapackage.json"
    changed = [name for name, file in resources(folder).items() if not file.is_intact()]
    content = json.loads(package.read_text(encoding="utf-8"))
    for entry in content["resources"]:
        path = folder / entry["path"]
        entry |= {"bytes": path.stat().st_size, "hash": _checksum(path)}
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    package.write_text(text, encoding="utf-8", newline="\n")
    return changed


def _checksum(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


class Kind(StrEnum):
    """How a statement fares, from what cannot be judged to what is wrong."""

    EXTERNAL = "external"
    UNTESTABLE = "untestable"
    REPRODUCED = "reproduced"
    CAVEAT = "reproduced with caveat"
    NOT_ESTABLISHED = "not established"
    INCOMPLETE = "incomplete"
    ARITHMETIC_ERROR = "arithmetic error"
    CONTRADICTED = "contradicted"
