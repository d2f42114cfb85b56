"""Aggregation, from none to hierarchical: the DLA paper's Fig. 2, drawn from networks that are traced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from explorer.concepts.forms import FACTS, Form
from explorer.concepts.measures import Measures, measures
from explorer.concepts.placement import drawn, placed
from explorer.concepts.terms import Term, blocks_of, expand, nested, output_of
from explorer.graph.layout_model import Layout
from explorer.graph.view_model import View
from explorer.ui import concepts_forms, concepts_graph, concepts_tree
from explorer.ui.concepts import PANEL

KEY = "concepts.fig2"
_GENERATION = f"{KEY}.generation"
_START = {False: ("blocks", 4), True: ("levels", 3)}
"""By whether a form is hierarchical: the URL's name of its size, and the size that is drawn first."""


@dataclass(frozen=True)
class Figure:
    """One form at one size, ready to be drawn."""

    terms: tuple[Term, ...]
    view: View
    layout: Layout
    measures: Measures

    @property
    def by_path(self) -> dict[str, Term]:
        """Terms by the module that computes them, which is also their node's id."""
        return {term.path: term for term in self.terms}


@st.cache_resource(max_entries=64, show_spinner=False)
def figure_of(form: Form, size: int) -> Figure:
    """Trace, fold and place a form."""
    from explorer.concepts.aggregation import traced

    terms = expand(form, size)
    shown = drawn(traced(form, size), form, terms)
    return Figure(terms, shown, placed(shown, terms, form), measures(shown))


def show() -> None:
    """Draw the section."""
    _fig2()
    concepts_tree.show()


@st.fragment
def _fig2() -> None:
    st.markdown(
        "Six ways to join what blocks compute: Fig. 2 of *Deep Layer Aggregation* "
        "([arXiv 1707.06484](https://arxiv.org/abs/1707.06484)), each a small network that is traced as you look."
    )
    form = _form()
    facts = FACTS[form]
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"{KEY}.title"):
        st.markdown(f"**Fig. 2 {facts.letter} · {facts.title}.** {facts.meaning}", width="stretch")
        concepts_forms.steps(form, KEY, _follow)
    with st.container(horizontal=True, gap="large", vertical_alignment="center"):
        size = _size(form)
        figure = figure_of(form, size)
        _counts(figure)
    chosen = _drawing(figure, form, size)
    small = r"\footnotesize " if len(figure.terms) > 24 else ""
    st.latex(f"{small}y = {output_of(figure.terms).symbol} = {nested(figure.terms, chosen)}")
    beside = st.container(horizontal=True, gap="large")
    with beside.container(width=PANEL):
        st.markdown("**Recursion**")
        for equation in facts.equations:
            st.latex(equation)
        st.caption(facts.source)
        if chosen is not None:
            _about(chosen, figure)
    with beside.container(width=PANEL):
        st.markdown(f"**Every term at {'depth' if facts.hierarchical else 'length'} {size}**")
        _terms(figure, form, size, chosen)


def _form() -> Form:
    """The form that the URL asks for, with the control to change it."""
    asked = st.query_params.get("form", "")
    form = Form(asked) if asked in set(Form) else concepts_forms.ORDER[0]
    concepts_forms.choose(form, _thumbnails(), f"{KEY}.forms", _follow)
    if asked and asked != form:
        st.info(f"There is no such form: use one of {', '.join(Form)}.", icon=":material/visibility_off:")
    return form


def _follow(form: Form) -> None:
    st.query_params["form"] = form.value
    st.query_params.pop("term", None)


@st.cache_resource(show_spinner=False)
def _thumbnails() -> dict[Form, str]:
    """Every form at the size at which it is drawn first."""
    figures = {form: figure_of(form, _START[FACTS[form].hierarchical][1]) for form in Form}
    return {form: concepts_forms.thumbnail(figure.view, figure.layout) for form, figure in figures.items()}


def _size(form: Form) -> int:
    """How many blocks or levels, which the URL remembers."""
    facts = FACTS[form]
    name, start = _START[facts.hierarchical]
    label = "Levels n of the tree, 2ⁿ blocks" if facts.hierarchical else "Blocks n in sequence"
    return st.slider(label, *facts.sizes, start, key=name, bind="query-params", width=300)


def _counts(figure: Figure) -> None:
    found = figure.measures
    named = figure.by_path
    st.metric("Blocks", found.blocks, width="content")
    st.metric("Aggregation nodes", found.nodes, width="content")
    st.metric("Shortest path", len(found.shortest), width="content", help=(
        "Blocks and nodes on the most direct way from input to output, which is also the way by which the "
        f"gradient of a loss first reaches the first block: {_route(found.shortest, named)}."
    ))  # fmt: skip
    st.metric("Longest path", len(found.longest), width="content", help=(
        f"Blocks and nodes on the longest way from input to output: {_route(found.longest, named)}."
    ))  # fmt: skip
    st.metric("From a block to the output", f"{found.mean:.2f}", width="content", help=(
        "The mean over all blocks of how many more blocks and nodes the shortest path to the output passes."
    ))  # fmt: skip


def _route(path: Sequence[str], named: dict[str, Term]) -> str:
    texts = [named[identity].text for identity in path]
    return " → ".join(texts if len(texts) <= 12 else [*texts[:5], "…", *texts[-5:]])


def _drawing(figure: Figure, form: Form, size: int) -> Term | None:
    """Draw the form; the term that is chosen, here or in the list."""
    asked = _asked(figure)
    home = f"{KEY}.{form}.{size}"
    wanted, news = concepts_graph.graph(figure.view, figure.layout, home, asked.path if asked else None, KEY)
    term = figure.by_path.get(wanted or "")
    if news:
        # A list keeps its choice while its name stays: what was chosen in the drawing needs a list of another name.
        st.session_state[_GENERATION] = st.session_state.get(_GENERATION, 0) + 1
        _remember(term)
    return term


def _asked(figure: Figure) -> Term | None:
    """The term of the URL, if this form has it at this size."""
    asked = st.query_params.get("term", "")
    return next((term for term in figure.terms if _name(term) == asked), None)


def _name(term: Term) -> str:
    return f"{term.letter}{term.number}"


def _remember(term: Term | None) -> None:
    if term is None:
        st.query_params.pop("term", None)
    else:
        st.query_params["term"] = _name(term)


def _terms(figure: Figure, form: Form, size: int, chosen: Term | None) -> None:
    """The expansion, line by line; choosing a line marks its node."""
    key = f"{KEY}.terms.{form}.{size}.{st.session_state.get(_GENERATION, 0)}"

    def follow() -> None:
        _remember(st.session_state[key])

    with st.container(height=430 if len(figure.terms) > 18 else "content", border=False):
        st.radio(
            "Terms", figure.terms, index=figure.terms.index(chosen) if chosen else None, key=key,
            format_func=_line, on_change=follow, label_visibility="collapsed",
        )  # fmt: skip
    st.caption("Choose a line to find it in the drawing, or a node of the drawing to find its line.")


def _line(term: Term) -> str:
    indent = r"\quad " * term.level
    return f"${indent}{term.equation}$"


def _about(term: Term, figure: Figure) -> None:
    """What the chosen term joins."""
    st.latex(rf"\boxed{{{term.equation}}}")
    if not term.is_node:
        return
    blocks = blocks_of(term, figure.terms)
    shares = [f"${block.symbol}$" for block in blocks]
    listed = ", ".join(shares if len(shares) <= 8 else [*shares[:3], "…", *shares[-3:]])
    st.caption(f"${term.symbol}$ aggregates {len(blocks)} of {figure.measures.blocks} blocks: {listed}.")
