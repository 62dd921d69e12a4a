"""The public functions of crossvox; `import crossvox` hands them on.

Paths are `str` or `Path`. `progress` takes a function of (name, done, total), `crossvox.Bars()`,
`crossvox.TqdmBars(tqdm)`, or anything with the methods of `crossvox.Progress`; without it nothing
is shown. Everything that is refused raises a `crossvox.CrossvoxError`. What a function needs is
imported when it is called, so that a command starts fast.
"""

from crossvox.api.cohorts import check, phantom, read_volume, write_volume
from crossvox.api.machine import benchmark, doctor
from crossvox.api.models import export, load, predict
from crossvox.api.runs import demo, plan, suite, train
from crossvox.api.scores import compare, evaluate

__all__ = [
    "benchmark",
    "check",
    "compare",
    "demo",
    "doctor",
    "evaluate",
    "export",
    "load",
    "phantom",
    "plan",
    "predict",
    "read_volume",
    "suite",
    "train",
    "write_volume",
]
