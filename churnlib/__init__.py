"""Statistics, cleaning and audit for a survey of bank customers and the thesis it came from.

The names are in ``__init__.pyi``, one explicit import each, for people and type checkers alike. A
module is loaded when one of its names is first used, so that importing costs next to nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
