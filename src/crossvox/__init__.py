"""crossvox: map a 3D medical volume of one modality to another.

    import crossvox

    run = crossvox.train("DATA", "runs/flair_to_t1", source="FLAIR", target="T1w")
    model = crossvox.load("runs/flair_to_t1")
    t1w = model("flair.nii.gz")
    crossvox.write_volume("t1w.nii.gz", t1w)

Functions and types are imported when they are asked for: this package alone loads neither torch
nor NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from crossvox.version import __version__ as __version__

if TYPE_CHECKING:
    from crossvox.api import (
        benchmark as benchmark,
    )
    from crossvox.api import (
        check as check,
    )
    from crossvox.api import (
        compare as compare,
    )
    from crossvox.api import (
        demo as demo,
    )
    from crossvox.api import (
        doctor as doctor,
    )
    from crossvox.api import (
        evaluate as evaluate,
    )
    from crossvox.api import (
        export as export,
    )
    from crossvox.api import (
        load as load,
    )
    from crossvox.api import (
        phantom as phantom,
    )
    from crossvox.api import (
        plan as plan,
    )
    from crossvox.api import (
        predict as predict,
    )
    from crossvox.api import (
        read_volume as read_volume,
    )
    from crossvox.api import (
        suite as suite,
    )
    from crossvox.api import (
        train as train,
    )
    from crossvox.api import (
        write_volume as write_volume,
    )
    from crossvox.comparison import Comparison as Comparison
    from crossvox.errors import (
        CohortError as CohortError,
    )
    from crossvox.errors import (
        CohortWarning as CohortWarning,
    )
    from crossvox.errors import (
        CrossvoxError as CrossvoxError,
    )
    from crossvox.errors import (
        FileError as FileError,
    )
    from crossvox.errors import (
        FileWarning as FileWarning,
    )
    from crossvox.errors import (
        GridError as GridError,
    )
    from crossvox.errors import (
        InterruptedRunError as InterruptedRunError,
    )
    from crossvox.errors import (
        ModelError as ModelError,
    )
    from crossvox.errors import (
        ResourceError as ResourceError,
    )
    from crossvox.errors import (
        SettingsError as SettingsError,
    )
    from crossvox.errors import (
        SomeCasesFailedError as SomeCasesFailedError,
    )
    from crossvox.evaluation import Evaluation as Evaluation
    from crossvox.journey.check import CheckedCohort as CheckedCohort
    from crossvox.journey.train import Run as Run
    from crossvox.model import Model as Model
    from crossvox.phantoms.settings import PhantomSettings as PhantomSettings
    from crossvox.progress import Progress as Progress
    from crossvox.progress.bars import Bars as Bars
    from crossvox.progress.tqdm_bars import TqdmBars as TqdmBars
    from crossvox.screening import CaseCheck as CaseCheck
    from crossvox.screening import CohortCheck as CohortCheck
    from crossvox.screening import Finding as Finding
    from crossvox.synthesis.predict import Predicted as Predicted
    from crossvox.volume import Grid as Grid
    from crossvox.volume import Volume as Volume

_FUNCTIONS = (
    "benchmark", "check", "compare", "demo", "doctor", "evaluate", "export", "load", "phantom",
    "plan", "predict", "read_volume", "suite", "train", "write_volume",
)  # fmt: skip
_ERRORS = (
    "CohortError", "CohortWarning", "CrossvoxError", "FileError", "FileWarning", "GridError",
    "InterruptedRunError", "ModelError", "ResourceError", "SettingsError", "SomeCasesFailedError",
)  # fmt: skip
_MODULES = {
    **dict.fromkeys(_FUNCTIONS, "crossvox.api"),
    **dict.fromkeys(_ERRORS, "crossvox.errors"),
    "CaseCheck": "crossvox.screening",
    "CohortCheck": "crossvox.screening",
    "Finding": "crossvox.screening",
    "Bars": "crossvox.progress.bars",
    "CheckedCohort": "crossvox.journey.check",
    "Comparison": "crossvox.comparison",
    "Evaluation": "crossvox.evaluation",
    "Grid": "crossvox.volume",
    "Model": "crossvox.model",
    "PhantomSettings": "crossvox.phantoms.settings",
    "Predicted": "crossvox.synthesis.predict",
    "Progress": "crossvox.progress",
    "Run": "crossvox.journey.train",
    "TqdmBars": "crossvox.progress.tqdm_bars",
    "Volume": "crossvox.volume",
}

__all__ = sorted(_MODULES)  # noqa: PLE0605 - a test holds it against what is there


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'crossvox' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
