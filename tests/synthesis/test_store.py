"""A synthesizer on disk."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from crossvox.acceleration.compute import Compute
from crossvox.errors import ModelError, SettingsError
from crossvox.files import read_volume
from crossvox.synthesis.store import (
    DESCRIPTION,
    PENDING,
    WEIGHTS,
    load_synthesizer,
    read_description,
    save_synthesizer,
    with_settings,
)
from crossvox.training.train import Trained

EXACT = Compute(device="cpu", bf16=False)


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.folder / "synthesizer", tmp_path / "synthesizer"))


def test_a_run_and_its_synthesizer_folder_load_the_same(trained: Trained) -> None:
    source = read_volume(trained.cases[0].images["FLAIR"])
    by_run = load_synthesizer(trained.folder, compute=EXACT)([source])
    by_folder = load_synthesizer(trained.folder / "synthesizer", compute=EXACT)([source])
    assert np.array_equal(by_run.voxels, by_folder.voxels)


def test_the_description_says_who_was_learned_from(trained: Trained) -> None:
    description = read_description(trained.folder)
    people = {case.subject for case in trained.cases if case.split == "train"}
    assert set(description.cohort["train"]) == people
    assert description.preparation.source_modalities == ("FLAIR",)


def test_only_the_networks_that_synthesis_needs_are_kept(trained: Trained) -> None:
    with (trained.folder / "synthesizer" / WEIGHTS).open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    assert {name.split(".")[0] for name in header if name != "__metadata__"} == {"generator"}


@pytest.mark.parametrize("place", [20, -5])
def test_one_flipped_bit_is_refused(folder: Path, place: int) -> None:
    payload = bytearray((folder / WEIGHTS).read_bytes())
    payload[place] ^= 1
    (folder / WEIGHTS).write_bytes(payload)
    with pytest.raises(ModelError, match="damaged"):
        load_synthesizer(folder)


def test_a_truncated_file_is_refused(folder: Path) -> None:
    payload = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(payload[: len(payload) // 2])
    with pytest.raises(ModelError, match="damaged"):
        load_synthesizer(folder)


def test_missing_weights_are_refused(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelError, match="missing"):
        load_synthesizer(folder)


def test_a_folder_that_is_no_synthesizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no synthesizer"):
        load_synthesizer(tmp_path)


def test_weights_far_larger_than_their_settings_are_not_read(folder: Path) -> None:
    with (folder / WEIGHTS).open("r+b") as file:
        file.truncate(50 << 30)  # sparse
    with pytest.raises(ModelError, match=r"does not fit its own settings: .* bytes"):
        load_synthesizer(folder)


def test_a_description_that_is_not_one_is_refused(folder: Path) -> None:
    (folder / DESCRIPTION).write_text('{"format": "?"}')
    with pytest.raises(ModelError, match="not a synthesizer"):
        load_synthesizer(folder)


def test_a_later_layout_is_refused(folder: Path) -> None:
    text = json.loads((folder / DESCRIPTION).read_text())
    (folder / DESCRIPTION).write_text(json.dumps({**text, "format": 99}))
    with pytest.raises(ModelError, match="layout 99"):
        load_synthesizer(folder)


def test_settings_swapped_for_those_of_another_network_are_refused(folder: Path) -> None:
    text = json.loads((folder / DESCRIPTION).read_text())
    text["settings"]["width"] = 8
    (folder / DESCRIPTION).write_text(json.dumps(text))
    with pytest.raises(ModelError, match="does not fit its own settings"):
        load_synthesizer(folder)


def test_other_settings_are_laid_over_those_of_training(folder: Path) -> None:
    description = read_description(folder)
    assert with_settings(description, []) is description
    other = with_settings(description, ["method.prediction_statistics=batch"])
    assert other.settings["prediction_statistics"] == "batch"
    assert other.settings["width"] == description.settings["width"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("method.prediction_statistic=batch", "did you mean 'prediction_statistics'"),
        ("training.steps=3", "write it as method.key=value"),
        ("method.width", "write it as method.key=value"),
    ],
)
def test_a_mistyped_setting_is_refused(folder: Path, change: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        with_settings(read_description(folder), [change])


@pytest.mark.parametrize("change", ["method.width=8", "method.up_sampling=trilinear"])
def test_a_setting_that_training_decided_is_refused(folder: Path, change: str) -> None:
    description = read_description(folder)
    with pytest.raises(SettingsError, match=r"fixed by training; .*: prediction_statistics"):
        with_settings(description, [change])
    same = f"method.width={description.settings['width']}"
    assert with_settings(description, [same]).settings["width"] == description.settings["width"]


def test_settings_of_other_weights_do_not_load(folder: Path) -> None:
    settings = {**read_description(folder).settings, "width": 8}
    with pytest.raises(SettingsError, match="cannot be changed after training"):
        load_synthesizer(folder, settings=settings)


def test_a_writer_that_died_before_the_description_leaves_the_old_one(folder: Path) -> None:
    (folder / PENDING).write_bytes(b"new weights nobody speaks of yet")
    assert load_synthesizer(folder)


def test_a_writer_that_died_after_the_description_has_written_the_new_one(folder: Path) -> None:
    description = read_description(folder)
    generator = load_synthesizer(folder).method.get_submodule("generator")
    weights = {f"generator.{name}": v + 1 for name, v in generator.state_dict().items()}
    old = (folder / WEIGHTS).read_bytes()
    save_synthesizer(
        folder,
        weights=weights,
        method=(description.method, description.settings),
        preparation=description.preparation,
        step=7,
        cohort={},
    )
    (folder / WEIGHTS).replace(folder / PENDING)
    (folder / WEIGHTS).write_bytes(old)
    loaded = load_synthesizer(folder).method.state_dict()
    assert torch.equal(loaded["generator.head.weight"], weights["generator.head.weight"])
