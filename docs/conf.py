"""Sphinx: `make docs` writes docs/_build/index.html."""

project = "crossvox"
author = "The crossvox authors"
extensions = ["myst_parser"]
html_theme = "furo"
exclude_patterns = ["_build"]
