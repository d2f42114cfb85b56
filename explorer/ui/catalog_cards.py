"""The catalog page's parts: a card per network, the selection, and accuracy against cost."""

import base64
from collections.abc import Sequence
from enum import StrEnum
from html import escape

import streamlit as st

from explorer.roles import ROLE_STYLES, Role, Shape
from explorer.ui import numbers, shell, state
from explorer.ui.catalog import FAMILY_NOTES, Entry, Family, Measure, block_of
from explorer.ui.glyph import glyph

_LEGEND = (
    (Role.STEM, "Stem"),
    (Role.BLOCK, "Block, layer or branch"),
    (Role.ROOT, "Aggregation node"),
    (Role.CONCAT, "Concatenation"),
    (Role.TRANSITION, "Transition"),
    (Role.IDA, "IDA, ASPP"),
    (Role.HEAD, "Head"),
)
_CARD_WIDTH = 290
_PAGES: tuple[state.PageName, ...] = ("graph", "layers", "connectivity", "predict", "build")


class Order(StrEnum):
    """What the cards of a family are sorted by."""

    PAPER = "As published"
    PARAMETERS = "Parameters, fewest first"
    MACS = "MACs, fewest first"
    ACCURACY = "Accuracy, best first"


def select(entries: Sequence[Entry], words: str, families: Sequence[str], order: Order) -> list[Entry]:
    """The entries whose name, family or block holds every word, in the given order; no families means all."""
    asked = words.casefold().split()
    found = [
        entry
        for entry in entries
        if (not families or entry.family in families) and all(word in _searched(entry) for word in asked)
    ]
    match order:
        case Order.PARAMETERS:
            return sorted(found, key=lambda entry: entry.parameters)
        case Order.MACS:
            return sorted(found, key=lambda entry: entry.macs)
        case Order.ACCURACY:
            return sorted(found, key=_by_accuracy)
        case Order.PAPER:
            return found


def legend() -> None:
    """What the marks in the cards' pictures mean."""
    marks = []
    for role, label in _LEGEND:
        style = ROLE_STYLES[role]
        shape = "round" if style.shape is Shape.ROUND else "square"
        marks.append(f'<span><i class="{shape}" style="background:{style.colour}"></i>{label}</span>')
    st.html(f'<div class="legend dim">{"".join(marks)}</div>')


def heading(family: Family, members: Sequence[Entry]) -> None:
    """A family's name, what is common to it, and where it was published."""
    st.subheader(family, anchor=False)
    papers = dict.fromkeys(entry.paper for entry in members if entry.paper)
    links = " · ".join(f"[{paper.title}]({paper.url})" for paper in papers)
    st.caption(f"{FAMILY_NOTES[family]} {links}")


def cards(entries: Sequence[Entry], current: state.Current) -> None:
    """A grid of cards, each with links to the pages about its network."""
    grid = st.grid("auto", min_column_width=_CARD_WIDTH, gap="small")
    for entry in entries:
        about = state.changed(current, model=entry.name)
        with (
            grid.cell(),
            st.container(border=True, gap="xsmall", height="stretch", vertical_alignment="distribute"),
        ):
            st.html(_face(entry))
            with st.container(horizontal=True, gap="xxsmall", key=f"card-links-{entry.name}"):
                for page in _PAGES:
                    shell.page_link(page, about)


def _by_accuracy(entry: Entry) -> tuple[int, float]:
    """Best first among those of one measure: a top-1 accuracy and an AP do not compare."""
    if entry.score is None:
        return len(Measure), 0.0
    return list(Measure).index(entry.score.measure), -entry.score.value


def _searched(entry: Entry) -> str:
    return f"{entry.name} {entry.family} {block_of(entry.config)} {entry.config.task}".casefold()


def _face(entry: Entry) -> str:
    facts = [
        (
            "Parameters",
            numbers.count(entry.parameters),
            f"{entry.parameters:,} in all, {entry.live_parameters:,} live",
        ),
        (
            "GMACs",
            f"{entry.macs / 1e9:.2f}",
            f"multiply-accumulates at {numbers.size(entry.config.default_input[2:])}",
        ),
    ]
    if entry.score:
        score = entry.score
        note = f"{score.note + '; ' if score.note else ''}{score.source.title}"
        facts.append((score.measure, f"{score.value:.1f}", note))
    cells = "".join(
        f'<div title="{escape(note)}"><b>{escape(label)}</b><span>{escape(value)}</span></div>'
        for label, value, note in facts
    )
    picture = base64.b64encode(glyph(entry.config).encode()).decode()
    return (
        f'<div class="card"><div class="name">{escape(entry.name)}</div>'
        f'<div class="dim">{escape(block_of(entry.config))}</div>'
        f'<img alt="Structure of {escape(entry.name)}" src="data:image/svg+xml;base64,{picture}">'
        f'<div class="facts">{cells}</div></div>'
    )
