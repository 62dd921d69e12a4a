"""Progress by whichever tqdm the caller has; here one that writes down what it is told."""

from typing import Any, ClassVar

from crossvox.progress.tqdm_bars import TqdmBars


class Written:
    """What tqdm offers."""

    made: ClassVar[list["Written"]] = []
    lines: ClassVar[list[str]] = []

    def __init__(self, *, desc: str, total: int) -> None:
        self.desc, self.total, self.n, self.closed = desc, total, 0, False
        self.postfix: dict[str, Any] = {}
        self.made.append(self)

    def update(self, count: int) -> None:
        self.n += count

    def set_postfix(self, values: dict[str, Any]) -> None:
        self.postfix = values

    def close(self) -> None:
        self.closed = True

    @classmethod
    def write(cls, text: str) -> None:
        cls.lines.append(text)


def test_each_stage_has_a_bar_that_ends_and_training_shows_its_losses() -> None:
    bars = TqdmBars(Written)
    bars.say("a line")
    bars.stage("preparing", 1, 2)
    bars.stage("preparing", 2, 2)
    bars.step(0, 3)
    bars.step(1, 3)
    bars.row(1, 3, {"loss": 0.123456})
    preparing, training = Written.made
    assert Written.lines == ["a line"]
    assert (preparing.desc, preparing.n, preparing.total, preparing.closed) == (
        "preparing", 2, 2, True,
    )  # fmt: skip
    assert (training.desc, training.n, training.closed) == ("training", 1, False)
    assert training.postfix == {"loss": "0.1235"}
