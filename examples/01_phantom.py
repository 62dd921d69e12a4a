"""Make a cohort of phantoms and look at what is in it: python examples/01_phantom.py [FOLDER]."""

import sys
from pathlib import Path

from crossvox.cohort import read_cohort
from crossvox.files import read_volume
from crossvox.phantom import PhantomSettings, phantom_case, write_phantom
from crossvox.screening import check_cohort


def main(out: Path, *, size: int = 64, cases: int = 4) -> None:
    """One person in memory, then a BIDS folder of several, checked as a real cohort would be."""
    settings = PhantomSettings(size=size, modalities=("FLAIR", "T1w"), slice_thickness_factor=2)

    person = phantom_case(settings, case=0)
    for modality, volume in person.volumes.items():
        print(f"{modality}: {volume.grid}, brightest {volume.voxels.max():.0f}")

    write_phantom(out, cases=cases, settings=settings)
    cohort = read_cohort(out, modalities=("FLAIR", "T1w"))
    for case in cohort:
        print(f"{case.name} is for {case.split}: {read_volume(case.images['FLAIR']).grid}")

    found = check_cohort(cohort, modalities=("FLAIR", "T1w"))
    print(f"{len(found.findings)} findings in {len(found.rows)} cases")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example_phantom"))
