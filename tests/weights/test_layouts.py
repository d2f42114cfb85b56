"""Layouts told apart by keys alone, for all ten DLA variants, against the lists of the published files."""

import pytest

from explorer.weights.layouts import Layout, dead_projections, recognise, without_parallel_prefix
from tests.weights.fakes import VARIANTS, key_list


def keys(name: str) -> list[str]:
    return [key for key, _ in key_list(name)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_dead_projections_are_what_timm_leaves_out(variant: str) -> None:
    lacking = set(keys(variant)) - set(keys(f"timm_{variant}"))
    assert lacking
    assert set(dead_projections(keys(variant))) == lacking


@pytest.mark.parametrize("variant", VARIANTS)
def test_timm_files_are_recognised_and_originals_need_no_allowance(variant: str) -> None:
    timm = recognise(keys(f"timm_{variant}"), keys(variant))
    assert timm.layout is Layout.TIMM
    assert not timm.missing
    assert not timm.unexpected
    original = recognise(keys(variant), keys(variant))
    assert (original.layout, original.absent, original.leftover) == (Layout.ORIGINAL, (), ())


def test_half_of_the_dead_projections_is_a_mismatch() -> None:
    part = [key for key in keys("dla34") if not key.startswith("level3.project.")]
    match = recognise(part, keys("dla34"))
    assert set(match.missing) == {key for key in keys("dla34") if key.startswith("level3.project.")}


def test_a_living_projection_may_never_be_absent() -> None:
    part = [key for key in keys("timm_dla34") if key != "level5.project.0.weight"]
    assert recognise(part, keys("dla34")).missing == ("level5.project.0.weight",)


def test_leftover_classifier_is_allowed_whole_and_for_a_detector_alone() -> None:
    with_fc, without = keys("centernet_dla34_with_fc"), keys("centernet_dla34")
    match = recognise(with_fc, without)
    assert match.layout is Layout.CENTERNET
    assert set(match.leftover) == set(with_fc) - set(without)
    assert recognise([*without, "base.fc.weight"], without).unexpected == ("base.fc.weight",)
    assert recognise([*keys("dla34"), "base.fc.weight", "base.fc.bias"], keys("dla34")).unexpected
    exact = recognise(with_fc, with_fc)
    assert (exact.layout, exact.leftover) == (Layout.ORIGINAL, ())


def test_counters_may_be_absent_together_but_not_in_part() -> None:
    old = [key for key in keys("dla34") if not key.endswith("num_batches_tracked")]
    assert not recognise(old, keys("dla34")).missing
    assert not recognise([k for k in keys("timm_dla34") if k in set(old)], keys("dla34")).missing
    assert recognise([*old, "level0.1.num_batches_tracked"], keys("dla34")).missing


def test_the_parallel_prefix_is_dropped_only_where_every_key_has_it() -> None:
    assert without_parallel_prefix(["module.a", "module.b"]) == {"module.a": "a", "module.b": "b"}
    assert without_parallel_prefix(["module.a", "b"]) == {"module.a": "module.a", "b": "b"}
