"""Create a cohort of phantoms and check it: python examples/01_phantom.py [FOLDER]."""

import sys
from pathlib import Path

import crossvox


def main(out: Path, *, size: int = 64, cases: int = 4) -> None:
    """Write a BIDS folder of several people and check it like a real cohort."""
    settings = crossvox.PhantomSettings(
        size=size, modalities=("FLAIR", "T1w"), slice_thickness_factor=2
    )
    crossvox.phantom(out, cases=cases, settings=settings)

    for modality in settings.modalities:
        volume = crossvox.read_volume(out / f"sub-01/anat/sub-01_{modality}.nii.gz")
        print(f"{modality}: {volume.grid}, brightest {volume.voxels.max():.0f}")

    checked = crossvox.check(out, modalities=settings.modalities)
    print(f"{len(checked.check.findings)} findings in {len(checked.check.rows)} cases")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example_phantom"))
