import re

from crossvox.comparison import Comparison
from crossvox.comparison.latex import escaped, latex_of
from crossvox.comparison.published import PUBLISHED
from crossvox.comparison.table import panels_of


def test_letters_that_latex_reads_are_escaped() -> None:
    assert escaped("50% of gan_3d & {x} #1 $") == r"50\% of gan\_3d \& \{x\} \#1 \$"
    assert escaped("a\\b~c^d") == r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d"
    assert escaped("↑ ↓ \N{MINUS SIGN}1 ± 2 < 3") == (r"$\uparrow$ $\downarrow$ $-$1 $\pm$ 2 $<$ 3")


def test_every_row_has_as_many_cells_as_its_tabular(compared: Comparison) -> None:
    published = PUBLISHED["paper"]
    text = latex_of(
        panels_of(compared), caption="100 % of it", notes=["a & b"], published=published
    )
    assert r"\caption{100 \% of it" in text
    assert r"a \& b" in text
    tabulars = re.findall(r"\\begin\{tabular\}\{l(r+)\}(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert len(tabulars) == 5  # the last is the published one
    assert "another cohort" in text
    assert ".9413" in tabulars[-1][1]
    for columns, body in tabulars:
        lines = [line for line in body.splitlines() if line.endswith(r" \\")]
        separators = {len(re.findall(r"(?<!\\)&", line)) for line in lines}
        assert separators == {len(columns)}


def test_what_is_set_is_ascii_and_its_braces_close(compared: Comparison) -> None:
    text = latex_of(panels_of(compared), caption="c", notes=[])
    assert text.isascii()
    bare = text.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
    assert text.count(r"\begin{") == text.count(r"\end{")
