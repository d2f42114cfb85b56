"""Results are kept by use and by size."""

import numpy as np

from explorer.runtime.recent import Recent


def test_the_least_recently_used_goes_first() -> None:
    recent: Recent[str, np.ndarray] = Recent(max_bytes=25)
    for name in "ab":
        recent.put(name, np.zeros(10, np.uint8))
    assert recent.get("a") is not None
    recent.put("c", np.zeros(10, np.uint8))
    assert recent.get("b") is None
    assert recent.get("a") is not None
    assert recent.get("c") is not None


def test_what_never_fits_is_not_kept() -> None:
    recent: Recent[str, np.ndarray] = Recent(max_bytes=25)
    recent.put("large", np.zeros(26, np.uint8))
    assert recent.get("large") is None


def test_a_new_value_replaces_the_old() -> None:
    recent: Recent[str, np.ndarray] = Recent(max_bytes=25)
    for value in (1, 2, 3):
        recent.put("a", np.full(20, value, np.uint8))
    kept = recent.get("a")
    assert kept is not None
    assert kept[0] == 3
