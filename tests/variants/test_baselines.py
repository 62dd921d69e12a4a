"""Other methods that predict a volume."""

from dataclasses import replace

from crossvox.variants.baselines import BASELINES, cost_of_denoising, cost_of_slices
from crossvox.variants.variant import Setting


def test_every_slice_costs_the_same(small: Setting) -> None:
    single, triple = (cost_of_slices(replace(small, sizes=(32, 32, count))) for count in (1, 3))
    assert triple.operations == 3 * single.operations
    assert triple.parameters == single.parameters == 54_408_385  # its paper: 54.4 M


def test_a_denoising_step_costs_less_as_rewritten(small: Setting) -> None:
    written, rewritten = (
        cost_of_denoising(small, as_torch_runs_it=plain) for plain in (True, False)
    )
    assert rewritten.operations < written.operations
    assert rewritten.parameters == written.parameters


def test_ratios_of_diffusion_are_products_of_one_measured_pass() -> None:
    assert {one.products for one in BASELINES if one.group == "ddpm"} == {(50, 1000)}
