"""The strip's control for weights: what the network runs with, and the ways to other weights."""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import BinaryIO
from urllib.parse import urlsplit

import streamlit as st

from explorer.config import ModelConfig
from explorer.errors import ExplorerError
from explorer.ui import control, fetching, state
from explorer.ui.plain import plain
from explorer.weights import Published, WeightsKind, library, shipped
from explorer.weights.library import by_hand
from explorer.weights.shipping import Card

_UPLOAD = "strip.upload"
_SHORT = {
    WeightsKind.RANDOM: "Random weights",
    WeightsKind.SHIPPED: "Shipped weights",
    WeightsKind.OWN: "Own weights",
}
_RANDOM_CAPTION = "Learned nothing: shapes and cost, no answers."


@dataclass(frozen=True, slots=True)
class _Choice:
    """Weights that are at hand: their kind, which checkpoint of it, and what to say beneath."""

    kind: WeightsKind
    checkpoint: str | None
    title: str
    caption: str


@dataclass(frozen=True, slots=True)
class _File:
    """A checkpoint that this visitor chose, for the network with that digest; ``item`` if it is a published one."""

    network: str
    name: str
    content: bytes
    item: Published | None

    @property
    def caption(self) -> str:
        if self.item is None:
            return self.name
        return f"{self.name} is the published file of {self.item.title} ({_terms_line(self.item)})."


def show(current: state.Current) -> None:
    """Draw the button that says which weights are loaded, what it opens, and terms that must be seen."""
    with st.popover(_label(current), icon=":material/weight:", key="strip-weights"):
        _choose(current)
        _offer(current)
        _upload(current)


def _label(current: state.Current) -> str:
    """Which weights are loaded, with the terms that keep somebody from doing something; on every page."""
    item = current.published
    if item is not None:
        return ":orange[Published: not here]" if missing(current) else _termed("Published", item)
    file = _file(current)
    if file is not None and file.item is not None:
        return _termed("Own, published", file.item)
    return _SHORT[WeightsKind(current.weights)]


def _termed(origin: str, item: Published) -> str:
    if not item.licence.commercial:
        return f":orange[{origin}: non-commercial]"
    return f"{origin} weights" if item.licence.stated else f":orange[{origin}: no licence]"


def below(current: state.Current) -> None:
    """What this visitor fetches, and an offer where the address asks for weights that are not at hand."""
    item = current.published
    if item is not None and missing(current) and not fetching.running(item):
        with st.container(
            horizontal=True,
            vertical_alignment="center",
            horizontal_alignment="distribute",
            key="weights-missing",
        ):
            way = "" if _can_fetch(item) else plain(by_hand(item, library().folder))
            st.warning(
                f"These weights are not here yet: {plain(item.title)} ({_terms_line(item)}). {way}",
                icon=":material/cloud_download:",
                width="stretch",
            )
            _fetch_button(item, "below")
    fetching.show(current)


def missing(current: state.Current) -> bool:
    """Whether published weights are asked for that are not at hand."""
    item = current.published
    return item is not None and not library().has(item)


def source(current: state.Current) -> bytes | str | None:
    """What an engine reads the weights from: a file's bytes, a published checkpoint's name, or nothing."""
    item = current.published
    return own(current) if item is None else item.name


def identity(current: state.Current) -> str:
    """What tells the current weights from others, for what is computed with them and kept."""
    read_from = source(current)
    if isinstance(read_from, bytes):
        return sha256(read_from).hexdigest()
    return current.weights if read_from is None else f"{current.weights} {read_from}"


def own(current: state.Current) -> bytes | None:
    """The checkpoint that this visitor chose for the current network, None where its weights are not ``own``."""
    file = _file(current)
    return None if file is None else file.content


def _file(current: state.Current) -> _File | None:
    file: _File | None = st.session_state.get(_UPLOAD)
    if current.weights != WeightsKind.OWN or file is None or file.network != current.config.digest:
        return None
    return file


def notices(current: state.Current) -> tuple[str, ...]:
    """Sentences about weights that the address asks for and that are not there."""
    if current.weights != WeightsKind.OWN or own(current) is not None:
        return ()
    return ("Own weights stay in the browser session in which they were chosen: choose the file again.",)


def _choices(current: state.Current) -> list[_Choice]:
    """Everything that the network could run with at once."""
    books = library()
    choices = []
    if (file := shipped(current.config)) is not None:
        card = Card.of(file)
        choices.append(_Choice(WeightsKind.SHIPPED, None, "Shipped", f"{card.title}. {card.licence}."))
    choices += [
        _Choice(WeightsKind.PUBLISHED, item.name, f"Published: {item.title}", _terms_line(item))
        for item in books.registry.for_config(current.config)
        if books.has(item)
    ]
    choices.append(_Choice(WeightsKind.RANDOM, None, "Random", _RANDOM_CAPTION))
    if current.weights == WeightsKind.OWN:
        chosen = _file(current)
        caption = "The file is no longer here." if chosen is None else chosen.caption
        choices.append(_Choice(WeightsKind.OWN, None, "Own", caption))
    return choices


