"""`crossvox evaluate` as it is typed."""

from pathlib import Path

import cyclopts
import numpy as np
import pytest

from crossvox.errors import CohortError, ModelError
from crossvox.files import write_volume
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
