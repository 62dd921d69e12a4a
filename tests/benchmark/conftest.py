"""A benchmark as small as networks allow, and work that needs no network."""

import pytest

from crossvox.benchmark.variant import Setting


@pytest.fixture
def small() -> Setting:
    return Setting(
        sizes=(32, 32, 32),
        width=2,
        threads=1,
        discriminator_width=4,
        window=(32, 32, 16),
        convolution_side=8,
    )
