"""Corresponding parts of two networks: every item in one pair, no pairing worth more, equal things equal."""

import random
from collections import Counter
from functools import cache

import pytest

from explorer.config import ModelConfig, preset
from explorer.graph import trace, view
from explorer.graph.alignment import (
    Aspect,
    Status,
    align,
    best,
    entries,
    increasing,
    likeness,
)


@cache
def traced(name):
    return trace(name, preset(name).default_input)


def aligned(here, there, style="paper", opened=(None, None)):
    sides = [(graph, view(graph, style, groups)) for graph, groups in zip((here, there), opened, strict=True)]
    return sides, align(*sides)


def edited(name, **fields):
    plain = preset(name).model_dump(mode="json")
    plain["backbone"] |= fields
    config = ModelConfig.from_plain(plain)
    return trace(config, config.default_input)


@pytest.mark.parametrize("style", ["paper", "modules", "operations"])
@pytest.mark.parametrize(
    ("here", "there"),
    [("densenet201", "vovnet39"), ("dla34up", "centernet_dla34"), ("dla34", "peleenet"),
     ("deeplabv3_resnet101_msc_os8", "dla60")],
)  # fmt: skip
def test_every_item_is_in_one_pair_and_pairs_stay_in_their_section(here, there, style):
    sides, alignment = aligned(traced(here), traced(there), style)
    for side, name in zip(sides, ("here", "there"), strict=True):
        counts = Counter(getattr(pair, name) for pair in alignment.pairs)
        del counts[None]
        assert counts == Counter(item.id for item in side[1].everything)
        homes = {entry.item.id: entry.section for entry in entries(*side)}
        assert all(
            homes[item] == pair.section
            for pair in alignment.pairs
            if (item := getattr(pair, name)) is not None
        )


@pytest.mark.parametrize("style", ["paper", "modules", "operations"])
@pytest.mark.parametrize(
    "name", ["dla34", "vovnet39", "densenet121", "centernet_dla34", "deeplabv2_resnet101_msc"]
)
def test_a_network_equals_itself(name, style):
    _, alignment = aligned(traced(name), traced(name), style)
    assert {pair.status for pair in alignment.pairs} == {Status.EQUAL}
    assert all(pair.here == pair.there for pair in alignment.pairs)


def test_swapped_networks_correspond_as_much():
    _, there = aligned(traced("dla34up"), traced("centernet_dla34"))
    _, back = aligned(traced("centernet_dla34"), traced("dla34up"))
    swapped = {Status.HERE: Status.THERE, Status.THERE: Status.HERE}
    assert Counter(pair.status for pair in there.pairs) == Counter(
        swapped.get(pair.status, pair.status) for pair in back.pairs
    )
    equal = [
        {frozenset((p.here, p.there)) for p in each.pairs if not p.aspects and p.here}
        for each in (there, back)
    ]
    assert {pair for pair in equal[0] if None not in pair} == {pair for pair in equal[1] if None not in pair}


def test_only_the_edited_stage_differs():
    changed = edited("dla34", levels=[1, 1, 1, 2, 1, 1])
    _, alignment = aligned(changed, traced("dla34"))
    assert {pair.section.title for pair in alignment.pairs if pair.status is not Status.EQUAL} == {"Stage 4"}


def test_other_channels_differ_where_they_are_written_and_read():
    changed = edited("dla34", channels=[16, 32, 64, 128, 320, 512])
    sides, alignment = aligned(changed, traced("dla34"))
    different = {pair.here for pair in alignment.pairs if pair.status is Status.DIFFERENT}
    assert {pair.status for pair in alignment.pairs} == {Status.EQUAL, Status.DIFFERENT}
    assert different == {
        item.id for item in sides[0][1].everything if item.id.startswith("level4") or item.id in
        ("level5", "level5.tree1", "level5.root")
    }  # fmt: skip
    assert Aspect.SHAPE in alignment.of_here["level4.tree1.root"].aspects
    assert Aspect.SHAPE not in alignment.of_here["level5.tree1"].aspects


def test_a_setting_without_a_price_is_a_difference():
    here, there = (traced(f"deeplabv3_resnet101_msc_{stride}") for stride in ("os16", "os8"))
    _, alignment = aligned(here, there)
    assert Aspect.SETTINGS in alignment.of_here["base.aspp.stages.c1"].aspects


def test_the_backbones_own_path_does_not_matter():
    _, alignment = aligned(traced("dla34"), traced("centernet_dla34"))
    assert alignment.of_here["level3.tree1.root"].there == "base.level3.tree1.root"


def test_an_open_group_corresponds_to_a_closed_one():
    graph = traced("dla34")
    _, alignment = aligned(graph, graph, opened=({"level3"}, {"level4"}))
    assert alignment.of_here["level3"].there == "level3"
    assert alignment.of_here["level4"].there == "level4"
    assert alignment.of_here["level3"].status is Status.EQUAL


def total(pairs, left, right, worth):
    return sum(worth(left[i], right[j]) for i, j in pairs)


def naive(left, right, worth):
    """The largest sum over all increasing pairings, by trying them all."""
    if not left or not right:
        return 0
    with_pair = [
        worth(left[0], other) + naive(left[1:], right[j + 1 :], worth)
        for j, other in enumerate(right)
        if worth(left[0], other)
    ]
    return max([naive(left[1:], right, worth), *with_pair])


def test_no_pairing_is_worth_more():
    generator = random.Random(4)
    for _ in range(200):
        left, right = ([generator.choice("abcd") for _ in range(generator.randrange(7))] for _ in range(2))
        table = {(a, b): generator.choice([0, 0, 4, 6, 9]) for a in "abcd" for b in "abcd"}

        def worth(a, b, table=table):
            return table[a, b]

        found = best(left, right, worth)
        assert found == sorted(set(found))
        assert len({i for i, _ in found}) == len({j for _, j in found}) == len(found)
        assert total(found, left, right, worth) == naive(left, right, worth)


def test_stages_without_a_shared_path_are_paired_as_well_as_can_be():
    sides, alignment = aligned(traced("densenet121"), traced("vovnet39"))
    ours, theirs = ([entry for entry in entries(*side) if entry.section.title == "Stage 2"] for side in sides)
    found = [
        (next(e for e in ours if e.item.id == pair.here), next(e for e in theirs if e.item.id == pair.there))
        for pair in alignment.pairs
        if pair.section.title == "Stage 2" and pair.here and pair.there
    ]
    assert sum(likeness(*pair) for pair in found) == naive(ours, theirs, likeness)


def test_a_longest_increasing_subsequence():
    generator = random.Random(5)
    for _ in range(100):
        numbers = generator.sample(range(9), generator.randrange(9))
        found = [numbers[index] for index in increasing(numbers)]
        longest = max(
            (
                [n for k, n in enumerate(numbers) if mask >> k & 1]
                for mask in range(2 ** len(numbers))
                if (chosen := [n for k, n in enumerate(numbers) if mask >> k & 1]) == sorted(chosen)
            ),
            key=len,
        )
        assert found == sorted(found)
        assert len(found) == len(longest)
