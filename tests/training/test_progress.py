"""The record of a run."""

import csv
import json
import time
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric

from crossvox.contract import Objective
from crossvox.errors import SettingsError
from crossvox.training.progress import ProgressTable, Record


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def objective(loss: float, **terms: float) -> Objective:
    named = {name: torch.tensor(value) for name, value in terms.items()}
    return Objective(network="generator", loss=torch.tensor(loss), terms=named)


def test_a_row_is_the_mean_over_its_steps() -> None:
    record = Record(Fabric(accelerator="cpu", devices=1))
    for loss in (1.0, 2.0, 6.0):
        record.begin_step()
        record.note(objective(loss, l1=loss / 2), parts=1)
    row = record.take()
    assert row["generator"] == pytest.approx(3.0)
    assert row["generator.l1"] == pytest.approx(1.5)
    assert row["seconds_per_step"] >= 0
    assert row["cpu_seconds_per_step"] >= 0


def test_a_row_knows_nothing_of_the_row_before() -> None:
    record = Record(Fabric(accelerator="cpu", devices=1))
    for loss in (100.0, 2.0):
        record.begin_step()
        record.note(objective(loss), parts=1)
        row = record.take()
    assert row["generator"] == pytest.approx(2.0)


def test_what_comes_between_two_rows_is_not_timed() -> None:
    record = Record(Fabric(accelerator="cpu", devices=1))
    for _ in range(2):
        record.begin_step()
        record.note(objective(1.0), parts=1)
        row = record.take()
        time.sleep(0.3)  # a validation
    assert row["seconds_per_step"] < 0.2


def test_a_pause_within_a_row_is_not_timed() -> None:
    record = Record(Fabric(accelerator="cpu", devices=1))
    for _ in range(2):
        record.begin_step()
        record.note(objective(1.0), parts=1)
        record.pause()
        time.sleep(0.3)  # a validation
    assert record.take()["seconds_per_step"] < 0.2


def test_parts_of_a_step_are_averaged() -> None:
    record = Record(Fabric(accelerator="cpu", devices=1))
    record.begin_step()
    for loss in (1.0, 3.0):
        record.note(objective(loss), parts=2)
    assert record.take()["generator"] == pytest.approx(2.0)


def test_a_second_row_for_a_step_joins_the_first(tmp_path: Path) -> None:
    table = ProgressTable(tmp_path / "progress.csv", resumed_at=0)
    table.add(2, {"generator": 0.5})
    table.add(4, {"generator": 0.25})
    table.add(4, {"ssim": 0.9})
    assert rows(tmp_path / "progress.csv") == [
        {"step": "2", "generator": "0.5", "ssim": ""},
        {"step": "4", "generator": "0.25", "ssim": "0.9"},
    ]


def test_rows_after_the_step_that_a_run_resumes_from_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "progress.csv"
    table = ProgressTable(path, resumed_at=0)
    for step in (2, 4, 6):
        table.add(step, {"generator": float(step)})
    ProgressTable(path, resumed_at=4).add(6, {"generator": 60.0})
    assert [row["generator"] for row in rows(path)] == ["2", "4", "60"]


def test_a_record_of_an_earlier_version_goes_on_with_new_columns(tmp_path: Path) -> None:
    path = tmp_path / "progress.csv"
    path.write_text("step,generator,seconds_per_step\n2,0.5,0.1\n")
    values = {"generator": 0.25, "seconds_per_step": 0.1, "cpu_seconds_per_step": 0.2}
    ProgressTable(path, resumed_at=2).add(4, values)
    assert [row["cpu_seconds_per_step"] for row in rows(path)] == ["", "0.2"]


def test_a_record_that_is_put_back_goes_on_as_if_it_had_not_stopped() -> None:
    fabric = Fabric(accelerator="cpu", devices=1)
    through, before, after = (Record(fabric) for _ in range(3))
    for record, losses in ((through, (0.1, 0.2, 0.7)), (before, (0.1, 0.2))):
        for loss in losses:
            record.begin_step()
            record.note(objective(loss, l1=loss / 3), parts=1)
    time.sleep(0.05)
    after.load(json.loads(json.dumps(before.state())))
    after.begin_step()
    after.note(objective(0.7, l1=0.7 / 3), parts=1)
    expected, row = through.take(), after.take()
    assert list(row) == list(expected)
    assert row["generator"] == expected["generator"]
    assert row["generator.l1"] == expected["generator.l1"]
    assert row["seconds_per_step"] > 0.05 / 3


def test_a_record_without_steps_has_nothing_to_put_back() -> None:
    record = Record(Fabric(accelerator="cpu", devices=1))
    assert record.state() == {}
    record.load({})
    record.begin_step()
    record.note(objective(2.0), parts=1)
    assert record.take()["generator"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("damage", "left"),
    [
        ("step,ssim\n1,0.1\n,\n", ["1"]),
        ("step,ssim\n1,0.1\n2,0.", ["1"]),  # cut off: 0. may have been 0.9
        ("step,ssim\n1,0.1\n2,0.2,5,5\n3\n", ["1", "3"]),
        ("step,ssim\n2,0.2\n1,0.1\n1,0.3\n", ["1", "2"]),
        ("step,ssim\nx,0.1\n-1,0\n1e3,0\n2,good\n", ["2"]),
        ("ssim,generator\n1,0.1\n", []),
        ("\0\0\0\n\xff", []),
        ("", []),
        ('step,ssim\r\n1,0.1\r\n2,"0.2\r\n', ["1", "2"]),
    ],
)
def test_lines_that_are_no_rows_are_dropped(tmp_path: Path, damage: str, left: list[str]) -> None:
    path = tmp_path / "progress.csv"
    path.write_bytes(damage.encode("latin-1"))
    ProgressTable(path, resumed_at=8).add(9, {"ssim": 0.5})
    kept = rows(path)
    assert [row["step"] for row in kept] == [*left, "9"]
    assert all(row["ssim"] == "" or float(row["ssim"]) < 1 for row in kept)


def test_a_loss_that_is_no_number_ends_the_run_with_what_to_do() -> None:
    record = Record(Fabric(accelerator="cpu", devices=1))
    record.begin_step()
    record.note(objective(float("nan")), parts=1)
    with pytest.raises(SettingsError, match=r"generator.*learning_rate"):
        record.take()
