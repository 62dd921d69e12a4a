"""Features of volumes for FID and KID, with random weights: the published ones are not ours."""

import hashlib
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from crossvox.errors import ModelError
from crossvox.metrics import frechet_distance, kid
from crossvox.networks.inception import InceptionV3
from crossvox.scoring.inception_features import (
    FEWEST_IMAGES,
    InceptionFeatures,
    load_inception,
    too_few_images,
)
from crossvox.volume import Grid

SHAPE = (20, 24, 6)
GRID = Grid(SHAPE, np.diag([2.0, 2.0, 4.0, 1.0]))
LOW, RANGE = 100.0, 400.0
WANTED = "pt_inception-2015-12-05"

Array = NDArray[np.float32]


def random_weights() -> dict[str, Tensor]:
    """Weights that keep the size of features through all layers."""
    generator = torch.Generator().manual_seed(3)
    weights = InceptionV3().state_dict()
    for name, value in weights.items():
        if name.endswith("conv.weight"):
            scale = math.sqrt(2 / value[0].numel())
            weights[name] = torch.randn(value.shape, generator=generator) * scale
    return weights


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save({**random_weights(), "fc.weight": torch.zeros(1008, 2048)}, path)
    return path


@pytest.fixture(scope="module")
def inception(file: Path) -> InceptionFeatures:
    return load_inception(file)


def head(seed: int = 0) -> Array:
    """Something that is no mirror image of itself."""
    generator = np.random.default_rng(seed)
    return generator.uniform(LOW, LOW + RANGE, SHAPE).astype(np.float32)


def block() -> NDArray[np.bool_]:
    """Touches slices 1 to 3."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[4:6, 4:6, 1:4] = True
    return mask


def test_every_slice_that_the_mask_touches_is_one_row(inception: InceptionFeatures) -> None:
    made = inception.features(head(), grid=GRID, mask=block(), low=LOW, data_range=RANGE)
    assert made.shape == (3, 2048)
    assert made.dtype == np.float32
    assert np.isfinite(made).all()


def test_an_empty_mask_gives_no_rows(inception: InceptionFeatures) -> None:
    empty = np.zeros(SHAPE, dtype=bool)
    made = inception.features(head(), grid=GRID, mask=empty, low=LOW, data_range=RANGE)
    assert made.shape == (0, 2048)


def test_a_row_is_the_network_s_answer_to_the_upright_gray_slice(
    inception: InceptionFeatures,
) -> None:
    voxels = head()
    voxels[:3], voxels[-3:] = LOW - 70, LOW + RANGE + 70
    made = inception.features(voxels, grid=GRID, mask=block(), low=LOW, data_range=RANGE)
    # by hand: rows from anterior to posterior, columns from the patient's right (x rises to the
    # right) to the left, so both axes of the slice run backwards
    picture = np.empty((SHAPE[1], SHAPE[0]), dtype=np.float32)
    for x, y in np.ndindex(SHAPE[:2]):
        gray = (float(voxels[x, y, 2]) - LOW) / RANGE
        picture[SHAPE[1] - 1 - y, SHAPE[0] - 1 - x] = 2 * min(max(gray, 0.0), 1.0) - 1
    with torch.inference_mode():
        alone = inception.network(torch.from_numpy(picture).expand(1, 3, -1, -1))[0]
    # a batch of three and one alone add in another order: 1e-6 of the features
    np.testing.assert_allclose(made[1], alone.numpy(), atol=1e-5 * float(alone.max()))


def test_the_mask_chooses_slices_and_does_not_cut_inside_them(inception: InceptionFeatures) -> None:
    whole = np.zeros(SHAPE, dtype=bool)
    whole[:, :, 1:4] = True
    spot, slab = (
        inception.features(head(), grid=GRID, mask=mask, low=LOW, data_range=RANGE)
        for mask in (block(), whole)
    )
    np.testing.assert_array_equal(spot, slab)


@pytest.mark.parametrize("axes", [(2, 0, 1), (1, 2, 0), (0, 1, 2)])
@pytest.mark.parametrize("flipped", [0, 2])
def test_slices_are_axial_however_the_volume_is_stored(
    inception: InceptionFeatures, axes: tuple[int, int, int], flipped: int
) -> None:
    # the same head, its array turned; the affine says where each voxel still lies
    affine = np.zeros((4, 4))
    for new, old in enumerate(axes):
        affine[:3, new] = GRID.affine[:3, old]
    affine[:, 3] = GRID.affine[:, 3]
    size = SHAPE[axes[flipped]]
    affine[:3, 3] += (size - 1) * affine[:3, flipped]
    affine[:3, flipped] *= -1
    turned = np.flip(head().transpose(axes), flipped)
    mask = np.flip(block().transpose(axes), flipped)
    grid = Grid((turned.shape[0], turned.shape[1], turned.shape[2]), affine)
    ours = inception.features(turned, grid=grid, mask=mask, low=LOW, data_range=RANGE)
    straight = inception.features(head(), grid=GRID, mask=block(), low=LOW, data_range=RANGE)
    np.testing.assert_array_equal(ours, straight)


@pytest.mark.slow
def test_fid_and_kid_of_these_features_grow_with_the_blur(inception: InceptionFeatures) -> None:
    everywhere = np.ones(SHAPE, dtype=bool)
    smooth = head(1)
    for axis in (0, 1):
        smooth = (smooth + np.roll(smooth, 1, axis)) * np.float32(0.5)
    sharp, other, blurred = (
        inception.features(voxels, grid=GRID, mask=everywhere, low=LOW, data_range=RANGE)
        for voxels in (head(0), head(1), smooth)
    )
    assert frechet_distance(sharp, blurred) > frechet_distance(sharp, other) >= 0
    assert kid(sharp, blurred).value > kid(sharp, other).value


def test_the_file_s_sha256_is_kept_and_says_whether_it_is_the_published_one(
    file: Path, inception: InceptionFeatures
) -> None:
    assert inception.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert not inception.published


@pytest.mark.parametrize("kind", ["of torch 1.5 and before", "half precision", "safetensors"])
def test_other_ways_of_keeping_the_weights_are_read_as_well(
    tmp_path: Path, file: Path, inception: InceptionFeatures, kind: str
) -> None:
    weights = torch.load(file, weights_only=True)
    path = tmp_path / ("inception.safetensors" if kind == "safetensors" else "inception.pt")
    if kind == "safetensors":
        save_file(weights, path)
    elif kind == "half precision":
        halves = {name: v.half() if v.is_floating_point() else v for name, v in weights.items()}
        torch.save(halves, path)
    else:
        torch.save(weights, path, _use_new_zipfile_serialization=False)
    ours = load_inception(path).network.state_dict()
    # of a half eleven bits are kept, and what is below 6e-8 is lost
    within = {"rtol": 2**-11, "atol": 1e-7} if kind == "half precision" else {"rtol": 0, "atol": 0}
    for name, value in inception.network.state_dict().items():
        assert ours[name].dtype == value.dtype
        torch.testing.assert_close(ours[name], value, **within)


class Greeting:
    """Runs something when it is unpickled by a reader that is not careful."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.marker,))


