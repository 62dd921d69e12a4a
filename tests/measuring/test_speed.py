"""Whole benchmarks, as small as can be."""

import csv
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from crossvox.errors import ModelError, SettingsError
from crossvox.measuring import speed
from crossvox.measuring.process import Measurement
from crossvox.measuring.rounds import Outcome
from crossvox.measuring.speed import (
    PREDICT,
    TRAIN,
    Options,
    benchmark,
    chosen_variants,
    setting_of,
)
from crossvox.variants.ceilings import CEILINGS, convolution
from crossvox.variants.cost import Cost
from crossvox.variants.variant import CEILING, OURS, Setting, Variant

SHOWN = (
    "- machine: ",
    "- load before",
    "## Arithmetic",
    "| crossvox reaches |",
    "| network as written in the paper |",
    "## Profile of crossvox",
    "aten::",
)


@pytest.mark.slow
def test_a_prediction_is_measured_beside_others_and_written(
    small: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "CEILINGS", CEILINGS[:1])
    kind = replace(PREDICT, variants=PREDICT.variants[:1])
    options = Options(rounds=2, profile=True)
    result = benchmark(kind, tmp_path, small, options=options)
    assert result.failed == {}
    assert result.page == (tmp_path / "predict.md").read_text()
    for words in SHOWN:
        assert words in result.page
    rows = list(csv.DictReader((tmp_path / "predict.csv").read_text().splitlines()))
    assert [row["group"] for row in rows] == [OURS, CEILING]
    first = float(rows[0]["median_seconds"])
    for row in rows:
        assert float(row["ratio"]) == pytest.approx(float(row["median_seconds"]) / first)
        assert float(row["shortest_seconds"]) <= float(row["median_seconds"])
        assert int(row["operations"]) > 0
        assert int(row["parameters"]) > 0
    rounds = list(csv.DictReader((tmp_path / "predict_rounds.csv").read_text().splitlines()))
    assert len(rounds) == sum(int(row["works"]) for row in rows) >= 2 * len(rows)


@pytest.mark.slow
def test_steps_of_training_are_measured_beside_others(small: Setting, tmp_path: Path) -> None:
    kind = replace(TRAIN, variants=(TRAIN.variants[0], TRAIN.variants[-1]))
    result = benchmark(kind, tmp_path, small, options=Options(rounds=1))
    assert result.failed == {}
    assert "# One step of training" in result.page
    assert "- discriminator: width 4" in result.page
    assert (tmp_path / "train.csv").is_file()


def test_nothing_is_compared_where_ours_fails(small: Setting, tmp_path: Path) -> None:
    broken = replace(CEILINGS[0], group=OURS, load=partial(convolution, channels=-1))
    kind = replace(PREDICT, variants=(broken,))
    with pytest.raises(
        ModelError, match=r"crossvox itself could not be measured: .*negative dimension"
    ):
        benchmark(kind, tmp_path, small, options=Options(rounds=1))
    assert list(tmp_path.iterdir()) == []


def test_groups_are_chosen_beside_ours_which_comes_first() -> None:
    chosen = chosen_variants(PREDICT.variants, ("ddpm",))
    assert [one.group for one in chosen] == [OURS, OURS, "ddpm", "ddpm"]


def test_an_unknown_group_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        SettingsError, match=r"'pix'; .*eager, windows, pix2pix, ddpm, monai, networks"
    ):
        chosen_variants(PREDICT.variants, ("pix",))


def test_monai_is_refused_where_it_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise SettingsError("no MONAI")

    monkeypatch.setattr(speed, "refuse_without_monai", refuse)
    chosen_variants(PREDICT.variants, ("eager",))
    for group in ("monai", "networks"):
        with pytest.raises(SettingsError, match="no MONAI"):
            chosen_variants(PREDICT.variants, (group,))


def test_openvino_is_refused_where_it_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(SettingsError, match="OpenVINO is not installed"):
        chosen_variants(PREDICT.variants, ("openvino",))


def test_shares_are_of_what_convolutions_reach() -> None:
    ours = Variant(name="ours", group=OURS, load=partial(convolution, channels=4), pages="kept")
    ceiling = replace(ours, name="large", group=CEILING)
    second = Measurement(seconds=1.0, page_faults=None, peak_bytes=None)
    cost = Cost(operations=4_000_000_000, parameters=1)
    outcomes = [Outcome(variant=one, turns=((second,),), cost=cost) for one in (ours, ceiling)]
    setting = Setting(sizes=(16, 16, 16), threads=1)
    page = speed.arithmetic(outcomes, {"counted": 2_000_000_000}, setting)
    assert "| network counted | 2.0 | 2 | |" in page
    assert "| large | 4.0 | 4 | 50% |" in page


def test_what_is_not_said_is_the_kinds() -> None:
    setting = setting_of(TRAIN, sizes=None, width=16, discriminator_width=64, threads=None)
    assert setting.sizes == (144, 128, 48)
    assert setting.threads >= 1


def test_no_rounds_are_refused() -> None:
    with pytest.raises(SettingsError, match="rounds must be at least 1, got 0"):
        Options(rounds=0)
