"""Sphinx: `make docs` writes docs/_build/index.html."""

from crossvox.version import __version__

project = "crossvox"
author = "The crossvox authors"
release = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
exclude_patterns = ["_build", "jupyter_execute"]
autodoc_typehints = "description"
nb_execution_mode = "force"  # the notebook is run anew, so that it cannot be out of date
nb_execution_timeout = 300
nb_execution_raise_on_error = True
