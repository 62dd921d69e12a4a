"""Build the pages, figures, tables and sentences shared by evaluations and comparisons."""
