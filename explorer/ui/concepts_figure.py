"""Figures that Python composes and the browser draws as SVG: theme colours, keyboard, clicks."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from json import dumps
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

ASSETS = Path(__file__).parents[2] / "assets"

_mount = st.components.v2.component(
    "concept_figure",
    html='<figure class="concept">\n</figure>',
    css=(ASSETS / "concepts_figure.css").read_text(),
    js=(ASSETS / "concepts_figure.js").read_text(),
)

Number = int | float
Cell = tuple[int, int]


@dataclass(slots=True)
class Figure:
    """Shapes in units that are one CSS pixel where there is room; ``say`` is what a screen reader calls it.

    Keyword arguments of the shapes are SVG attributes, ``-`` written as ``_`` and ``class`` as ``kind``; see
    ``assets/concepts_figure.css`` for the kinds. A shape with a ``pick`` is a button that reports that value.
    """

    width: Number
    height: Number
    say: str
    shown: Number | None = None
    shapes: list[dict[str, Any]] = field(default_factory=list)
    target: dict[str, Any] | None = None

    def rect(self, x: Number, y: Number, width: Number, height: Number, **attributes: Any) -> None:
        """A rectangle by its top left corner."""
        self._add("rect", attributes, x=x, y=y, width=width, height=height)

    def circle(self, x: Number, y: Number, radius: Number, **attributes: Any) -> None:
        """A circle by its centre."""
        self._add("circle", attributes, cx=x, cy=y, r=radius)

    def line(self, x1: Number, y1: Number, x2: Number, y2: Number, **attributes: Any) -> None:
        """A straight line."""
        self._add("line", attributes, x1=x1, y1=y1, x2=x2, y2=y2)

    def path(self, d: str, **attributes: Any) -> None:
        """A path of SVG's commands."""
        self._add("path", attributes, d=d)

    def text(self, x: Number, y: Number, words: str, anchor: str = "start", **attributes: Any) -> None:
        """A line of text on the baseline y."""
        self._add("text", attributes | {"words": words}, x=x, y=y, text_anchor=anchor)

    def image(
        self, x: Number, y: Number, width: Number, height: Number, source: str, **attributes: Any
    ) -> None:
        """A picture stretched over a rectangle; ``source`` is a data URL."""
        self._add(
            "image", attributes, x=x, y=y, width=width, height=height, href=source, preserveAspectRatio="none"
        )

    def pointable(
        self, x: Number, y: Number, cell: Number, rows: int, columns: int, at: Cell, say: str
    ) -> None:
        """Let the visitor point at a cell of a grid, by pointer or arrow keys; ``at`` is the one that is chosen."""
        self.target = dict(x=x, y=y, cell=cell, rows=rows, columns=columns, at=list(at), say=say)

    def show(self, key: str) -> None:
        """Draw; what the visitor does is read by ``picked`` and ``pointed`` in the run that follows."""
        data: dict[str, Any] = {
            "width": self.width,
            "height": self.height,
            "shown": self.shown or self.width,
            "say": self.say,
            "shapes": self.shapes,
            "field": self.target,
        }
        data["digest"] = sha256(dumps(data).encode()).hexdigest()[:16]
        _mount(key=key, data=data, on_picked_change=_nothing, on_point_change=_nothing)

    def _add(self, tag: str, attributes: dict[str, Any], **geometry: Any) -> None:
        given = dict(attributes)
        shape: dict[str, Any] = {"t": tag}
        for name, short in (("words", "text"), ("tip", "tip"), ("pick", "pick")):
            if name in given:
                shape[short] = given.pop(name)
        named = {name: value for name, value in (*geometry.items(), *given.items()) if value is not None}
        shape["a"] = {_attribute(name): _rounded(value) for name, value in named.items()}
        self.shapes.append(shape)


def _nothing() -> None:
    """Streamlit keeps a component's state only where a callback names it."""


def _attribute(name: str) -> str:
    return "class" if name == "kind" else name.replace("_", "-")


def _rounded(value: object) -> object:
    return round(value, 2) if isinstance(value, float) else value


def picked(key: str) -> object:
    """What was picked last in the figure of that key, None for nothing; whatever the browser sent."""
    state = st.session_state.get(key)
    return None if state is None else state.get("picked")


def pointed(key: str, rows: int, columns: int, start: Cell) -> Cell:
    """The cell that was pointed at last, ``start`` before that; always on the grid."""
    state = st.session_state.get(key)
    sent = None if state is None else state.get("point")
    if isinstance(sent, list | tuple) and len(sent) == 2 and all(isinstance(v, int | float) for v in sent):
        row, column = (int(value) for value in sent)
        return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
    return start


def picture_url(rgb: np.ndarray, side: int = 640) -> str:
    """A picture, H x W x 3 uint8, as a data URL; its longer side is at most ``side``."""
    image = Image.fromarray(rgb)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _url(image, "JPEG", quality=88)


def paint_url(rgba: np.ndarray) -> str:
    """H x W x 4 uint8 as a data URL, every pixel kept."""
    return _url(Image.fromarray(rgba), "PNG", compress_level=3)


def _url(image: Image.Image, form: str, **options: Any) -> str:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return f"data:image/{form.lower()};base64,{b64encode(buffer.getvalue()).decode()}"
