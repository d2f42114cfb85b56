"""The Layers page without a browser: what it shows, filters and links to."""

import csv
import io
import json
from urllib.parse import parse_qs

import pytest

from explorer.analysis.layers import Grain, layer_table
from explorer.analysis.layers_text import csv_text
from explorer.config import presets
from explorer.graph import trace
from explorer.graph.view import all_open, default_open, openable, view
from explorer.ui import graph_url, state
from explorer.ui.layers_depth import Measure, figure
from explorer.ui.layers_link import graph_query
from explorer.ui.layers_table import Filter


def modules(app):
    return list(app.dataframe[0].value["Module"])


def opened(open_page, tab, **query):
    """The page with one of its tabs open."""
    app = open_page("layers", **query)
    app.session_state["layers.tab"] = tab
    return app.run()


@pytest.mark.parametrize("model", list(presets()))
def test_the_page_shows_every_network(open_page, model):
    app = open_page("layers", model=model)
    assert not app.exception
    assert not app.error
    rows = layer_table(trace(model, presets()[model].default_input))
    assert modules(app) == [row.path or "(network)" for row in rows]


@pytest.mark.parametrize("grain", list(Grain))
def test_the_url_chooses_what_a_row_is(open_page, grain):
    app = open_page("layers", model="dla60", rows=grain.value.capitalize())
    assert len(modules(app)) == len(layer_table(trace("dla60", (1, 3, 224, 224)), grain))


def test_an_unknown_choice_of_rows_falls_back(open_page):
    app = open_page("layers", rows="Atoms")
    assert not app.exception
    assert len(modules(app)) == 138


def test_words_narrow_the_table_and_its_sums(open_page):
    app = open_page("layers")
    app.text_input(key="layers.words").set_value("level3 CONV2D").run()
    shown = modules(app)
    assert shown
    assert all(name.startswith("level3.") for name in shown)
    assert set(app.dataframe[0].value["Type"]) == {"Conv2d"}
    assert any(f"{len(shown)} of 138 rows" in caption.value for caption in app.caption)


def test_nothing_found_says_what_to_do(open_page):
    app = open_page("layers")
    app.text_input(key="layers.words").set_value("transformer").run()
    assert not app.dataframe
    assert "Clear the filters" in app.info[0].value


def test_dead_ones_alone(open_page):
    app = open_page("layers", rows="Parts")
    app.checkbox(key="layers.dead").check().run()
    assert modules(app) == ["level3.project", "level4.project"]


def test_a_selected_row_links_to_its_node(open_page):
    app = open_page("layers", rows="Parts")
    key = app.dataframe[0].key
    app.session_state[key] = {"selection": {"rows": [7], "columns": [], "cells": []}}
    app.run()
    (link,) = [link for link in app.get("page_link") if link.proto.label == "Show in the graph"]
    query = parse_qs(link.proto.query_string)
    assert query["node"] == ["level2.root"]
    assert query["view"] == ["paper"]


def test_a_size_that_cannot_work_is_refused_in_a_sentence(open_page):
    app = open_page("layers", model="dla34", size="64x64")
    assert not app.exception
    assert len(app.error) == 1


@pytest.mark.parametrize("model", ["dla34", "centernet_dla34_with_fc"])
def test_the_other_tabs(open_page, model):
    totals = trace(model, presets()[model].default_input).totals
    stages = opened(open_page, "Stages", model=model).dataframe[0].value
    assert stages["MACs"].iloc[:-1].sum() == stages["MACs"].iloc[-1] == totals.macs
    assert stages["Live parameters"].iloc[:-1].sum() == totals.live_parameters
    app = opened(open_page, "torchinfo", model=model)
    assert not app.exception
    assert f"{totals.macs:,}" in set(app.table[0].value["Traced graph"])
    assert "Mult-Adds" in app.code[0].value
    app = opened(open_page, "Along the depth", model=model)
    assert not app.exception
    drawn = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert [axis["title"]["text"] for name, axis in sorted(drawn["layout"].items()) if name.startswith("yaxis")] == [
        "Side, pixels", "Channels", "Million MACs",
    ]  # fmt: skip


@pytest.mark.parametrize("measure", list(Measure))
def test_the_bars_are_the_rows(measure):
    graph = trace("centernet_dla34", (1, 3, 128, 128))
    rows = layer_table(graph)
    bars = {
        x: y
        for trace in figure(rows, measure).data
        if trace.type == "bar"
        for x, y in zip(trace.x, trace.y, strict=True)
    }
    assert [bars[place] for place in sorted(bars)] == [measure.of(row) for row in rows if row.operations]


@pytest.mark.parametrize("model", ["dla34", "dla102", "centernet_dla34", "dla34up"])
@pytest.mark.parametrize("grain", list(Grain))
def test_every_row_that_runs_links_to_a_node_that_is_drawn(model, grain):
    config = presets()[model]
    graph = trace(config, config.default_input)
    about = state.read({"model": model})
    rows = [row for row in layer_table(graph, grain) if row.operations]
    elsewhere = []
    for row in rows[:: max(1, len(rows) // 40)]:
        query = graph_query(row, grain, graph, about)
        groups = graph_url.decode(
            query.get("open", ""),
            default_open(graph, query["view"]),
            all_open(graph, query["view"]),
            openable(graph, query["view"]),
        )
        drawn = view(graph, query["view"], groups).items
        if row.path:
            assert query["node"] in drawn
            elsewhere += [row.path] * (query["node"] != row.node)
    # A sequence of one convolution has no parts to open.
    assert set(elsewhere) <= {"fc.0"}


def test_a_filter_admits_by_every_part():
    row = next(r for r in layer_table(trace("dla34", (1, 3, 224, 224))) if r.path == "level3.project.0")
    assert Filter().admits(row)
    assert Filter(words="project 128×28").admits(row)
    assert not Filter(words="project level4").admits(row)
    assert Filter(roles=("Projection",), stages=("3",), types=("Conv2d",), dead_only=True).admits(row)
    for other in (Filter(roles=("Block",)), Filter(stages=("none",)), Filter(types=("ReLU",))):
        assert not other.admits(row)


def test_the_download_holds_the_rows_that_are_shown(open_page):
    app = open_page("layers", rows="Parts")
    (button,) = app.get("download_button")
    assert button.proto.label == "Download CSV"
    rows = layer_table(trace("dla34", (1, 3, 224, 224)), Grain.PARTS)
    assert len(list(csv.reader(io.StringIO(csv_text(rows), newline="")))) == len(modules(app)) + 1
