"""Drawing finished results: one function a figure, by seaborn, in the project's style.

A figure function computes nothing. It takes a finished result, a labeller (`Codebook.labeller`)
for every word in the figure and the Axes to draw on, and returns these Axes. The names are in
``__init__.pyi``; seaborn is loaded with the first figure.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
