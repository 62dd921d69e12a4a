"""BIDS metadata of a phantom's folder."""

import json

from crossvox.phantoms.descriptions import (
    dataset_texts,
    derivative_description,
    label_table,
    sidecar,
)
from crossvox.phantoms.phantom import phantom_case
from crossvox.phantoms.settings import PhantomSettings
from crossvox.phantoms.tissues import TISSUES

SETTINGS = PhantomSettings(size=8, modalities=("FLAIR", "CT", "pet"), misalignment_mm=2.0)


def test_the_root_has_every_text_that_bids_asks_for() -> None:
    texts = dataset_texts({"sub-01": "train"}, SETTINGS)
    assert json.loads(texts["dataset_description.json"])["DatasetType"] == "raw"
    assert texts["participants.tsv"] == "participant_id\tsplit\nsub-01\ttrain\n"
    assert "sub-*/ct" in texts[".bidsignore"].splitlines()


def test_derivatives_say_that_they_are() -> None:
    assert derivative_description("masks")["DatasetType"] == "derivative"


def test_the_label_table_names_every_tissue_by_its_place() -> None:
    rows = [row.split("\t") for row in label_table().splitlines()]
    assert rows[0] == ["index", "name"]
    assert rows[1:] == [[str(index), tissue.name] for index, tissue in enumerate(TISSUES)]


def test_sidecars_give_the_sequence_or_the_unit() -> None:
    imaged = phantom_case(SETTINGS, case=0)
    flair, ct, pet = (
        sidecar(imaged, modality, settings=SETTINGS, case=0) for modality in SETTINGS.modalities
    )
    assert flair["SequenceName"] == "FLAIR"
    assert flair["PhantomShift"] == [0.0, 0.0, 0.0]
    assert ct["Units"] == "HU"
    assert pet["Units"] == "Bq/mL"
    assert pet["PhantomShift"] == list(imaged.shift_mm["pet"])
