"""A trained model as a function of volumes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from crossvox.acceleration.compute import choose_compute
from crossvox.cohort import canonical_modality
from crossvox.engines import by_openvino
from crossvox.errors import SettingsError
from crossvox.files.conversion import volume_of
from crossvox.synthesis.sources import refuse_other_source
from crossvox.synthesis.store import (
    Description,
    load_synthesizer,
    read_description,
    with_settings,
)
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.synthesis.windows import Sizes
from crossvox.volume import Volume

SPLITS = ("train", "validation", "test")


class Model:
    """A trained model: `model(volume)` synthesizes the target on the volume's own grid.

    Attributes:
        folder: Folder of the run or synthesizer that it was loaded from.
        synthesizer: Network with its preparation.
        description: Contents of `synthesizer.json`.
    """

    def __init__(self, folder: Path, synthesizer: Synthesizer, description: Description) -> None:
        self.folder = folder
        self.synthesizer = synthesizer
        self.description = description

    def __call__(self, *sources: Any, affine: ArrayLike | None = None) -> Volume:  # noqa: ANN401 - see `volume_of`
        """Synthesize the target of one person, on the first source's grid, in `unit`.

        Args:
            sources: One source for each of `source_modalities`, in that order, or a mapping from
                modality to source; a source is a path, a `Volume`, a nibabel image, or
                (array, affine).
            affine: Matrix from voxel index to RAS+ millimeters for all arrays without one.

        Raises:
            SettingsError: A source is missing, of another modality, or not a volume.
            FileError: A source cannot be read.
            ResourceError: Not even a small window fits in memory.
        """
        return self.synthesizer(
            [
                self._volume(source, modality, affine)
                for modality, source in zip(
                    self.source_modalities, self._in_order(sources), strict=True
                )
            ]
        )

    @property
    def source_modalities(self) -> tuple[str, ...]:
        """Modalities of the sources, in the order of the network's channels."""
        return self.description.preparation.source_modalities

    @property
    def target_modality(self) -> str:
        """Modality of the synthesized volume."""
        return self.description.preparation.target_modality

    @property
    def unit(self) -> str:
        """Unit of synthesized volumes: "HU" or "arbitrary"."""
        return self.description.preparation.target_unit

    @property
    def method(self) -> str:
        """Name of the method, such as "gan3d"."""
        return self.description.method

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of the method."""
        return self.description.settings

    @property
    def step(self) -> int:
        """Training step of the weights."""
        return self.description.step

    @property
    def people(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the people in each split; scores of "train" do not carry over to new people."""
        cohort = self.description.cohort
        return {split: tuple(cohort.get(split, ())) for split in SPLITS}

    def __repr__(self) -> str:
        """Modalities, method, step, number of training people and folder in one line."""
        sources = ", ".join(self.source_modalities)
        people = len(self.people["train"])
        return (
            f"<Model {sources} to {self.target_modality}: {self.method}, step {self.step},"
            f" {people} people, {self.folder}>"
        )

    def _in_order(self, sources: Sequence[Any]) -> Sequence[Any]:
        modalities = self.source_modalities
        if len(sources) == 1 and isinstance(sources[0], Mapping):
            by_name = {canonical_modality(name): source for name, source in sources[0].items()}
            names = map(canonical_modality, modalities)
            sources = [by_name[name] for name in names if name in by_name]
        if len(sources) != len(modalities):
            raise SettingsError(
                f"{self.folder} needs {len(modalities)} source(s), {', '.join(modalities)};"
                f" got {len(sources)}"
            )
        return sources

    def _volume(self, source: Any, modality: str, affine: ArrayLike | None) -> Volume:  # noqa: ANN401 - see `volume_of`
        if isinstance(source, str | Path):
            refuse_other_source(Path(source), modality)
        volume = volume_of(source, affine=affine, modality=modality)
        if canonical_modality(volume.modality) != canonical_modality(modality):
            raise SettingsError(f"got a volume of {volume.modality} where {modality} is needed")
        return volume


def load_model(
    folder: Path,
    *,
    settings: Sequence[str] = (),
    window: Sizes | None = None,
    device: str | None = None,
    precise: bool = False,
    engine: str = "torch",
) -> Model:
    """Load a trained model.

    Args:
        folder: Folder of a trained run, or its synthesizer folder.
        settings: Settings of the method to override, as "method.key=value", if training did not
            fix them, such as the sampling steps of a diffusion model.
        window: Size of the prediction windows in voxels; the whole volume, or what fits in
            memory, if None.
        device: "cpu" or "cuda"; the GPU if there is one, if None.
        precise: Compute in float32 even where bfloat16 is faster.
        engine: "torch", "openvino", or an .xml file that `export` wrote for this model.

    Raises:
        ModelError: The folder holds no model, or a damaged one.
        SettingsError: A setting cannot be changed after training, or there is no such device.
    """
    description = with_settings(read_description(folder), settings)
    synthesizer = load_synthesizer(
        folder,
        compute=choose_compute(device=device, precise=precise),
        window=window,
        settings=description.settings if settings else None,
    )
    if engine != "torch":
        synthesizer = by_openvino(synthesizer, description, folder, engine=engine)
    return Model(folder, synthesizer, description)
