"""What a method takes."""

import json
from pathlib import Path

import pytest

from crossvox.comparison import Costs
from crossvox.journey.costs import costs_of_training, costs_of_volumes, method_of
from crossvox.synthesis.store import read_description


def test_hours_are_the_lower_quartile_of_the_seconds_of_a_step_times_the_steps(
    finished: Path, tmp_path: Path
) -> None:
    # one interval held a pause of an hour, two were disturbed
    rows = ["step,generator,seconds_per_step", "10,1,4", "20,1,9", "25,1,360", "30,1,4"]
    rows += ["35,1,8", "40,1,"]
    (tmp_path / "progress.csv").write_text("\n".join(rows))
    costs = costs_of_training(tmp_path, read_description(finished))
    assert costs.training_steps == 40
    assert costs.training_hours == pytest.approx(40 * 4 / 3600)


def test_parameters_are_those_of_the_networks_that_synthesis_needs(finished: Path) -> None:
    description = read_description(finished)
    method, costs = method_of(description), costs_of_training(finished, description)
    assert costs.parameters == sum(
        one.numel() for one in method.get_submodule("generator").parameters()
    )
    assert costs.passes == 1


def volume(folder: Path, name: str, **said: object) -> Path:
    (folder / f"{name}.json").write_text(json.dumps(said))
    return folder / f"{name}.nii.gz"


def test_volumes_cost_what_their_sidecars_say(tmp_path: Path) -> None:
    volumes = [
        volume(
            tmp_path, name, SynthesisSeconds=seconds, PeakMemoryBytes=memory, NetworkPasses=50,
            Machine="here",
        )
        for name, seconds, memory in (("a", 1.0, 10), ("b", 9.0, 30), ("c", 2.0, 20))
    ]  # fmt: skip
    assert costs_of_volumes(volumes) == Costs(
        seconds=2.0, peak_memory_bytes=30, passes=50, machine="here"
    )


def test_volumes_of_others_say_nothing_of_costs(tmp_path: Path) -> None:
    volumes = [volume(tmp_path, "a", PeakMemoryBytes=None), tmp_path / "b.nii.gz"]
    assert costs_of_volumes(volumes) == Costs()
