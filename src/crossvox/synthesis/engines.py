"""Synthesizer whose network runs in OpenVINO instead of torch."""

import hashlib
import json
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from crossvox.acceleration.compute import free_memory_bytes
from crossvox.errors import ModelError, ResourceError, SettingsError
from crossvox.networks.padding import synthesize_padded
from crossvox.synthesis.store import Description
from crossvox.synthesis.synthesizer import MEMORY_SHARE, Synthesizer

CONSTANTS = "crossvox"  # metadata key of the JSON in an exported file
BIN_SHA256 = "bin_sha256"  # key in that JSON: sha256 of the weights beside an .xml


def openvino() -> Any:  # noqa: ANN401 - a module
    """The OpenVINO library.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        return import_module("openvino")
    except ImportError:
        raise SettingsError(
            "OpenVINO is not installed; run pip install 'crossvox[export]'"
        ) from None


@dataclass(eq=False, kw_only=True)
class OpenVinoSynthesizer(Synthesizer):
    """Synthesizer that runs in OpenVINO on the CPU, always on the whole volume at once.

    Attributes:
        file: Path of the exported network (.xml).
        description: Description of the synthesizer that it must have been exported from.

    Raises:
        SettingsError: OpenVINO is not installed, or a window or another device is requested.
        ModelError: The file is not an exported model, or has other weights.
    """

    engine: ClassVar[str] = "openvino"
    file: Path
    description: Description
    _network: "_Network" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.window or self.compute.device != "cpu":
            raise SettingsError(
                "OpenVINO synthesizes whole volumes on the CPU; leave out --window and use"
                " --device cpu"
            )
        super().__post_init__()
        self._network = _Network(self.file, self.description, bf16=self.compute.bf16)

    @torch.inference_mode()
    def synthesize(self, source: Tensor) -> Tensor:
        """Synthesize (1, 1, X, Y, Z) float32 from a prepared source (1, C, X, Y, Z).

        Raises:
            ResourceError: The whole volume does not fit in memory.
            SettingsError: The network needs windows for a volume of this size.
        """
        self._refuse_windows(source)
        self._refuse_large(source)
        multiple = int(self._network.constants["multiple"])
        return synthesize_padded(self._network, source, multiple=multiple)

    def _refuse_windows(self, source: Tensor) -> None:
        sizes = (source.shape[2], source.shape[3], source.shape[4])
        if self._largest_input(sizes) != sizes:
            raise SettingsError(
                "OpenVINO takes whole volumes, but this network normalizes over its whole input"
                f" and was trained on patches of {self.patch}; leave out --engine to use windows"
            )

    def _refuse_large(self, source: Tensor) -> None:
        needed = self.memory_bytes((source.shape[2], source.shape[3], source.shape[4]))
        available = MEMORY_SHARE * free_memory_bytes("cpu")
        if needed > available:
            sizes = "x".join(str(size) for size in source.shape[2:])
            raise ResourceError(
                f"OpenVINO takes whole volumes: {sizes} voxels need {needed / 2**30:.1f} GiB,"
                f" {available / 2**30:.1f} GiB are available; leave out --engine to use slabs"
            )


class _Network:
    """Exported network, compiled for the shape of the most recent source."""

    def __init__(self, file: Path, description: Description, *, bf16: bool) -> None:
        self._core = openvino().Core()
        self._file = file
        self.constants = _constants_of(self._read(), file)
        _refuse_damaged(file.with_suffix(".bin"), self.constants)
        settings = json.loads(json.dumps(description.settings))
        exported = [self.constants.get(name) for name in ("sha256", "settings")]
        if exported != [description.sha256, settings]:
            raise ModelError(
                f"{file} was exported with other weights or settings; export this model again"
            )
        self._options = {
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
        }
        self._shape: tuple[int, ...] = ()
        self._compiled: Any = None

    def __call__(self, source: Tensor) -> Tensor:
        shape = tuple(source.shape)
        if shape != self._shape:
            self._compiled, self._shape = self._compile(shape), shape
        synthesized: NDArray[np.float32] = self._compiled(source.numpy(force=True))[0]
        return torch.from_numpy(np.array(synthesized, dtype=np.float32))

    def _compile(self, shape: tuple[int, ...]) -> Any:  # noqa: ANN401 - OpenVINO's
        model = self._read()
        model.reshape(list(shape))
        return self._core.compile_model(model, "CPU", self._options)

    def _read(self) -> Any:  # noqa: ANN401 - OpenVINO's
        try:
            return self._core.read_model(self._file)
        except RuntimeError:
            raise ModelError(
                f"{self._file} with the .bin beside it is not an OpenVINO model; export it again"
            ) from None


def _constants_of(model: Any, file: Path) -> dict[str, Any]:  # noqa: ANN401 - OpenVINO's
    if not model.has_rt_info([CONSTANTS]):
        raise ModelError(f"{file} was not written by crossvox export; export the model with it")
    constants: dict[str, Any] = json.loads(model.get_rt_info([CONSTANTS]).astype(str))
    return constants


def _refuse_damaged(weights: Path, constants: dict[str, Any]) -> None:
    if hashlib.sha256(weights.read_bytes()).hexdigest() != constants.get(BIN_SHA256):
        raise ModelError(
            f"{weights} is damaged or does not belong to its .xml; delete both, export again"
        )
