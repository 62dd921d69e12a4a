"""`crossvox phantom` as it is typed."""

from pathlib import Path

import cyclopts
import pytest

from crossvox.errors import SettingsError
from crossvox.files import read_volume


@pytest.fixture
def app() -> cyclopts.App:
    app = cyclopts.App(name="crossvox", result_action="return_value")
    app.command("crossvox.cli.phantom:phantom", name="phantom")
    return app


def test_phantom_makes_the_folder_and_says_so(
    app: cyclopts.App, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "heads"
    app(f"phantom {out} --cases 2 --size 16 --modalities FLAIR,CT --mask brain".split())
    assert capsys.readouterr().out.strip() == f"{out}: 2 people"
    volume = read_volume(out / "sub-02/ct/sub-02_CT.nii.gz")
    assert volume.voxels.shape == (16, 16, 16)
    assert (out / "derivatives/masks/sub-01/anat/sub-01_desc-brain_mask.nii.gz").exists()


def test_an_unknown_modality_is_refused(app: cyclopts.App, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="T1c"):
        app(f"phantom {tmp_path} --modalities FLAIR,T1c".split())


def test_help_tells_every_setting_and_its_default(
    app: cyclopts.App, capsys: pytest.CaptureFixture[str]
) -> None:
    app(["phantom", "--help"])
    told = capsys.readouterr().out
    for word in ("--cases", "--size", "64", "--slice-thickness-factor", "--mask", "head"):
        assert word in told
