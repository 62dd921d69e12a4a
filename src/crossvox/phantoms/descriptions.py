"""BIDS metadata of a phantom's folder: descriptions, participants, sidecars."""

import json
from collections.abc import Mapping

from crossvox.phantoms.phantom import PhantomCase, gain_of
from crossvox.phantoms.sequences import sequence_of
from crossvox.phantoms.settings import MR_MODALITIES, PhantomSettings
from crossvox.phantoms.tissues import TISSUES
from crossvox.version import __version__

BIDS_VERSION = "1.9.0"
FIELD_TESLA = 3
IGNORED = "phantom.json\nsub-*/ct\n"
README = """Synthetic heads from `crossvox phantom`; no person was scanned.

Each person is an implicit geometry drawn from a seed: skull, brain with folded cortex,
ventricles, nuclei, lesions. Scanners are signal equations on tabulated tissues, with point
spread, coil shading and noise. phantom.json holds the settings; the same settings give the
same voxels. participants.tsv holds the split of each person. Masks and label maps are
derivatives.

PhantomShift in every sidecar is the shift of the head in mm (right, anterior, superior)
from its position in the first modality. CT is not part of BIDS yet and follows BEP 024.
"""
PARTICIPANTS = {
    "split": {
        "Description": "Use of the person's images",
        "Levels": {
            "train": "training",
            "validation": "model selection",
            "test": "final evaluation",
        },
    }
}


def dataset_texts(people: Mapping[str, str], settings: PhantomSettings) -> dict[str, str]:
    """Text of each file at the folder's root, by file name.

    Args:
        people: Split of each person, by subject name.
        settings: Imaging settings of the phantom.
    """
    rows = [f"{subject}\t{split}" for subject, split in people.items()]
    description = {
        "Name": f"crossvox phantom, seed {settings.seed}",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "License": "CC0",
        "Authors": ["The crossvox authors"],
        "GeneratedBy": [_generator()],
    }
    return {
        "dataset_description.json": _json(description),
        "README": README,
        ".bidsignore": IGNORED,
        "participants.tsv": "\n".join(["participant_id\tsplit", *rows]) + "\n",
        "participants.json": _json(PARTICIPANTS),
    }


def derivative_description(what: str) -> dict[str, object]:
    """dataset_description.json of a derivative folder two levels below the root."""
    return {
        "Name": f"crossvox phantom: {what}",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "License": "CC0",
        "GeneratedBy": [_generator()],
        "DatasetLinks": {"raw": "../../"},
    }


def label_table() -> str:
    """Table of the index and name of every label, separated by tabs."""
    rows = [f"{index}\t{tissue.name}" for index, tissue in enumerate(TISSUES)]
    return "\n".join(["index\tname", *rows]) + "\n"


def sidecar(
    imaged: PhantomCase, modality: str, *, settings: PhantomSettings, case: int
) -> dict[str, object]:
    """Acquisition parameters of a volume, with BIDS names and units where they exist."""
    content: dict[str, object] = {
        "Manufacturer": "crossvox",
        "ManufacturersModelName": "phantom",
        "PhantomShift": list(imaged.shift_mm[modality]),
    }
    if modality in MR_MODALITIES:
        gain = gain_of(settings, case=case, modality=modality)
        sequence = sequence_of(modality, t1w=settings.t1w).sidecar()
        return content | sequence | {"MagneticFieldStrength": FIELD_TESLA, "PhantomGain": gain}
    return content | (_PET if modality == "pet" else {"Units": "HU"})


_PET: dict[str, object] = {
    "Units": "Bq/mL",
    "TracerName": "FDG",
    "TracerRadionuclide": "F18",
    "InjectedRadioactivity": 200,
    "InjectedRadioactivityUnits": "MBq",
    "InjectedMass": "n/a",
    "InjectedMassUnits": "n/a",
    "SpecificRadioactivity": "n/a",
    "SpecificRadioactivityUnits": "n/a",
    "ModeOfAdministration": "bolus",
    "TimeZero": "12:00:00",
    "ScanStart": 2400,
    "InjectionStart": 0,
    "FrameTimesStart": [0],
    "FrameDuration": [1200],
    "AcquisitionMode": "list mode",
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 0,
    "ReconMethodName": "none: simulated",
    "ReconMethodParameterLabels": ["none"],
    "ReconMethodParameterUnits": ["none"],
    "ReconMethodParameterValues": [0],
    "ReconFilterType": "none",
    "ReconFilterSize": 0,
    "AttenuationCorrection": "none: simulated",
}


def _generator() -> dict[str, object]:
    return {"Name": "crossvox phantom", "Version": __version__}


def _json(content: Mapping[str, object]) -> str:
    return json.dumps(content, indent=2) + "\n"
