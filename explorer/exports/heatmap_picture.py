"""Connectivity's heatmaps as a picture: a row of figures for each network, with a legend and a key of long names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from explorer.analysis.aggregation import Kind
from explorer.analysis.heatmaps import LAST_MEANINGS, Heatmap, Scale, divisors
from explorer.exports.scene_model import DARK, LIGHT, Outline, Palette, Paper, Scene, Text, mixed

MARGIN, GAP, LEFT, TOP, LINE = 20.0, 26.0, 30.0, 40.0, 15.0
WIDEST = 1400.0
SIDE = 290.0
LETTER = 6.4
ADDED = ", by the weights of each branch"
PLAIN = str.maketrans("₁₂→", "12>")
"""The fonts of publication pictures have neither small digits nor arrows."""
RAMP_STEPS = 60

Item = Outline | Text
SCALES = {
    Scale.FIGURE: "over the largest of the figure",
    Scale.BLOCK: "over the largest of each block",
    Scale.TARGET: "over the largest into each target",
    Scale.RAW: "raw",
}


def picture(
    networks: Sequence[tuple[str, Sequence[Heatmap]]],
    scale: Scale,
    colours: Sequence[str],
    paper: Paper | str = Paper.WHITE,
) -> Scene:
    """All heatmaps of all networks, (title, heatmaps) each, in rows; ``colours`` run from 0 to 1."""
    paper = Paper(paper)
    palette = DARK if paper is Paper.DARK else LIGHT
    drawing = _Drawing(palette, colours)
    units = divisors([figure for _, figure in networks], scale)
    for (title, figure), parts in zip(networks, units, strict=True):
        drawing.network(title, figure, parts)
    most = max((p for figure in units for part in figure for p in part), default=0.0)
    caption = f"Mean absolute weight of each target (across) over the channels of each source (down), {SCALES[scale]}."
    drawing.legend(caption, f"{most:.3g}" if scale is Scale.RAW else "1")
    return Scene(
        title=", ".join(title for title, _ in networks),
        caption=caption,
        width=drawing.width + MARGIN,
        height=drawing.y + MARGIN,
        items=tuple(drawing.items),
        palette=palette,
        transparent=paper is Paper.TRANSPARENT,
    )


class _Drawing:
    """Shapes from top to bottom; ``y`` is where the next one goes."""

    def __init__(self, palette: Palette, colours: Sequence[str]) -> None:
        self.palette = palette
        self.colours = colours
        self.items: list[Item] = []
        self.width = 420.0
        self.y = MARGIN

    def network(self, title: str, figure: Sequence[Heatmap], parts: Sequence[Sequence[float]]) -> None:
        self._text(MARGIN, self.y + 8, title, 16, bold=True)
        self.y += 34
        x, bottom, key = MARGIN, self.y, []
        for heatmap, scales in zip(figure, parts, strict=True):
            cell = _side(heatmap)
            left = max(LEFT, 10 + LETTER * max(len(mark.label) for mark in heatmap.rows))
            wide = left + max(
                cell * len(heatmap.columns),
                7.6 * len(heatmap.title + (ADDED if heatmap.kind is Kind.SUM else "")) - left,
            )
            if x > MARGIN and x + wide > WIDEST:
                x, self.y = MARGIN, bottom + GAP
            end = self._heatmap(heatmap, scales, x + left, self.y + TOP, cell)
            self._text(
                x + left,
                self.y + 4,
                heatmap.title + (ADDED if heatmap.kind is Kind.SUM else ""),
                12,
                bold=True,
            )
            self.width = max(self.width, x + wide)
            bottom = max(bottom, end)
            x += wide + GAP
            if heatmap.gathered:
                key += [f"{heatmap.title}:"] + [
                    f"   {i} {mark.about}" for i, mark in enumerate(heatmap.columns, 1)
                ]
        self.y = bottom + GAP / 2
        for line in key:
            self._text(MARGIN, self.y + 6, line, 10.5, quiet=True)
            self.y += LINE
        self.y += GAP / 2

    def legend(self, caption: str, high: str) -> None:
        width = 220.0
        self._text(MARGIN, self.y + 6, "0", 11)
        for step, after in pairwise(range(RAMP_STEPS + 1)):
            left = MARGIN + 14 + width * step / RAMP_STEPS
            colour, wide = self._colour(step / RAMP_STEPS), width * (after - step) / RAMP_STEPS
            self.items.append(Outline(left, self.y, wide, 12, 0, colour, colour, 0.4))
        self._text(MARGIN + 22 + width, self.y + 6, high, 11)
        self.y += 26
        for line in (
            caption,
            "Framed: " + ", ".join(f"{a} {b}" for a, b in LAST_MEANINGS.items()) + ". Empty: no connection.",
        ):
            self._text(MARGIN, self.y + 6, line, 11, quiet=True)
            self.width = max(self.width, MARGIN + 6.1 * len(line))
            self.y += LINE + 2

    def _heatmap(self, heatmap: Heatmap, parts: Sequence[float], x: float, y: float, cell: float) -> float:
        wide, high = cell * len(heatmap.columns), cell * len(heatmap.rows)
        gap = 1.0 if cell > 12 else 0.4
        ground = mixed(self.palette.ink, 0.05, self.palette.paper)
        self.items.append(Outline(x, y, wide, high, 0, ground, ground, 0))
        for one, part in zip(heatmap.cells, parts, strict=True):
            self.items.append(
                Outline(x + one.column * cell + gap / 2, y + one.row * cell + gap / 2, cell - gap, cell - gap, 0,
                        self._colour(one.strength / part), self._colour(one.strength / part), 0)
            )  # fmt: skip
        for column in heatmap.framed:
            self.items.append(Outline(x + column * cell, y, cell, high, 0, None, self.palette.ink, 1.4))
        every = 1 if heatmap.gathered or cell >= 13 else 4
        for i, mark in enumerate(heatmap.rows):
            if i % every == 0:
                self._text(x - 6 - LETTER * len(mark.label), y + (i + 0.5) * cell, mark.label, 10.5)
        for i, mark in enumerate(heatmap.columns):
            if i in heatmap.framed or (i + 1) % every == 0:
                self._text(
                    x + (i + 0.5) * cell, y - 9, str(i + 1) if heatmap.gathered else mark.label, 10.5,
                    bold=i in heatmap.framed, middle=True,
                )  # fmt: skip
        return y + high

    def _text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        bold: bool = False,
        quiet: bool = False,
        middle: bool = False,
    ) -> None:
        colour = self.palette.muted if quiet else self.palette.ink
        self.items.append(
            Text(x, y, words.translate(PLAIN), size, colour, bold, "middle" if middle else "start")
        )

    def _colour(self, unit: float) -> str:
        place = min(max(unit, 0.0), 1.0) * (len(self.colours) - 1)
        low = min(int(place), len(self.colours) - 2)
        return mixed(self.colours[low + 1], place - low, self.colours[low])


def _side(heatmap: Heatmap) -> float:
    count = max(len(heatmap.rows), len(heatmap.columns))
    return 26.0 if heatmap.gathered else max(4.0, min(30.0, SIDE / count))
