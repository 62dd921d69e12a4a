"""The interface that a synthesis method implements to be trained, stored and used."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor, nn
from torch.optim import Optimizer

Sizes = tuple[int, int, int]
Noise = Callable[[int], Tensor]  # step (0 is the first) to standard normal (B, 1, X, Y, Z)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Prepared patches from one or more cases.

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
    """One loss and the network whose optimizer minimizes it.

    Attributes:
        network: Name of the child module that the loss trains.
        loss: Scalar with its autograd graph.
        terms: Detached components of the loss, for the progress log.
    """

    network: str
    loss: Tensor
    terms: Mapping[str, Tensor] = field(default_factory=dict)


class SynthesisMethod(nn.Module, ABC):
    """A synthesis method: a module whose direct children are its networks.

    A method yields losses and never steps an optimizer. The training engine wraps each child, so
    call a network only as `self.child(...)`.

    Attributes:
        product: Names of the child networks that `synthesize` needs; a model stores only these.
        ema_decay: Decay of the EMA of the product's weights, unless the settings specify it.
        free_settings: Names of the settings that may be changed after training.
    """

    product: ClassVar[tuple[str, ...]]
    ema_decay: ClassVar[float] = 0.995
    free_settings: ClassVar[tuple[str, ...]] = ()

    @property
    def passes(self) -> int:
        """Number of forward passes of the network per volume, or per window of a volume."""
        return 1

    @property
    def fixed_statistics(self) -> bool:
        """Whether batch normalization uses running statistics instead of those of its input."""
        return True

    @property
    def patch_multiples(self) -> Sizes:
        """Numbers that the sizes of a training patch must be multiples of, along X, Y and Z."""
        return 1, 1, 1

    def refuse_patch(self, sizes: Sizes) -> None:
        """Check the size of training patches before any data is prepared.

        Args:
            sizes: Size of a patch along X, Y and Z in voxels.

        Raises:
            SettingsError: The networks cannot be trained on such patches; the message names the
                settings that decide this and values that would work.
        """

    @abstractmethod
    def optimizers(self) -> dict[str, Optimizer]:
        """Create a new optimizer for each trained network, by the network's name."""

    @abstractmethod
    def objectives(self, batch: Batch) -> Iterator[Objective]:
        """Yield the losses of one training step, in the order in which networks are updated."""

    @abstractmethod
    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:
        """Synthesize the target (B, 1, X, Y, Z) in [-1, 1] from `source` (B, C, X, Y, Z).

        The result is deterministic for a given `noise`, and without any.

        Args:
            source: Prepared source volumes of any size.
            noise: Noise that a stochastic method samples from; other methods ignore it.
        """

    def product_state(self) -> dict[str, Tensor]:
        """Return the weights that `synthesize` needs by flat name, as "generator.head.bias"."""
        prefixes = tuple(f"{name}." for name in self.product)
        state = self.state_dict()
        return {name: value for name, value in state.items() if name.startswith(prefixes)}

    def load_networks(self, state: Mapping[str, Tensor], *, names: Iterable[str]) -> None:
        """Load the networks `names` from a flat `state`; entries of other networks are ignored.

        Raises:
            RuntimeError: A network's entries do not match its layers.
        """
        for name in names:
            prefix = f"{name}."
            network_state = {
                key.removeprefix(prefix): value
                for key, value in state.items()
                if key.startswith(prefix)
            }
            self.get_submodule(name).load_state_dict(network_state)
