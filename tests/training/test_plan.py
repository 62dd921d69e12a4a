"""What an experiment leaves open."""

from pathlib import Path

import numpy as np
import pytest

from crossvox.acceleration.compute import Compute
from crossvox.cohort import Case
from crossvox.errors import ResourceError, SettingsError
from crossvox.files import write_volume
from crossvox.methods.gan3d import Method
from crossvox.synthesis.catalogue import method_names
from crossvox.training.experiment import Experiment, Sizes, read_experiment
from crossvox.training.plan import Plan, plan
from crossvox.volume import Grid, Volume

CPU = Compute(device="cpu", bf16=True)
# the scale is set, because these people have no T1w to choose it by
OPEN = ("cohort.source=FLAIR", "cohort.target=T1w", "preparation.target_scale=volume")
Spacing = tuple[float, float, float]


def case(folder: Path, number: int, *, shape: Sizes, spacing_mm: float | Spacing) -> Case:
    path = folder / f"{number}_FLAIR.nii.gz"
    steps = spacing_mm if isinstance(spacing_mm, tuple) else (spacing_mm,) * 3
    write_volume(path, Volume(np.zeros(shape, np.float32), Grid(shape, np.diag([*steps, 1.0]))))
    return Case(subject=str(number), name=str(number), images={"FLAIR": path})


def requested(*changes: str) -> Experiment:
    return read_experiment(None, changes=(*OPEN, *changes))


def planned(cases: list[Case], *changes: str) -> Plan:
    return plan(requested(*changes), cases, compute=CPU)


@pytest.fixture
def small(tmp_path: Path) -> list[Case]:
    """A single person of 32 voxels a side."""
    return [case(tmp_path, 1, shape=(32, 32, 32), spacing_mm=1)]


def test_sources_of_one_spacing_keep_their_own(tmp_path: Path) -> None:
    cases = [case(tmp_path, n, shape=(30, 40, 20), spacing_mm=1 + n / 100) for n in range(3)]
    made = planned(cases).experiment
    assert made.preparation.spacing_mm == "own"
    assert made.training.patch == (32, 48, 32)


def test_sources_of_different_spacings_meet_at_the_median(tmp_path: Path) -> None:
    cases = [case(tmp_path, n, shape=(40, 40, 40), spacing_mm=n + 1) for n in range(3)]
    assert planned(cases).experiment.preparation.spacing_mm == (2.0, 2.0, 2.0)


def test_epochs_become_steps(tmp_path: Path) -> None:
    cases = [case(tmp_path, n, shape=(32, 32, 32), spacing_mm=1) for n in range(5)]
    training = planned(cases, "training.epochs=100", "training.batch=2").experiment.training
    assert training.steps == 250
    assert training.epochs is None


def test_nothing_is_left_open_and_what_is_given_stays(small: list[Case]) -> None:
    made = planned(small, "training.steps=3").experiment
    training = made.training
    assert training.steps == 3
    assert None not in (training.batch, training.patch, training.validate_every)
    assert plan(made, small, compute=CPU).experiment == made


def test_the_average_is_the_methods_where_settings_leave_it_open(small: list[Case]) -> None:
    assert planned(small).experiment.training.ema == Method.ema_decay
    assert planned(small, "training.ema=0.5").experiment.training.ema == 0.5


@pytest.mark.parametrize("name", method_names())
def test_every_method_is_averaged_and_its_rates_fall(small: list[Case], name: str) -> None:
    changes = (f"method.name={name}", "training.patch=[32,32,32]")
    training = planned(small, *changes).experiment.training
    assert 0.995 <= (training.ema or 0) <= 0.999
    assert training.decay_share == 0.5
    assert training.steps == 3000


@pytest.mark.parametrize(
    ("spacing_mm", "axis"), [((1.0, 1.0, 4.0), "z"), ((5.0, 1.0, 1.0), "x"), ((2.0,) * 3, "z")]
)
def test_slices_are_stacked_along_the_thickest_axis_unless_the_settings_say_so(
    tmp_path: Path, spacing_mm: Spacing, axis: str
) -> None:
    cases = [case(tmp_path, 1, shape=(32, 32, 32), spacing_mm=spacing_mm)]
    two = ("method.name=pix2pix2d", "method.width=2")
    assert planned(cases, *two).experiment.method_settings["slice_axis"] == axis
    given = planned(cases, *two, "method.slice_axis=y")
    assert given.experiment.method_settings["slice_axis"] == "y"


