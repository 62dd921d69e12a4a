"""What an experiment leaves open."""

from pathlib import Path

import numpy as np
import pytest

from crossvox.cohort import Case
from crossvox.errors import ResourceError
from crossvox.files import write_volume
from crossvox.methods.gan3d import Method
from crossvox.synthesis.compute import Compute
from crossvox.training.experiment import read_experiment
from crossvox.training.plan import lasting, plan
from crossvox.volume import Grid, Volume

CPU = Compute(device="cpu", bf16=True)
OPEN = ("cohort.source=FLAIR", "cohort.target=T1w", "preparation.target_scale=volume")


def case(folder: Path, number: int, *, shape: tuple[int, int, int], spacing_mm: float) -> Case:
    path = folder / f"{number}_FLAIR.nii.gz"
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    write_volume(path, Volume(np.zeros(shape, np.float32), Grid(shape, affine)))
    return Case(subject=str(number), name=str(number), images={"FLAIR": path})


def test_sources_of_one_spacing_keep_their_own(tmp_path: Path) -> None:
    cases = [case(tmp_path, n, shape=(30, 40, 20), spacing_mm=1 + n / 100) for n in range(3)]
    planned = plan(read_experiment(None, changes=OPEN), cases, compute=CPU)
    assert planned.preparation.spacing_mm == "own"
    assert planned.training.patch == (32, 48, 32)


def test_sources_of_different_spacings_meet_at_the_median(tmp_path: Path) -> None:
    cases = [case(tmp_path, n, shape=(40, 40, 40), spacing_mm=n + 1) for n in range(3)]
    planned = plan(read_experiment(None, changes=OPEN), cases, compute=CPU)
    assert planned.preparation.spacing_mm == (2.0, 2.0, 2.0)


def test_epochs_become_steps(tmp_path: Path) -> None:
    cases = [case(tmp_path, n, shape=(32, 32, 32), spacing_mm=1) for n in range(5)]
    changes = (*OPEN, "training.epochs=100", "training.batch=2")
    planned = plan(read_experiment(None, changes=changes), cases, compute=CPU)
    assert planned.training.steps == 250
    assert planned.training.epochs is None


def test_nothing_is_left_open_and_what_is_given_stays(tmp_path: Path) -> None:
    cases = [case(tmp_path, 1, shape=(32, 32, 32), spacing_mm=1)]
    planned = plan(read_experiment(None, changes=(*OPEN, "training.steps=3")), cases, compute=CPU)
    training = planned.training
    assert training.steps == 3
    assert None not in (training.batch, training.patch, training.validate_every)
    assert plan(planned, cases, compute=CPU) == planned


def test_the_average_is_the_methods_where_settings_leave_it_open(tmp_path: Path) -> None:
    cases = [case(tmp_path, 1, shape=(32, 32, 32), spacing_mm=1)]
    planned = plan(read_experiment(None, changes=OPEN), cases, compute=CPU)
    assert planned.training.ema == Method.average_decay
    given = plan(read_experiment(None, changes=(*OPEN, "training.ema=0.5")), cases, compute=CPU)
    assert given.training.ema == 0.5


@pytest.mark.parametrize(
    ("spacing_mm", "axis"), [((1.0, 1.0, 4.0), "z"), ((5.0, 1.0, 1.0), "x"), ((2.0,) * 3, "z")]
)
def test_slices_are_stacked_along_the_thickest_axis_unless_the_settings_say_so(
    tmp_path: Path, spacing_mm: tuple[float, float, float], axis: str
) -> None:
    path = tmp_path / "1_FLAIR.nii.gz"
    grid = Grid((32, 32, 32), np.diag([*spacing_mm, 1.0]))
    write_volume(path, Volume(np.zeros(grid.shape, np.float32), grid))
    cases = [Case(subject="1", name="1", images={"FLAIR": path})]
    changes = (*OPEN, "method.name=pix2pix2d", "method.width=2")
    planned = plan(read_experiment(None, changes=changes), cases, compute=CPU)
    assert planned.method_settings["slice_axis"] == axis
    given = read_experiment(None, changes=(*changes, "method.slice_axis=y"))
    assert plan(given, cases, compute=CPU).method_settings["slice_axis"] == "y"


def test_minutes_leave_the_steps_open(tmp_path: Path) -> None:
    cases = [case(tmp_path, 1, shape=(32, 32, 32), spacing_mm=1)]
    changes = (*OPEN, "training.minutes=3")
    training = plan(read_experiment(None, changes=changes), cases, compute=CPU).training
    assert (training.minutes, training.steps, training.validate_every) == (3.0, None, None)
    assert lasting(training, 400).validate_every == 20


def test_ct_is_windowed_in_hounsfield_units(tmp_path: Path) -> None:
    changes = ("cohort.source=FLAIR", "cohort.target=CT")
    cases = [case(tmp_path, 1, shape=(32, 32, 32), spacing_mm=1)]
    preparation = plan(read_experiment(None, changes=changes), cases, compute=CPU).preparation
    assert (preparation.target_scale, preparation.target_unit) == ("window", "HU")
    assert preparation.target_limits == (-1024.0, 3071.0)


def test_patches_shrink_until_a_step_fits_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [case(tmp_path, 1, shape=(64, 64, 32), spacing_mm=1)]
    free = {"bytes": 2**34}
    monkeypatch.setattr("crossvox.training.plan.free_memory_bytes", lambda _: free["bytes"])
    open_experiment = read_experiment(None, changes=OPEN)
    assert plan(open_experiment, cases, compute=CPU).training.patch == (64, 64, 32)
    free["bytes"] = 600 * 2**20
    assert np.prod(plan(open_experiment, cases, compute=CPU).training.patch or 0) < 64 * 64 * 32
    free["bytes"] = 2**20
    with pytest.raises(ResourceError, match="width"):
        plan(open_experiment, cases, compute=CPU)
