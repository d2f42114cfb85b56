"""How quantities are written: as a paper prints them, each with its unit."""

from collections.abc import Sequence

_DECIMAL = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB")


def count(number: int) -> str:
    """A count with a decimal prefix and two decimals, ``15.78 M``; below a thousand as it is."""
    for factor, prefix in _DECIMAL:
        # Rounding decides the prefix: 999 996 is 1.00 M, never "1000.00 k".
        if round(number * 1000 / factor, 2) >= 1000:
            return f"{number / factor:.2f} {prefix}"
    return str(number)


def parameters(number: int, live: int | None = None) -> str:
    """``15.78 M parameters``; with ``live``, the number that reaches an output, where it differs."""
    text = f"{count(number)} parameters"
    return text if live is None or live == number else f"{text} ({count(live)} live)"


def macs(number: int) -> str:
    """Multiply-accumulates, each two floating-point operations: ``3.07 GMACs``, ``0.58 GMACs``, ``1.20 MMACs``."""
    if number >= 10**13:
        return f"{number / 10**12:.2f} TMACs"
    for factor, prefix in _DECIMAL[1:]:
        if number >= factor / 10:
            return f"{number / factor:.2f} {prefix}MACs"
    return f"{number} MACs"


def shape(sizes: Sequence[int]) -> str:
    """A tensor's shape: ``64×56×56``; a leading batch of 1 is left out, a scalar is ``scalar``."""
    shown = tuple(sizes)
    if len(shown) > 1 and shown[0] == 1:
        shown = shown[1:]
    return "×".join(str(size) for size in shown) or "scalar"


def size(height_width: tuple[int, int]) -> str:
    """An image size, height first: ``224×224``."""
    return f"{height_width[0]}×{height_width[1]}"


def memory(number: float) -> str:
    """Bytes with a binary prefix: ``1.50 MiB``; whole bytes below a KiB."""
    value, unit = float(number), _BINARY[0]
    for unit in _BINARY:
        if value < 1024 or unit == _BINARY[-1]:
            break
        value /= 1024
    return f"{int(value)} B" if unit == "B" else f"{value:.2f} {unit}"


def duration(seconds: float) -> str:
    """A time to three digits: ``840 µs``, ``31.2 ms``, ``1.27 s``, ``2 min 5 s``."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{_three_digits(seconds * 1e3)} ms"
    if seconds < 100:
        return f"{_three_digits(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def share(part: float, whole: float) -> str:
    """A share in percent, ``12.5 %``; of nothing it is ``0 %``."""
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def _three_digits(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
