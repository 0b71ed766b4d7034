"""The kinds of verdict on a printed statement."""

from __future__ import annotations

from enum import StrEnum


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