def _choose(current: state.Current) -> None:
    choices = _choices(current)
    item = current.published
    chosen = (current.weights, None if item is None else item.name)
    key = control.identity(current, "weights", *filter(None, chosen), str(len(choices)))

    def choose() -> None:
        choice = choices[st.session_state[key]]
        control.change(
            state.changed(state.current(), weights=choice.kind.value, checkpoint=choice.checkpoint)
        )

    st.radio(
        "Run with",
        range(len(choices)),
        index=next(
            (i for i, choice in enumerate(choices) if (choice.kind.value, choice.checkpoint) == chosen), None
        ),
        format_func=lambda index: plain(choices[index].title),
        captions=[plain(choice.caption) for choice in choices],
        key=key,
        on_change=choose,
    )


def _offer(current: state.Current) -> None:
    """What is published for the network, or for a neighbour of it, and not at hand yet."""
    books = library()
    fitting = books.registry.for_config(current.config)
    absent = [item for item in fitting if not books.has(item)]
    near = [pair for pair in books.registry.for_neighbours(current.config) if pair[0] not in fitting]
    if absent or near:
        st.markdown(
            f":small[{'Published, not here yet' if absent else 'Published for a network close to this'}]"
        )
    for item in absent:
        with st.container(border=True, gap="xsmall", key=f"weights-card-{item.name}"):
            _facts(item)
            _ways(item)
    for item, fit in near:
        with st.container(border=True, gap="xsmall", key=f"weights-card-{item.name}"):
            _facts(item)
            st.button(
                f"Switch to the network with {plain(fit.changes)}",
                icon=":material/tune:",
                key=f"weights-neighbour-{item.name}",
                on_click=partial(_switch, fit.config()),
            )


def _facts(item: Published) -> None:
    """Title, size, licence, accuracy: what a person sees before fetching anything."""
    st.markdown(f"**{plain(item.title)}**")
    with st.container(horizontal=True, gap="xsmall"):
        st.badge(item.size_text, color="gray")
        _licence(item)
    lines = []
    if item.accuracy is not None:
        lines.append(f"{plain(item.accuracy.text)} ([source]({item.accuracy.source.url}))")
    if item.note:
        lines.append(plain(item.note))
    if not item.licence.stated:
        lines.append(plain(item.licence.note))
    if lines:
        st.caption("  \n".join(lines))


def _ways(item: Published) -> None:
    """The way to a file that is not at hand: a button, what already runs, or words."""
    if not _can_fetch(item):
        st.caption(plain(by_hand(item, library().folder)))
        st.link_button(f"Open {plain(item.page.title)}", item.page.url, icon=":material/open_in_new:")
    elif fetching.running(item):
        st.caption("On its way: the bar under this menu says how far it is.")
    else:
        host = urlsplit(library().urls(item)[0]).hostname or ""
        with st.container(horizontal=True, vertical_alignment="center"):
            _fetch_button(item, "card")
            st.caption(f"from {plain(host)}, published at [{plain(item.page.title)}]({item.page.url})")


def _licence(item: Published) -> None:
    """The licence, in a colour where it forbids something and in words where there is none."""
    terms = item.licence
    if not terms.commercial:
        st.badge(
            f"{terms.name}: non-commercial", icon=":material/money_off:", color="orange", help=terms.note
        )
    elif not terms.stated:
        st.badge("no licence stated", icon=":material/gavel:", color="yellow", help=terms.note)
    else:
        st.badge(terms.name, color="gray", help=terms.note)


def _fetch_button(item: Published, place: str) -> None:
    if _can_fetch(item):
        st.button(
            f"Fetch {item.size_text}",
            icon=":material/download:",
            type="primary" if place == "below" else "secondary",
            key=f"weights-fetch-{place}-{item.name}",
            on_click=partial(fetching.start, item),
            help=f"Into the server's cache folder; {item.verified}.",
        )


def _can_fetch(item: Published) -> bool:
    books = library()
    return books.web and bool(books.urls(item))


def _switch(config: ModelConfig) -> None:
    control.change(state.changed(state.current(), model=config))


def _terms_line(item: Published) -> str:
    """Size and licence, which a person sees before fetching anything."""
    terms = item.licence.name if item.licence.stated else "no licence stated"
    return f"{item.size_text}, {terms}{'' if item.licence.commercial else ': not for commercial use'}"


def _published(file: BinaryIO) -> Published | None:
    """Which published checkpoint a file is, None for another; raises WeightsError for one that cannot be read."""
    from explorer.weights.reading import read

    return library().registry.with_digests(read(file).digests)


def _upload(current: state.Current) -> None:
    key = control.identity(current, "weights", "file")

    def upload() -> None:
        file = st.session_state[key]
        if file is None:
            return
        try:
            item = _published(file)
        except ExplorerError as error:
            control.refuse(error)
            return
        st.session_state[_UPLOAD] = _File(current.config.digest, file.name, file.getvalue(), item)
        control.change(state.changed(state.current(), weights=WeightsKind.OWN.value))

    st.file_uploader(
        "A checkpoint, published or your own",
        type=["safetensors", "pth", "pt", "tar"],
        key=key,
        on_change=upload,
        help="Read as tensors only, never as code; it stays in this browser session.",
    )
