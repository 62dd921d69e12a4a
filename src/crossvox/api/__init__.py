"""Public functions of crossvox, re-exported by `import crossvox`.

Paths are `str` or `Path`. `progress` is a function of (name, done, total), `crossvox.Bars()`,
`crossvox.TqdmBars(tqdm)`, or any object with the methods of `crossvox.Progress`; without it no
progress is shown. Invalid arguments and data raise a `crossvox.CrossvoxError`. Each function
imports its dependencies when it is called, so that commands start fast.
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
