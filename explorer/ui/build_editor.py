"""The workbench's left side: form and YAML as one browser component (``assets/build*.js``)."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.config import ModelConfig
from explorer.config.differences import BACKBONE_TITLES, HEAD_TITLES
from explorer.config.fields import BACKBONES, HEADS, fields_of
from explorer.config.refusal import Refusal
from explorer.ui import numbers, state
from explorer.ui.build_bench import FROM, Bench
from explorer.ui.catalog import Family, block_of, entries

KEY = "build-editor"
_ASSETS = Path(__file__).parents[2] / "assets"
_SCRIPTS = ("build_form.js", "build_text.js", "build_start.js", "build.js")

_mount = st.components.v2.component(
    "workbench",
    html='<div class="workbench">\n</div>',
    css=(_ASSETS / "build.css").read_text(),
    js="\n".join((_ASSETS / name).read_text() for name in _SCRIPTS),
)


def sent() -> object:
    """The edits that the browser has sent and that may not have been applied yet."""
    value = st.session_state.get(KEY)
    return value.get("edits") if isinstance(value, dict) else getattr(value, "edits", None)


def show(bench: Bench, about: state.Current | None) -> None:
    """Draw the editor; ``about`` is the valid network that a link is to lead to, None where there is none."""
    _mount(key=KEY, data=data_of(bench, about), on_edits_change=lambda: None)


def data_of(bench: Bench, about: state.Current | None) -> dict[str, Any]:
    """Everything that the component draws, as JSON."""
    draft = bench.draft
    backbone, head = draft.fields["backbone"]["kind"], draft.fields["head"]["kind"]
    heads = draft.heads()
    return {
        "ack": bench.taken,
        "text": draft.text,
        "fields": draft.fields,
        "behind": draft.behind,
        "problem": _problem(draft.problem),
        "schema": {"backbone": _schema("backbone", backbone), "head": _schema("head", head)},
        "about": {"backbone": _about("backbone", backbone), "head": _about("head", head)},
        "kinds": {
            "backbone": [[kind, BACKBONE_TITLES[kind], None] for kind in BACKBONES],
            "head": [[kind, HEAD_TITLES[kind], heads[kind]] for kind in HEADS],
        },
        "presets": _presets(),
        "base": bench.base,
        "changed": bench.changed,
        "past": len(bench.past),
        "future": len(bench.future),
        "link": "" if about is None else link_to(about, bench.base),
        "file": f"{'network' if about is None else about.title}.yaml",
    }


def link_to(about: state.Current, base: str) -> str:
    """The address, from the server's root, that reproduces a network on this page and what it was made from."""
    return state.link("build", about, **({} if about.preset else {FROM: base}))


def _problem(problem: Refusal | None) -> dict[str, Any] | None:
    if problem is None:
        return None
    return {
        "say": str(problem),
        "place": list(problem.place),
        "line": problem.line,
        "nearest": problem.nearest,
    }


@lru_cache(maxsize=32)
def _schema(part: str, kind: str) -> list[dict[str, Any]]:
    model = (BACKBONES if part == "backbone" else HEADS)[kind]
    return [asdict(field) for field in fields_of(model)]


def _about(part: str, kind: str) -> str:
    """What a kind is: the first sentence of its class's documentation."""
    return " ".join(((BACKBONES if part == "backbone" else HEADS)[kind].__doc__ or "").split())


@lru_cache(maxsize=1)
def _presets() -> list[list[Any]]:
    """Families with their presets: name, parameters, and words to find it by."""
    known = entries().values()
    return [
        [
            family.value,
            [[e.name, numbers.count(e.parameters), _words(e.config)] for e in known if e.family is family],
        ]
        for family in Family
    ]


def _words(config: ModelConfig) -> str:
    """What else a preset may be looked for by: its task, its parts, and every word in its configuration."""
    chosen = (
        value for part in (config.backbone, config.head) for value in part.model_dump(mode="json").values()
    )
    words = " ".join(value for value in chosen if isinstance(value, str))
    titles = f"{BACKBONE_TITLES[config.backbone.kind]} {HEAD_TITLES[config.head.kind]}"
    return f"{block_of(config)} {config.task} {titles} {words}"
