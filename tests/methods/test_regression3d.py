"""Plain regression."""

import pytest
import torch

from crossvox.contract import Batch
from crossvox.errors import SettingsError
from crossvox.methods.regression3d import Config, Method
from crossvox.synthesis.catalogue import method_settings


def test_the_loss_is_the_mean_absolute_error_inside_the_mask() -> None:
    method = Method(Config(width=4, blocks=(1, 1)), sources=1)
    source = torch.rand(1, 1, 8, 8, 8)
    mask = torch.zeros_like(source)
    mask[..., :4] = 1
    (objective,) = method.objectives(Batch(source=source, target=-source, mask=mask))
    error = (method.network(source) + source).abs()[..., :4].mean()
    torch.testing.assert_close(objective.loss, error)


def test_what_leaves_the_scale_is_cut() -> None:
    method = Method(Config(width=4, blocks=(1, 1)), sources=1).eval()
    torch.nn.init.constant_(method.network.head.bias, 7.0)  # type: ignore[arg-type]  # it has one
    with torch.inference_mode():
        assert (method.synthesize(torch.zeros(1, 1, 8, 8, 8)) == 1).all()


@pytest.mark.parametrize(
    ("given", "word"),
    [({"width": 0}, "width"), ({"blocks": []}, "blocks"), ({"blocks": [1, 0]}, "blocks")],
)
def test_impossible_settings_are_refused_by_name(given: dict[str, object], word: str) -> None:
    with pytest.raises(SettingsError, match=f"method.{word}"):
        method_settings("regression3d", given)