def test_a_method_in_2d_is_planned_on_whole_slices(tmp_path: Path) -> None:
    shapes = [(110, 110, 40), (110, 110, 40), (92, 105, 30)]
    cases = [case(tmp_path, n, shape=shape, spacing_mm=2) for n, shape in enumerate(shapes)]
    made = planned(cases, "method.name=pix2pix2d", "method.width=2").experiment
    assert made.training.patch == (110, 110, 1)
    assert made.training.batch == 8


@pytest.mark.parametrize(
    ("side", "depth"), [(32, 5), (64, 6), (110, 7), (128, 7), (256, 8), (320, 7), (512, 8)]
)
def test_slices_are_halved_as_often_as_little_padding_allows(
    tmp_path: Path, side: int, depth: int
) -> None:
    cases = [case(tmp_path, 1, shape=(side, side, 4), spacing_mm=1)]
    two = ("method.name=pix2pix2d", "method.width=2", "training.patch=[32,32,1]")
    assert planned(cases, *two).experiment.method_settings["depth"] == depth
    given = planned(cases, *two, "method.depth=3").experiment
    assert given.method_settings["depth"] == 3


def test_minutes_leave_the_steps_open(small: list[Case]) -> None:
    made = planned(small, "training.minutes=3")
    training = made.experiment.training
    assert (training.minutes, training.steps, training.validate_every) == (3.0, None, None)
    assert made.with_steps(400).experiment.training.validate_every == 20


@pytest.mark.parametrize(
    ("changes", "every"),
    [((), 350), (("training.steps=300",), 300), (("training.validate_every=10",), 10)],
)
def test_a_diffusion_is_validated_seldom_unless_settings_ask_for_it(
    tmp_path: Path, changes: tuple[str, ...], every: int
) -> None:
    people = [case(tmp_path, n, shape=(32, 32, 32), spacing_mm=1) for n in range(3)]
    slow = requested("method.name=ddpm3d", "method.width=4", "training.patch=[32,32,32]", *changes)
    made = plan(slow, people[:1], held_out=people[1:], compute=CPU)
    # 2 volumes x 50 passes cost 33 steps, so 3000 steps pay for 9 validations
    assert made.validation == pytest.approx(100 / 3)
    assert made.experiment.training.validate_every == every


def test_ct_is_windowed_in_hounsfield_units(small: list[Case]) -> None:
    ct = read_experiment(None, changes=("cohort.source=FLAIR", "cohort.target=CT"))
    made = plan(ct, small, compute=CPU).experiment.preparation
    assert (made.target_scale, made.target_unit) == ("window", "HU")
    assert made.target_limits == (-1024.0, 3071.0)


def test_a_spacing_that_makes_volumes_enormous_is_refused(tmp_path: Path) -> None:
    cases = [case(tmp_path, 1, shape=(64, 32, 32), spacing_mm=1)]
    with pytest.raises(SettingsError, match=r"preparation\.spacing_mm.*6400x32x32.*a larger one"):
        planned(cases, "preparation.spacing_mm=[0.01,1,1]")


@pytest.mark.slow
def test_patches_shrink_until_a_step_fits_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [case(tmp_path, 1, shape=(64, 64, 32), spacing_mm=1)]
    free = {"bytes": 2**34}
    monkeypatch.setattr("crossvox.training.plan.free_memory_bytes", lambda _: free["bytes"])
    assert planned(cases).experiment.training.patch == (64, 64, 32)
    free["bytes"] = 600 * 2**20
    assert np.prod(planned(cases).experiment.training.patch or 0) < 64 * 64 * 32
    free["bytes"] = 2**20
    with pytest.raises(ResourceError, match="width"):
        planned(cases)


@pytest.mark.slow
def test_a_patch_that_is_set_is_held_against_memory_and_the_networks(small: list[Case]) -> None:
    with pytest.raises(ResourceError, match=r"training\.patch 1024x1024x1024"):
        planned(small, "training.patch=[1024,1024,1024]")
    with pytest.raises(SettingsError, match=r"training\.patch 40x40x40"):
        planned(small, "training.patch=[40,40,40]")
