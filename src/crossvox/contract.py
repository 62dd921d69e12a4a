"""What a synthesis method must provide to be trained, stored and used."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor, nn
from torch.optim import Optimizer

Sizes = tuple[int, int, int]
Noise = Callable[[int], Tensor]  # standard normal (B, 1, X, Y, Z) of a step, 0 being the first


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Prepared patches of some cases.

    Attributes:
        source: (B, C, X, Y, Z), one channel per source modality, in [-1, 1].
        target: (B, 1, X, Y, Z), in [-1, 1].
        mask: (B, 1, X, Y, Z), weight of each voxel's loss in [0, 1]; 0 where there is no target.
    """

    source: Tensor
    target: Tensor
    mask: Tensor


@dataclass(frozen=True, kw_only=True)
class Objective:
    """One loss and the network whose optimizer steps on it.

    Attributes:
        network: Name of the child module that learns from it.
        loss: Scalar with a graph.
        terms: Detached parts of the loss, for the progress record.
    """

    network: str
    loss: Tensor
    terms: Mapping[str, Tensor] = field(default_factory=dict)


class SynthesisMethod(nn.Module, ABC):
    """One way to synthesize: its direct children are its networks, and it says how they learn.

    A method yields losses and never steps; the engine wraps each child, so a network is only
    ever called as `self.child(...)`.

    Attributes:
        product: Names of the children that `synthesize` needs; only these are kept for use.
        average_decay: Of the moving average of the product's weights, where settings leave it open.
        free_settings: Names of those that may change after training.
    """

    product: ClassVar[tuple[str, ...]]
    average_decay: ClassVar[float] = 0.995
    free_settings: ClassVar[tuple[str, ...]] = ()

    @property
    def passes(self) -> int:
        """How often the network runs for one volume, or for each window of one."""
        return 1

    @property
    def fixed_statistics(self) -> bool:
        """Whether batch normalization divides by what training found, not by the volume's own."""
        return True

    @property
    def patch_multiples(self) -> Sizes:
        """What each size of a training patch must be a multiple of."""
        return 1, 1, 1

    def refuse_patch(self, sizes: Sizes) -> None:
        """Check a size of training patches, before anything is prepared for it.

        Args:
            sizes: Voxels of a patch along X, Y and Z.

        Raises:
            SettingsError: The networks cannot learn from such patches; the settings that decide
                this are named, with what would do.
        """

    @abstractmethod
    def optimizers(self) -> dict[str, Optimizer]:
        """A fresh optimizer for each network that learns, by its name."""

    @abstractmethod
    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """The losses of one training step, in the order their networks step."""

    @abstractmethod
    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:
        """The target (B, 1, X, Y, Z) in [-1, 1] of `source` (B, C, X, Y, Z), any size.

        Equal noise gives equal volumes, and so does none.

        Args:
            source: Prepared source.
            noise: What a stochastic method draws from; others ignore it.
        """

    def product_state(self) -> dict[str, Tensor]:
        """The weights that `synthesize` needs, by their flat names ("generator.head.bias")."""
        prefixes = tuple(f"{name}." for name in self.product)
        state = self.state_dict()
        return {name: value for name, value in state.items() if name.startswith(prefixes)}

    def load_networks(self, state: Mapping[str, Tensor], *, names: Iterable[str]) -> None:
        """Load the networks `names` from flat names; other entries of `state` are left alone.

        Raises:
            RuntimeError: A network's entries are not those of its layers.
        """
        for name in names:
            prefix = f"{name}."
            own = {
                key.removeprefix(prefix): v for key, v in state.items() if key.startswith(prefix)
            }
            self.get_submodule(name).load_state_dict(own)
