"""Every claim about speed and memory, measured: ``make bench``, or one script by its name."""
