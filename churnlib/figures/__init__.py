"""Drawing finished results by seaborn, which is loaded with the first figure.

A figure function computes nothing. It takes a finished result, a labeller (`Codebook.labeller`)
for every word and the Axes to draw on, and returns these Axes. `__init__.pyi` has the names.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
