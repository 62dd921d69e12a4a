"""`crossvox evaluate` as it is typed."""

import json
from pathlib import Path

import cyclopts
import numpy as np
import pytest

from crossvox.errors import CohortError, ModelError
from crossvox.files import NOTICE, sidecar_of, write_volume
from crossvox.volume import Grid, Volume


@pytest.fixture
def app() -> cyclopts.App:
    app = cyclopts.App(name="crossvox", result_action="return_value")
    app.command("crossvox.cli.evaluate:evaluate", name="evaluate")
    return app


@pytest.fixture
def data(tmp_path: Path) -> Path:
    grid = Grid((16, 16, 12), np.diag([2.0, 2.0, 3.0, 1.0]))
    generator = np.random.default_rng(0)
    for name in ("sub-01", "sub-02"):
        real = np.zeros(grid.shape, dtype=np.float32)
        real[3:13, 3:13, 2:10] = generator.uniform(300, 500, (10, 10, 8))
        for file, voxels in (
            (f"made/{name}_desc-synth_T1w.nii.gz", real + 7),
            (f"real/{name}_T1w.nii.gz", real),
            (f"real/{name}_FLAIR.nii.gz", 500 - real),
        ):
            (tmp_path / file).parent.mkdir(exist_ok=True)
            write_volume(tmp_path / file, Volume(voxels, grid))
    return tmp_path


def test_evaluate_prints_the_scores_and_the_way_to_the_report(
    app: cyclopts.App, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = data / "out"
    app(f"evaluate {data / 'made'} {data / 'real'} {out} --source-modality FLAIR".split())
    printed = capsys.readouterr().out
    assert "Mean over 2 people" in printed
    assert "histogram-matched" in printed
    assert "FID, KID" in printed
    assert printed.strip().splitlines()[-1] == str(out / "report.html")
    assert (out / "report.html").is_file()


def test_weights_that_are_no_weights_are_refused(app: cyclopts.App, data: Path) -> None:
    weights = data / "weights.pth"
    weights.write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match="pt_inception-2015-12-05"):
        app(
            f"evaluate {data / 'made'} {data / 'real'} {data / 'out'} --inception {weights}".split()
        )


def test_a_missing_reference_is_refused(app: cyclopts.App, data: Path) -> None:
    with pytest.raises(CohortError, match="nowhere"):
        app(f"evaluate {data / 'made'} {data / 'nowhere'} {data / 'out'}".split())


def say(data: Path, person: str, told: dict[str, object]) -> None:
    """Write the sidecar of a person's synthesized volume."""
    made = data / f"made/{person}_desc-synth_T1w.nii.gz"
    sidecar_of(made).write_text(json.dumps({"Notice": NOTICE, "ModelSHA256": "0", **told}))


def test_people_the_model_was_trained_on_are_left_out_and_the_option_scores_them(
    app: cyclopts.App, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say(data, "sub-01", {"SubjectInModel": "train"})
    say(data, "sub-02", {"SubjectInModel": "none"})
    words = f"evaluate {data / 'made'} {data / 'real'} {data / 'out'}"
    app(words.split())
    printed = capsys.readouterr()
    assert "Mean over 1 person" in printed.out
    assert "Left out: 1 case of people that the model was trained on: sub-01" in printed.err
    found = json.loads((data / "out/comparison.json").read_text())
    assert [left["name"] for left in found["left_out"]] == ["sub-01"]
    assert found["notes"][0] in (data / "out/report.html").read_text()
    app(f"{words} --include-trained".split())
    printed = capsys.readouterr()
    assert "Mean over 2 people, 1 of them known to the model" in " ".join(printed.out.split())
    assert "say nothing about new people" in printed.err


def test_what_a_perfect_network_would_score_is_printed_and_reported(
    app: cyclopts.App, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for person in ("sub-01", "sub-02"):
        scale = {"kind": "window", "limits": [0, 400], "percentiles": [0.5, 99.5]}
        say(data, person, {"SubjectInModel": "none", "TargetScale": scale})
    app(f"evaluate {data / 'made'} {data / 'real'} {data / 'out'}".split())
    sentence = "With the target scale of this model, a perfect network would score MAE "
    assert sentence in capsys.readouterr().out
    assert sentence in (data / "out/report.html").read_text()


def test_exchanged_arguments_are_refused(app: cyclopts.App, data: Path) -> None:
    for person in ("sub-01", "sub-02"):
        say(data, person, {})
    with pytest.raises(CohortError, match="the arguments are swapped"):
        app(f"evaluate {data / 'real'} {data / 'made'} {data / 'out'} --modality T1w".split())
    assert not (data / "out").exists()


def test_a_source_that_matches_nothing_is_said(
    app: cyclopts.App, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"evaluate {data / 'made'} {data / 'real'} {data / 'out'} --source-modality T2w"
    app(words.split())
    told = "No source of T2w in real for sub-01, sub-02: its volumes have modality FLAIR, T1w."
    assert told in capsys.readouterr().err
    report = (data / "out/report.html").read_text()
    assert told in report
    assert "No source was given" not in report


def test_small_units_are_printed_with_their_digits(
    app: cyclopts.App, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = Grid((16, 16, 12), np.diag([2.0, 2.0, 2.0, 1.0]))
    real = np.zeros(grid.shape, dtype=np.float32)
    real[3:13, 3:13, 2:10] = np.random.default_rng(0).uniform(5e-4, 9e-4, (10, 10, 8))
    for folder, voxels in (("made", real + np.float32(2e-5)), ("real", real)):
        (tmp_path / folder).mkdir()
        write_volume(tmp_path / folder / "sub-01_ADC.nii.gz", Volume(voxels, grid))
    app(f"evaluate {tmp_path / 'made'} {tmp_path / 'real'} {tmp_path / 'out'}".split())
    assert "0.00002000" in capsys.readouterr().out
    assert "0.00002000" in (tmp_path / "out/report.html").read_text()
