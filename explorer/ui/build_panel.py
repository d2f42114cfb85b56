"""The workbench's right side, live: the verdict, the structure, what it costs, and what is not as in the preset."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape

import streamlit as st

from explorer.config import ModelConfig, preset
from explorer.config.differences import Difference, differences
from explorer.errors import ExplorerError
from explorer.runtime.budget import RESERVE
from explorer.runtime.estimate import Estimate, estimate
from explorer.ui import numbers, services, state
from explorer.ui.build_bench import Bench
from explorer.ui.glyph import glyph


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is known of a draft at an input size and a batch.

    ``now`` is None where the network cannot take the size, which ``problem`` then says; ``base`` is the preset's
    estimate at the same size, None where it has none; ``free`` the bytes that the device has, None where unknown.
    """

    now: Estimate | None
    base: Estimate | None
    free: int | None
    problem: str = ""

    @property
    def fits(self) -> bool:
        """Whether a run would fit, as far as is known."""
        return self.now is not None and (self.free is None or self.now.fits(self.free))


def feedback(about: state.Current, base: str, batch: int, device: str, free: int | None) -> Feedback:
    """Trace a network, and the preset that it is compared with."""
    try:
        now = estimate(services.graph_of(about.config, about.size), batch, device)
    except ExplorerError as error:
        return Feedback(None, None, free, str(error))
    return Feedback(now, _base(base, about.size, batch, device), free)


def _base(name: str, size: tuple[int, int], batch: int, device: str) -> Estimate | None:
    try:
        return estimate(services.graph_of(preset(name), size), batch, device)
    except ExplorerError:
        return None


def verdict(bench: Bench, found: Feedback | None) -> str:
    """One line that says whether the draft is a network, and the exact rule where it is not."""
    problem = bench.draft.problem
    if problem is not None:
        line = f"Line {problem.line}" if problem.line is not None and bench.draft.behind else ""
        return _line("bad", "Refused", f"{line + ': ' if line else ''}{problem}")
    if found is None:
        return _line("wait", "Valid", "Reading shapes …")
    if found.problem:
        return _line("bad", "Does not take this size", found.problem)
    if not found.fits:
        return _line(
            "bad", "Too large", "It is valid, but does not fit into the memory at hand.", _brief(found)
        )
    return _line("good", "Valid", "", _brief(found))


def face(bench: Bench, about: state.Current, found: Feedback | None, device: str) -> str:
    """The panel as HTML: verdict, name, structure, numbers."""
    picture = base64.b64encode(glyph(about.config).encode()).decode()
    title = about.title if about.preset else (about.config.name or f"Changed {bench.base}")
    stale = bench.draft.problem is not None
    note = '<div class="dim">The last valid configuration:</div>' if stale else ""
    return (
        f'<div class="build-face">{verdict(bench, found)}{note}'
        f'<div class="{"stale" if stale else ""}"><div class="card"><div class="name">{escape(title)}</div>'
        f'<img alt="Structure of the network" src="data:image/svg+xml;base64,{picture}"></div>'
        f"{_numbers(bench, about, found, device)}</div></div>"
    )


def _numbers(bench: Bench, about: state.Current, found: Feedback | None, device: str) -> str:
    if found is None or found.now is None:
        empty = "…" if found is None else "–"
        cells = [
            (label, empty, "", "") for label in ("Parameters", "MACs", "Peak activations", "Memory of a run")
        ]
        return _cells(cells)
    now, base = found.now, found.base
    many = f", batch {now.batch}" if now.batch > 1 else ""
    at = f"at {numbers.size(about.size)}{many}"
    free = "" if found.free is None else f"of {numbers.memory(found.free * RESERVE)} to spare on {device}"
    outputs = " · ".join(f"{escape(name)} {numbers.shape(shape)}" for name, shape in now.outputs)
    cells = [
        (
            "Parameters",
            numbers.count(now.parameters),
            _change(now.parameters, None if base is None else base.parameters),
            f"{now.parameters:,} in all, {now.live_parameters:,} of which reach an output",
        ),
        (
            f"MACs {at}",
            numbers.macs(now.macs),
            _change(now.macs, None if base is None else base.macs),
            "multiply-accumulates of convolutions and linear layers: h·w·k²·cᵢ·cₒ each",
        ),
        (
            f"Peak activations {at}",
            numbers.memory(now.activations),
            _change(now.activations, None if base is None else base.activations),
            "the most bytes of float32 tensors that are alive at once in the forward pass",
        ),
        (
            "Memory of a run, predicted",
            numbers.memory(now.memory),
            free,
            "parameters and peak activations, and what convolutions and allocators hold beside them",
        ),
    ]
    compared = (
        ""
        if base is None or not bench.changed
        else f'<div class="dim">Changes against {escape(bench.base)}.</div>'
    )
    return _cells(cells) + f'<div class="dim outputs">Outputs: {outputs}</div>{compared}'


def _cells(cells: list[tuple[str, str, str, str]]) -> str:
    return (
        '<div class="build-numbers">'
        + "".join(
            f'<div title="{escape(tip)}"><b>{escape(label)}</b><span>{escape(value)}</span><i>{escape(note)}</i></div>'
            for label, value, note, tip in cells
        )
        + "</div>"
    )


def _change(now: int, before: int | None) -> str:
    """``+12 %``, ``−3 %``, ``3.4×``; nothing where it is the same or unknown."""
    if not before or now == before:
        return ""
    ratio = now / before
    if ratio >= 3 or ratio <= 1 / 3:
        return f"{ratio:.1f}×" if ratio >= 1 else f"1/{1 / ratio:.1f}"
    percent = 100 * (ratio - 1)
    digits = 0 if abs(percent) >= 9.95 else 1
    text = f"{abs(percent):.{digits}f} %"
    return f"{'+' if percent > 0 else '−'}{text}" if abs(percent) >= 0.05 else "≈ same"


def _brief(found: Feedback) -> str:
    """The numbers in a few words, for windows in which the panel scrolls out of sight."""
    if found.now is None:
        return ""
    now = found.now
    return f"{numbers.count(now.parameters)} · {numbers.macs(now.macs)} · {numbers.memory(now.memory)}"


def _line(kind: str, word: str, text: str, brief: str = "") -> str:
    said = f"<span>{escape(text)}</span>" if text else ""
    # The numbers stand beneath in full: a screen reader need not hear them twice.
    said += f'<span class="brief" aria-hidden="true">{escape(brief)}</span>' if brief else ""
    return f'<div class="verdict {kind}" role="status"><b>{escape(word)}</b>{said}</div>'


def difference(base: str, config: ModelConfig) -> None:
    """Every field that is not as in the preset, old and new."""
    found = differences(preset(base), config)
    if not found:
        return
    count = f"{len(found)} {'field differs' if len(found) == 1 else 'fields differ'} from {base}"
    with st.expander(count, expanded=len(found) <= 6, key=f"build-difference-{base}"):
        st.html(f'<table class="build-difference">{"".join(_row(each) for each in found)}</table>')


def _row(each: Difference) -> str:
    symbol = f" <em>{escape(each.symbol)}</em>" if each.symbol else ""
    return (
        f"<tr><th>{escape(each.label)}{symbol}</th><td><del>{escape(each.old)}</del> → "
        f"<ins>{escape(each.new)}</ins></td></tr>"
    )