def test_a_pickle_that_would_run_something_is_refused_unrun(tmp_path: Path) -> None:
    path, marker = tmp_path / "inception.pth", tmp_path / "ran"
    torch.save({"a": Greeting(marker)}, path)
    with pytest.raises(ModelError, match=f"read safely.*{WANTED}"):
        load_inception(path)
    path.write_bytes(pickle.dumps(Greeting(marker)))
    with pytest.raises(ModelError, match=f"read safely.*{WANTED}"):
        load_inception(path)
    assert not marker.exists()


@pytest.mark.parametrize("name", ["inception.pth", "inception.pt", "inception.safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04" + bytes(40), b"\x80\x02."])
def test_a_file_that_is_no_file_of_weights_is_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}.*{WANTED}"):
        load_inception(tmp_path / name)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_with_changed_bytes_is_refused_in_words(tmp_path: Path, *, zipped: bool) -> None:
    path = tmp_path / "inception.pth"
    torch.save(
        {"a": torch.ones(3), "b": torch.zeros(2)}, path, _use_new_zipfile_serialization=zipped
    )
    whole, generator = path.read_bytes(), np.random.default_rng(4)
    for _ in range(60):
        changed = np.frombuffer(whole, dtype=np.uint8).copy()
        changed[generator.integers(0, len(whole), 3)] = generator.integers(0, 256, 3)
        path.write_bytes(changed.tobytes())
        with pytest.raises(ModelError, match=WANTED):
            load_inception(path)


def test_a_file_cut_short_is_refused(tmp_path: Path, file: Path) -> None:
    short = tmp_path / "short.pth"
    short.write_bytes(file.read_bytes()[:1_000_000])
    with pytest.raises(ModelError, match=f"short.pth.*{WANTED}"):
        load_inception(short)


@pytest.mark.parametrize("found", [[torch.zeros(1)], {"state_dict": {}}, {1: torch.zeros(1)}])
def test_what_is_no_table_of_tensors_is_refused(tmp_path: Path, found: object) -> None:
    torch.save(found, tmp_path / "inception.pth")
    with pytest.raises(ModelError, match=f"plain dictionary.*{WANTED}"):
        load_inception(tmp_path / "inception.pth")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.pth", tmp_path):
        with pytest.raises(ModelError, match=f"cannot be read.*{WANTED}"):
            load_inception(path)


def test_another_network_s_weights_are_refused_by_what_they_lack(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7)}, tmp_path / "resnet.pth")
    with pytest.raises(ModelError, match=f"resnet.pth.*lacks Conv2d_1a_3x3.*{WANTED}"):
        load_inception(tmp_path / "resnet.pth")


def test_the_weights_of_torchvision_are_refused_by_their_classes(tmp_path: Path) -> None:
    weights = {**random_weights(), "fc.weight": torch.zeros(1000, 2048)}
    torch.save(weights, tmp_path / "inception_v3_google.pth")
    with pytest.raises(ModelError, match=rf"\(1000, 2048\), not \(1008, 2048\).*{WANTED}"):
        load_inception(tmp_path / "inception_v3_google.pth")


def test_a_fid_from_few_images_comes_with_a_caution() -> None:
    caution = too_few_images(FEWEST_IMAGES - 1)
    assert caution is not None
    assert "2047 slices" in caution
    assert "2048" in caution
    assert too_few_images(FEWEST_IMAGES) is None
