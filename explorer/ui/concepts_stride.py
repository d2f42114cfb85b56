"""What a backbone keeps dense at each output stride, and what that costs."""

from __future__ import annotations

import streamlit as st

from explorer.concepts import atrous
from explorer.concepts.atrous import StageCost
from explorer.ui import numbers, services, theme
from explorer.ui.concepts_figure import Figure

KEY = "concepts-stride"
STRIDES = (32, 16, 8)
SIDE = 513
"""Side of DeepLab's evaluation crops in pixels."""


def show() -> None:
    """What the backbone keeps dense at each output stride, and its MACs."""
    st.markdown("#### Output stride: density against cost")
    st.markdown(
        "Below an output stride of 32 the later stages dilate instead of striding: the same weights, the "
        "same field of view, more positions."
    )
    costs = {
        stride: atrous.stage_costs(services.graph_of(atrous.backbone(stride), (SIDE, SIDE)))
        for stride in STRIDES
    }
    _figure(costs)
    totals = {stride: sum(stage.macs for stage in stages) for stride, stages in costs.items()}
    st.markdown(
        f"Output stride 16 costs {totals[16] / totals[32]:.2f} times and output stride 8 "
        f"**{totals[8] / totals[32]:.2f} times** the MACs of stride 32, for "
        f"{costs[16][-1].side ** 2 / costs[32][-1].side ** 2:.1f} and "
        f"{costs[8][-1].side ** 2 / costs[32][-1].side ** 2:.1f} times the positions."
    )
    st.caption(
        f"MACs of DeepLab's ResNet-101, traced at {SIDE}×{SIDE}, without a head. Source: [arXiv "
        "1706.05587](https://arxiv.org/abs/1706.05587), section 3.1 and Fig. 3."
    )


def _figure(costs: dict[int, tuple[StageCost, ...]]) -> None:
    unit, row, left, gap = 0.54, 122, 76, 16
    squares = left + sum(stage.side * unit + gap for stage in costs[8]) + 24
    bar = 230
    figure = Figure(squares + bar + 96, 30 + row * len(costs), "Maps and MACs at output strides 32, 16 and 8")
    most = max(sum(stage.macs for stage in stages) for stages in costs.values())
    colours = (theme.RULE, theme.SKY, theme.GREEN, theme.AMBER, theme.VERMILION)
    figure.text(squares, 14, "MACs by stage", kind="strong")
    figure.text(left, 14, "maps that the stages put out", kind="strong")
    for index, (stride, stages) in enumerate(costs.items()):
        top = 30 + index * row
        figure.text(0, top + 44, f"stride {stride}", kind="strong")
        x = float(left)
        for stage, wide, colour in zip(stages, costs[8], colours, strict=True):
            side, room = stage.side * unit, wide.side * unit
            figure.rect(
                x + (room - side) / 2, top + 40 - side / 2, side, side, fill=colour, fill_opacity=0.75,
                kind="frame", rx=2,
                tip=f"{stage.name}: {stage.side}×{stage.side}, {numbers.macs(stage.macs)}",
            )  # fmt: skip
            figure.text(x + room / 2, top + 95, f"{stage.side}×{stage.side}", "middle", kind="small value")
            if stage.dilation > 1:
                figure.text(
                    x + room / 2, top + 109, f"dilated {stage.dilation}", "middle", kind="small quiet"
                )
            x += room + gap
        x = squares
        for stage, colour in zip(stages, colours, strict=True):
            width = bar * stage.macs / most
            figure.rect(
                x,
                top + 27,
                width,
                26,
                fill=colour,
                fill_opacity=0.9,
                tip=f"{stage.name}: {numbers.macs(stage.macs)}",
            )
            x += width
        figure.text(x + 8, top + 45, numbers.macs(sum(stage.macs for stage in stages)), kind="value strong")
        if index:
            figure.line(0, top - 8, figure.width, top - 8, kind="rule")
    figure.show(f"{KEY}-strides")
