"""A trained model as a function of volumes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from crossvox.acceleration.compute import compute_at_hand
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
        folder: The run or the synthesizer that it was loaded from.
        synthesizer: The network with its preparation.
        description: Contents of `synthesizer.json`.
    """

    def __init__(self, folder: Path, synthesizer: Synthesizer, description: Description) -> None:
        self.folder = folder
        self.synthesizer = synthesizer
        self.description = description

    def __call__(self, *sources: Any, affine: ArrayLike | None = None) -> Volume:  # noqa: ANN401 - see `volume_of`
        """The synthesized target of one person, on the first source's grid, in `unit`.

        Args:
            sources: One for each of `source_modalities` in that order, or a mapping of them by
                modality; each a path, a `Volume`, a nibabel image, or (array, affine).
            affine: Voxel index to RAS+ millimeters, shared by all arrays given without one.

        Raises:
            SettingsError: Sources are missing, are of another modality, or no volumes.
            FileError: A source cannot be read.
            ResourceError: Memory is not enough even for small windows.
        """
        return self.synthesizer(
            [
                self._volume(given, modality, affine)
                for modality, given in zip(
                    self.source_modalities, self._in_order(sources), strict=True
                )
            ]
        )

    @property
    def source_modalities(self) -> tuple[str, ...]:
        """Modalities that it needs, in order."""
        return self.description.preparation.source_modalities

    @property
    def target_modality(self) -> str:
        """Modality that it synthesizes."""
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
        """Training steps behind the weights."""
        return self.description.step

    @property
    def people(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the people of each split; volumes of "train" say nothing about new people."""
        cohort = self.description.cohort
        return {split: tuple(cohort.get(split, ())) for split in SPLITS}

    def __repr__(self) -> str:
        """One line."""
        sources = ", ".join(self.source_modalities)
        learned = len(self.people["train"])
        return (
            f"<Model {sources} to {self.target_modality}: {self.method}, step {self.step},"
            f" {learned} people, {self.folder}>"
        )

    def _in_order(self, sources: Sequence[Any]) -> Sequence[Any]:
        wanted = self.source_modalities
        if len(sources) == 1 and isinstance(sources[0], Mapping):
            by_name = {canonical_modality(name): given for name, given in sources[0].items()}
            sources = [by_name[name] for name in map(canonical_modality, wanted) if name in by_name]
        if len(sources) != len(wanted):
            raise SettingsError(
                f"{self.folder} needs {len(wanted)} source(s), {', '.join(wanted)};"
                f" got {len(sources)}"
            )
        return sources

    def _volume(self, given: Any, modality: str, affine: ArrayLike | None) -> Volume:  # noqa: ANN401 - see `volume_of`
        if isinstance(given, str | Path):
            refuse_other_source(Path(given), modality)
        volume = volume_of(given, affine=affine, modality=modality)
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
        folder: A trained run, or its synthesizer folder.
        settings: "method.key=value" over the model's settings: what training did not decide, such
            as the sampling steps of a diffusion.
        window: Voxels of prediction windows; the whole volume, or what memory holds, if None.
        device: "cpu" or "cuda"; the GPU where there is one, if None.
        precise: Compute in float32 even where bfloat16 is faster.
        engine: "torch", "openvino", or a file that `export` made of it (.xml).

    Raises:
        ModelError: Nothing is there, or it is damaged or no model.
        SettingsError: A setting cannot be changed after training, or there is no such device.
    """
    description = with_settings(read_description(folder), settings)
    synthesizer = load_synthesizer(
        folder,
        compute=compute_at_hand(device=device, precise=precise),
        window=window,
        settings=description.settings if settings else None,
    )
    if engine != "torch":
        synthesizer = by_openvino(synthesizer, description, folder, engine=engine)
    return Model(folder, synthesizer, description)
