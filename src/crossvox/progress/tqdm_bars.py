"""Progress bars with the caller's own tqdm class, for terminals or notebooks."""

from collections.abc import Callable, Mapping
from typing import Any

from crossvox.progress.protocol import Quiet

TRAINING = "training"


class TqdmBars(Quiet):
    """One tqdm bar for each stage, and one for the training steps.

    Args:
        tqdm: Class of the bars, such as `tqdm.auto.tqdm`; crossvox does not depend on tqdm.
    """

    def __init__(self, tqdm: Callable[..., Any]) -> None:
        self._tqdm = tqdm
        self._name = ""
        self._bar: Any = None

    def say(self, text: str) -> None:
        """Show a line above the bar."""
        self._tqdm.write(text)  # type: ignore[attr-defined]  # tqdm's

    def stage(self, name: str, done: int, total: int) -> None:
        """Update the bar of the stage `name`."""
        if name != self._name:
            self._close()
            self._name, self._bar = name, self._tqdm(desc=name, total=total)
        self._bar.total = total
        self._bar.update(done - self._bar.n)
        if done == total:
            self._close()

    def step(self, step: int, steps: int) -> None:
        """Update the bar of training."""
        self.stage(TRAINING, step, steps)

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:  # noqa: ARG002 - the protocol's
        """Show the newest losses beside the bar."""
        if self._bar is not None:
            self._bar.set_postfix({name: f"{value:.4g}" for name, value in values.items()})

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._name, self._bar = "", None
