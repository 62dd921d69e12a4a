from dataclasses import replace

from crossvox.comparison import Comparison, Costs
from crossvox.comparison.table import cost_notes, panels_of


def test_there_is_a_row_for_each_method_and_baselines_have_no_costs(compared: Comparison) -> None:
    likeness, _, slices, costs = panels_of(compared)
    names = ["steady", "shaky", "perfect", "copied source", "histogram-matched source"]
    assert [row.method for row in likeness.rows] == [row.method for row in slices.rows] == names
    assert [row.baseline for row in likeness.rows] == [False] * 3 + [True] * 2
    assert [row.method for row in costs.rows] == names[:3]


def test_the_best_of_each_column_is_marked_by_its_direction(compared: Comparison) -> None:
    likeness, _, slices, costs = panels_of(compared)
    best = {
        column.title: [row.method for row in panel.rows if row.cells[index].best]
        for panel in (likeness, slices, costs)
        for index, column in enumerate(panel.columns)
    }
    for title in ("SSIM", "MAE", "PSNR", "Slice consistency", "Time per volume"):
        assert best[title] == ["perfect"], title
    assert best["FID"] == []
    assert best["Training"] == []


def test_arrows_intervals_and_passes_stand_where_they_belong(compared: Comparison) -> None:
    likeness, _, _, costs = panels_of(compared)
    arrows = {column.name: column.arrow for column in likeness.columns}
    assert (arrows["ssim"], arrows["fid"]) == ("↑", "↓")
    assert " to " in likeness.rows[0].cells[0].span
    assert likeness.rows[0].cells[1].value == "n/a"
    assert [row.cells[0].span for row in costs.rows] == ["11 passes", "31 passes", "1 pass"]


def test_notes_name_the_machine_and_the_product(compared: Comparison) -> None:
    notes = cost_notes(compared)
    assert notes[0] == "Time and memory were measured on a test machine."
    assert (
        notes[1]
        == "With 1000 steps, steady would take 1000 s (extrapolated from the time of one step)."
    )
    assert len(notes) == 3


def test_a_method_of_a_thousand_steps_needs_no_product(compared: Comparison) -> None:
    first, *others = compared.contestants
    whole = replace(first, costs=Costs(seconds=99, passes=1000))
    changed = replace(compared, contestants=(whole, *others))
    assert not any("steady would take" in note for note in cost_notes(changed))


def test_costs_of_other_machines_are_told_apart_and_not_compared(compared: Comparison) -> None:
    first, *others = compared.contestants
    far = replace(first, costs=replace(first.costs, machine="a far machine", remark="It is far."))
    changed = replace(compared, contestants=(far, *others))
    notes = cost_notes(changed)
    assert notes[0] == "Time and memory of steady were measured on a far machine."
    assert notes[1] == "Time and memory of shaky, perfect were measured on a test machine."
    assert notes[2] == "It is far."
    *_, costs = panels_of(changed)
    times = next(i for i, column in enumerate(costs.columns) if column.name == "times_faster")
    assert not any(row.cells[0].best for row in costs.rows)
    # alone on its machine; the others against the slower of the two
    assert [row.cells[times].value for row in costs.rows] == ["1.00", "1.00", "31.0"]


def test_a_row_of_fewer_people_says_so_and_is_never_the_best(compared: Comparison) -> None:
    few = {**compared.summary.intervals}
    few["copied source"] = {
        name: replace(one, n=1, mean=9.0) for name, one in few["copied source"].items()
    }
    likeness, *_ = panels_of(replace(compared, summary=replace(compared.summary, intervals=few)))
    row = next(row for row in likeness.rows if row.method.startswith("copied"))
    assert row.method == "copied source (n = 1)"
    assert not any(cell.best for cell in row.cells)
