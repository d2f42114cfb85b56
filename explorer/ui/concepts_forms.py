"""The six forms of Fig. 2 as thumbnails to choose from, each the drawing that a click opens."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from explorer.concepts.forms import FACTS, Form
from explorer.graph.layout_model import Layout, Point
from explorer.graph.view_model import View
from explorer.roles import AGGREGATIONS
from explorer.ui import theme

ASSETS = Path(__file__).parents[2] / "assets"
ORDER = tuple(Form)

_mount = st.components.v2.component(
    "aggregation_forms",
    html='<div class="forms" role="group" aria-label="Forms of aggregation">\n</div>',
    css=(ASSETS / "concepts_forms.css").read_text(),
    js=(ASSETS / "concepts_forms.js").read_text(),
)


def choose(current: Form, pictures: Mapping[Form, str], key: str, follow: Callable[[Form], None]) -> None:
    """Draw the thumbnails, ``pictures`` as SVG; ``follow`` is called with the form that is clicked."""

    def picked() -> None:
        asked = getattr(st.session_state.get(key), "picked", None)
        if isinstance(asked, str) and asked in ORDER:
            follow(Form(asked))

    _mount(
        key=key,
        data={
            "current": current.value,
            "forms": [
                {
                    "name": form.value,
                    "letter": FACTS[form].letter,
                    "title": FACTS[form].title,
                    "source": f"data:image/svg+xml;base64,{b64encode(pictures[form].encode()).decode()}",
                }
                for form in ORDER
            ],
        },
        on_picked_change=picked,
    )


def steps(current: Form, key: str, follow: Callable[[Form], None]) -> None:
    """Buttons to the form before and after, in the paper's order."""
    place = ORDER.index(current)
    for name, step, icon in (
        ("Previous", -1, ":material/arrow_back:"),
        ("Next", 1, ":material/arrow_forward:"),
    ):
        other = ORDER[place + step] if 0 <= place + step < len(ORDER) else None
        st.button(
            f"{name}: {FACTS[other].letter}" if other else name,
            icon=icon,
            icon_position="left" if step < 0 else "right",
            disabled=other is None,
            key=f"{key}.{name}",
            on_click=follow,
            args=(other,),
            help=FACTS[other].title if other else None,
        )


def thumbnail(shown: View, placed: Layout) -> str:
    """A drawing without words, as SVG; its colours serve light and dark paper."""
    lines = "".join(
        f'<path d="{_path(curve.points)}" fill="none" stroke="{theme.RULE}" stroke-width="3"/>'
        for curve in placed.edges
    )
    marks = []
    for node in shown.nodes:
        box = placed.boxes[node.id]
        colour = theme.role_colour(node.role)
        radius = box.height / 2 if node.role is None or node.role in AGGREGATIONS else 5
        marks.append(
            f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="{radius:g}" '
            f'fill="{colour}"/>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {placed.width:g} {placed.height:g}" '
        f'width="{placed.width:g}" height="{placed.height:g}">{lines}{"".join(marks)}</svg>'
    )


def _path(points: tuple[Point, ...]) -> str:
    (x, y), *rest = points
    return f"M{x:g} {y:g}C{' '.join(f'{px:g} {py:g}' for px, py in rest)}"
