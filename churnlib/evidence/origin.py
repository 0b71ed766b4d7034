"""Where a number comes from, and how far it may therefore be believed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

_CLONE = Path(__file__).resolve().parents[2]
IS_CLONE = (_CLONE / "notebooks").is_dir()
"""Whether this is a clone of the project; an installed wheel brings its data alone."""
PROJECT = _CLONE if IS_CLONE else Path(__file__).resolve().parents[1] / "project"
LANGUAGES = ("en", "zh-Hans")
"""Those in which everything is published."""


class Origin(IntEnum):
    """Five kinds of evidence, ordered from the firmest to the weakest.

    ``PUBLISHED``: printed in the study that is audited, and nothing else. ``EXTERNAL``: a fact
    printed elsewhere, with publisher, title, date and page. ``OBSERVED``: answers of real people.
    ``HYPOTHETICAL``: a calculation on assumed numbers. ``SYNTHETIC``: answers that we simulated.
    The last two illustrate; they never confirm or refute.

    Examples
    --------
    >>> Origin.PUBLISHED < Origin.SYNTHETIC
    True
    >>> Origin.SYNTHETIC.badge
    'SYNTHETIC · 模拟数据'
    """

    PUBLISHED = 1
    EXTERNAL = 2
    OBSERVED = 3
    HYPOTHETICAL = 4
    SYNTHETIC = 5

    @property
    def badge(self) -> str:
        """The mark that every table and figure carries, in both languages at once."""
        return f"{self.name} · {_CHINESE[self]}"

    def mark(self, lang: str) -> str:
        """Return the mark in one language.

        Examples
        --------
        >>> Origin.OBSERVED.mark("en"), Origin.OBSERVED.mark("zh-Hans")
        ('OBSERVED', '真实作答')
        """
        return self.name if lang == "en" else _CHINESE[self]

    @property
    def badge_html(self) -> str:
        """The same mark for a notebook."""
        return (
            f'<span style="border:1px solid {_COLOURS[self]};border-radius:3px;'
            f'padding:1px 6px;font-size:85%;color:{_COLOURS[self]}">{self.badge}</span>'
        )


_CHINESE = {
    Origin.PUBLISHED: "论文所载",
    Origin.EXTERNAL: "文献数字",
    Origin.OBSERVED: "真实作答",
    Origin.HYPOTHETICAL: "假设推算",
    Origin.SYNTHETIC: "模拟数据",
}
_COLOURS = {
    Origin.PUBLISHED: "#1b5e83",
    Origin.EXTERNAL: "#5b4b8a",
    Origin.OBSERVED: "#2d6a2d",
    Origin.HYPOTHETICAL: "#7a5c00",
    Origin.SYNTHETIC: "#a33b20",
}
_ASSUMED = {
    Origin.HYPOTHETICAL: "its numbers were assumed",
    Origin.SYNTHETIC: "they were simulated to have the published margins",
}


def derived(*origins: Origin) -> Origin:
    """Origin of a result: the weakest among its ingredients.

    Raises
    ------
    ValueError
        If no ingredient is named: a result without origin cannot be judged.

    Examples
    --------
    >>> derived(Origin.PUBLISHED, Origin.SYNTHETIC).name
    'SYNTHETIC'
    """
    if not origins:
        raise ValueError("a result needs the origin of at least one ingredient; none was given")
    return Origin(max(origins))


@dataclass(frozen=True, eq=False)
class WithOrigin:
    """A frame to be shown in a notebook with the mark of its origin.

    Parameters
    ----------
    frame : DataFrame
        Rounded for display.
    origin : Origin
        The weakest evidence in it.
    """

    frame: Any
    origin: Origin

    def _repr_html_(self) -> str:
        return f"{self.origin.badge_html}{self.frame._repr_html_()}"

    def __repr__(self) -> str:
        return f"{self.origin.badge}\n{self.frame}"


Marked = WithOrigin
"""Its earlier name."""


def require_evidence(origin: Origin, statement: str) -> None:
    """Refuse to hold a printed statement against what we simulated or assumed ourselves.

    Raises
    ------
    ValueError
        If `origin` is ``HYPOTHETICAL`` or ``SYNTHETIC``.

    Examples
    --------
    >>> require_evidence(Origin.SYNTHETIC, "statement 25")
    Traceback (most recent call last):
    ValueError: statement 25 cannot be confirmed or refuted with SYNTHETIC data: \
they were simulated to have the published margins. Use PUBLISHED, EXTERNAL or OBSERVED evidence.
    """
    if origin in _ASSUMED:
        raise ValueError(
            f"{statement} cannot be confirmed or refuted with {origin.name} data: "
            f"{_ASSUMED[origin]}. Use PUBLISHED, EXTERNAL or OBSERVED evidence."
        )


@dataclass(frozen=True)
class Resource:
    """One data file, as `data/datapackage.json` describes it.

    Parameters
    ----------
    name : str
        Its name in the data package, for instance ``"table-3-1"``.
    path : Path
        Where the file lies.
    origin : Origin
        Which kind of evidence it holds.
    sha256 : str
        Checksum of the file as released.
    columns : tuple of str
        Its columns, for a file that is a table.
    variables : frozenset of str
        Survey variables that the file tabulates together.
    """

    name: str
    path: Path
    origin: Origin
    sha256: str
    columns: tuple[str, ...]
    variables: frozenset[str]

    def is_intact(self) -> bool:
        """Whether the file is still, byte for byte, the one that was released."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest() == self.sha256


def resources(folder: Path | None = None) -> dict[str, Resource]:
    """Every data file of the project by name, with its origin and checksum.

    Parameters
    ----------
    folder : Path, optional
        A data folder with a ``datapackage.json``; the project's own when left out.

    Examples
    --------
    >>> resources()["table-3-1"].origin.name
    'PUBLISHED'
    """
    folder = folder or PROJECT / "data"
    package = folder / "datapackage.json"
    try:
        described = json.loads(package.read_text(encoding="utf-8"))["resources"]
        return {
            entry["name"]: Resource(
                name=entry["name"],
                path=folder / entry["path"],
                origin=Origin[entry["origin"]],
                sha256=entry["hash"].removeprefix("sha256:"),
                columns=tuple(f["name"] for f in entry.get("schema", {}).get("fields", ())),
                variables=frozenset(entry.get("variables", ())),
            )
            for entry in described
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

    To be run after a deliberate edit, such as a new label in the codebook: until then the
    tests report the file as changed.

    Returns
    -------
    list of str
        Names of the resources whose checksum is new.
    """
    package = (folder or PROJECT / "data") / "datapackage.json"
    known = resources(folder)
    content = json.loads(package.read_text(encoding="utf-8"))
    for entry in content["resources"]:
        data = known[entry["name"]].path.read_bytes()
        entry["bytes"] = len(data)
        entry["hash"] = f"sha256:{hashlib.sha256(data).hexdigest()}"
    package.write_text(
        json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n"
    )
    return [name for name, new in resources(folder).items() if new.sha256 != known[name].sha256]
