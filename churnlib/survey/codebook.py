"""All that is particular to one survey: its variables, its words, its missing answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from churnlib.survey.answer_text import as_text, normalise, strip_mark
from churnlib.survey.levels import Kind, Labels, Numbers, Variable


@dataclass(frozen=True, eq=False)
class Codebook:
    """The variables of one survey in the order of its file, and every word about them.

    Parameters
    ----------
    variables : mapping of str to Variable
        In the order of the file.
    words : mapping of str to labels
        Other words that tables and figures need, such as ``"opened"``.
    where : str
        The file it was read from, for error messages.
    missing : tuple of str
        What stands for a declared missing answer.
    sheet : mapping
        Columns that identify an answer sheet: ``id`` and ``time``, each a list of headers.
    common : mapping of str to labels
        Words of tables and figures that every survey shares; asked last.
    reading : mapping
        How its export is read: what `read_answers` takes beside the path.
    response : str
        The question that an analysis explains, if it is named.
    guesses : tuple of str
        What a draft could not know and nobody has decided yet.
    """

    variables: Mapping[str, Variable]
    words: Mapping[str, Labels]
    where: str
    missing: tuple[str, ...] = ()
    sheet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    common: Mapping[str, Labels] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)
    response: str = ""
    guesses: tuple[str, ...] = ()

    def of_kind(self, *kinds: Kind) -> list[str]:
        """Return the variables of these kinds.

        Examples
        --------
        >>> from churnlib.survey import load_codebook
        >>> load_codebook().of_kind("number", "scale")
        []
        """
        return [key for key, variable in self.variables.items() if variable.kind in kinds]

    @cached_property
    def missing_spellings(self) -> frozenset[str]:
        """Normalised texts of a declared missing answer; an empty cell is always one."""
        return frozenset(map(normalise, self.missing)) | {""}

    def missing_in(self, variable: str) -> frozenset[str]:
        """The same for one question, which may have missing answers of its own."""
        own = self[variable].missing
        return self.missing_spellings if own is None else frozenset(map(normalise, own)) | {""}

    def resolve(self, variable: str, raw: Any, *, numbers: Numbers | None = None) -> str | None:
        """Give the level that an answer as typed belongs to, ``None`` for a declared missing one.

        The rules, in this order: remove an option mark; bring widths, dashes and spaces to one
        form; know declared missing answers; know an option number; know a level by its key,
        its labels or its aliases; read a band of whole numbers, which must lie inside one
        level. Nothing is matched by likeness. `numbers` says how to read a bare number that could
        be an option number as well as a quantity, where the codebook does not.

        Raises
        ------
        LabelError
            If the answer must not be given a level.
        KeyError
            If there is no such variable.

        Examples
        --------
        >>> from churnlib.survey import load_codebook
        >>> book = load_codebook()
        >>> book.resolve("age", "Ｂ．４０－４９ 岁"), book.resolve("gender", "(跳过)")
        ('40-59', None)
        >>> book.resolve("age", "18-25岁")
        Traceback (most recent call last):
        churnlib.survey.levels.LabelError: '18-25岁' is no answer to 'age': it does not lie inside \
one level but reaches into le18 and 19-29
        """
        question, text = self[variable], as_text(raw)
        bare = text if text.strip() in question.written else strip_mark(text)
        if {normalise(text), normalise(bare)} & self.missing_in(variable):
            return None
        return question.level_of(text, numbers)

    def __getitem__(self, variable: str) -> Variable:
        try:
            return self.variables[variable]
        except KeyError:
            names = ", ".join(self.variables)
            raise KeyError(f"{self.where} has no variable {variable!r}; it has {names}") from None

    def labeller(self, lang: str) -> Callable[[str], str]:
        """Return the function that words a key in one language.

        A key is a variable (``"age"``), a level (``"age.le18"``, or ``"le18"`` where only
        one variable has it) or one of the other words. A missing label raises: an
        unlabelled bar is a defect, not a default.

        Examples
        --------
        >>> from churnlib.survey import load_codebook
        >>> label = load_codebook().labeller("zh-Hans")
        >>> label("age"), label("le18")
        ('年龄', '18岁及以下')
        """

        def label(key: str) -> str:
            labels = self._labels(key)
            if lang not in labels:
                raise KeyError(
                    f"{self.where}: {key!r} has no label in {lang!r}; it has {', '.join(labels)}"
                )
            return labels[lang]

        return label

    def within(self, label: Callable[[str], str], *variables: str) -> Callable[[str], str]:
        """Narrow a labeller to a table of these variables, whose levels others may have too.

        A level that two of them have under different labels is a `KeyError`.

        Examples
        --------
        >>> from churnlib.survey import load_codebook
        >>> book = load_codebook()
        >>> book.within(book.labeller("en"), "gender", "visits")("female")
        'Female'
        """

        def word(key: str) -> str:
            owners = [v for v in variables if key in self[v].keys]
            labels = {label(f"{owner}.{key}") for owner in owners} or {label(key)}
            if len(labels) > 1:
                raise KeyError(
                    f"{self.where}: the level {key!r} means {' and '.join(sorted(labels))} in "
                    f"{' and '.join(owners)}; give it two keys"
                )
            return labels.pop()

        return word

    def _labels(self, key: str) -> Labels:
        variables, words = self.variables, self.words
        if key in variables:
            return variables[key].labels
        if key in words:
            return words[key]
        variable, _, level = key.partition(".")
        if level and variable in variables:
            return variables[variable][level].labels
        owners = [v for v in variables.values() if key in v.keys]
        if len(owners) > 1:
            names = ", ".join(f"{v.key}.{key}" for v in owners)
            raise KeyError(f"{self.where}: the level {key!r} is in several variables; say {names}")
        if not owners and key in self.common:
            return self.common[key]
        if not owners:
            raise KeyError(f"{self.where} has no variable, level or word {key!r}; add its label")
        return owners[0][key].labels
