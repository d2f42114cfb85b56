import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.ui import numbers


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (15_783_832, "15.78 M"),
        (996_000, "996.00 k"),
        (999_996, "1.00 M"),
        (3_072_888_832, "3.07 G"),
    ],
)
def test_count(number, text):
    assert numbers.count(number) == text


@given(st.integers(1, 10**13))
def test_count_is_right_to_two_decimals(number):
    text = numbers.count(number)
    digits, _, prefix = text.partition(" ")
    factor = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[prefix]
    assert abs(float(digits) * factor - number) <= 0.005 * factor * (1 + 1e-9)
    assert float(digits) < 1000 or prefix == "T"


def test_parameters_name_the_live_ones_only_where_some_are_dead():
    assert numbers.parameters(15_783_832, 15_742_104) == "15.78 M parameters (15.74 M live)"
    assert numbers.parameters(1_309_848, 1_309_848) == "1.31 M parameters"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 MACs"),
        (64, "64 MACs"),
        (99_999, "100.00 kMACs"),
        (1_200_000, "1.20 MMACs"),
        (575_875_072, "0.58 GMACs"),
        (3_072_888_832, "3.07 GMACs"),
    ],
)
def test_macs(number, text):
    assert numbers.macs(number) == text


@pytest.mark.parametrize(
    ("sizes", "text"),
    [((1, 64, 56, 56), "64×56×56"), ((2, 64, 56, 56), "2×64×56×56"), ((1, 1000), "1000"), ((), "scalar")],
)
def test_shape(sizes, text):
    assert numbers.shape(sizes) == text


@pytest.mark.parametrize(
    ("size", "text"), [(512, "512 B"), (1536, "1.50 KiB"), (3 * 2**20, "3.00 MiB"), (2**41, "2.00 TiB")]
)
def test_memory(size, text):
    assert numbers.memory(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.00084, "840 µs"),
        (0.0312, "31.2 ms"),
        (0.312, "312 ms"),
        (1.268, "1.27 s"),
        (125, "2 min 5 s"),
        (119.7, "2 min 0 s"),
    ],
)
def test_duration(seconds, text):
    assert numbers.duration(seconds) == text


def test_share_of_nothing_is_nothing():
    assert numbers.share(1, 8) == "12.5 %"
    assert numbers.share(0, 0) == "0 %"
