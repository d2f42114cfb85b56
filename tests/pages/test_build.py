"""The Build page without a browser: what the editor sends is what the page then says."""

import json

import pytest

from explorer.config import presets
from explorer.ui import state
from explorer.ui.build_editor import KEY

FAMILIES = {
    "dla34": ("backbone", "root_residual", True),
    "vovnet39": ("backbone", "layers", 3),
    "densenet121": ("backbone", "growth_rate", 12),
    "densenet40_osa5_43": ("backbone", "block", "dense"),
    "peleenet": ("backbone", "stem_channels", 64),
    "deeplab_resnet101": ("backbone", "output_stride", 8),
    "dla34up": ("head", "down_ratio", 4),
    "centernet_dla34": ("head", "heads", {"hm": 3, "wh": 2, "reg": 2}),
    "deeplabv3plus_resnet101_msc_os16": ("head", "rates", [3, 6, 9]),
    "vovnet19_ese": ("backbone", "attention", "last"),
}


def send(page, *edits):
    """What the browser sends: edits numbered on from those before."""
    taken = editor(page)["ack"]
    page.session_state[KEY] = {
        "edits": [{"n": taken + 1 + index, **edit} for index, edit in enumerate(edits)]
    }
    return page.run()


def editor(page):
    """The data that the component is drawn from."""
    return json.loads(page.get("bidi_component")[0].proto.json)


def panel(page):
    return " ".join(str(element.proto.body) for element in page.get("html"))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_familys_form_changes_the_text_and_the_numbers(open_page, name):
    page = open_page(
        "build", model=name, size="96x96" if name != "deeplabv3plus_resnet101_msc_os16" else "97x97"
    )
    assert not page.exception, page.exception
    before, shown = editor(page), panel(page)
    part, field, value = FAMILIES[name]
    assert {entry["name"] for entry in before["schema"][part]} == set(before["fields"][part]) - {"kind"}
    send(page, {"do": "set", "place": [part, field], "value": value})
    assert not page.exception, page.exception
    after = editor(page)
    assert after["problem"] is None
    assert after["fields"][part][field] == value
    assert after["text"] != before["text"]
    assert panel(page) != shown
    # Nothing is in the address before the edit is finished; then all of it is, and the strip follows.
    assert page.query_params.get("model") == name
    send(page, {"do": "settle"})
    assert state.decode(page.query_params["config"]).model_dump(mode="json")[part][field] is not None
    assert page.query_params["from"] == name


def test_text_changes_the_form(open_page):
    page = open_page("build", model="dla34", size="64x64")
    text = editor(page)["text"].replace("classes: 1000", "classes: 7")
    send(page, {"do": "type", "value": text})
    assert editor(page)["fields"]["head"]["classes"] == 7
    assert editor(page)["text"] == text


def test_broken_text_stays_and_the_form_shows_the_last_valid_one(open_page):
    page = open_page("build", model="dla34", size="64x64")
    text = editor(page)["text"].replace("classes: 1000", "classes: : 7")
    send(page, {"do": "type", "value": text})
    found = editor(page)
    assert (found["text"], found["behind"], found["fields"]["head"]["classes"]) == (text, True, 1000)
    assert found["problem"]["line"] == text.splitlines().index("  classes: : 7") + 1
    assert "Refused" in panel(page)
    assert next(button for button in page.button if button.key == "build-start").disabled
    send(page, {"do": "settle"}, {"do": "undo"})
    assert editor(page)["problem"] is None


@pytest.mark.parametrize(
    ("name", "place", "value", "words"),
    [
        ("dla34", ["backbone", "channels"], [16, 32, 64, 0, 256, 512], "channels[3] is 0, but must be at least 1"),
        ("dla60x", ["backbone", "channels"], [16, 32, 100, 256, 512, 1024], "bottleneck_x needs a multiple of 32"),
        ("vovnet39", ["backbone", "layers"], 99, "layers is 99, but must be at most 16: use 16"),
        ("densenet121", ["backbone", "compression"], 0, "compression is 0"),
        ("peleenet", ["backbone", "growth_rate"], 31, "use an even number such as 32"),
        ("deeplab_resnet101", ["backbone", "multi_grid"], [1, 2], "layer5 has 3 blocks"),
        ("centernet_dla34", ["head", "last_level"], 2, "use 3 to 6"),
        ("centernet_dla34", ["head", "heads"], {"forward": 2}, "choose another name"),
        ("deeplabv2_resnet101_msc", ["head", "rates"], [], "use [6, 12, 18, 24]"),
    ],
)  # fmt: skip
def test_what_is_refused_is_said_with_its_rule(open_page, name, place, value, words):
    page = open_page("build", model=name)
    send(page, {"do": "set", "place": place, "value": value})
    assert not page.exception, page.exception
    problem = editor(page)["problem"]
    assert words in problem["say"]
    assert problem["place"][:2] == place
    assert "The last valid configuration" in panel(page)


def test_a_hybrid_from_nothing(open_page):
    page = open_page("build")
    send(page, {"do": "begin", "value": "vovnet"})
    send(page, {"do": "head", "value": "centernet"})
    assert not page.exception, page.exception
    config = state.decode(page.query_params["config"])
    assert (config.backbone.kind, config.head.kind) == ("vovnet", "centernet")
    refused = {kind: reason for kind, _, reason in editor(page)["kinds"]["head"]}
    assert "resnet" in refused["deeplab"]
    assert refused["classify"] is None


def test_a_link_on_a_fresh_server_shows_what_was_made_and_from_what(open_page):
    own = presets()["dla34"].model_copy(
        update={"name": None, "head": presets()["dla34"].head.model_copy(update={"classes": 5})}
    )
    page = open_page("build", config=state.encode(own), **{"from": "dla60"})
    assert editor(page)["base"] == "dla60"
    assert editor(page)["fields"]["head"]["classes"] == 5
    assert "from=dla60" in editor(page)["link"]


def test_the_page_stays_where_the_network_cannot_take_the_size(open_page):
    page = open_page("build", model="dla34", size="64x64")
    text = editor(page)["text"]
    send(page, {"do": "begin", "value": "densenet"}, {"do": "settle"})
    send(page, {"do": "set", "place": ["head", "kind"], "value": "x"})
    assert not page.exception, page.exception
    assert editor(page)["text"] != text


def test_what_does_not_fit_is_refused_with_both_numbers_and_what_would(open_page, monkeypatch):
    from explorer.ui import services

    monkeypatch.setattr(services, "free_memory", lambda device: 100 * 2**20)
    page = open_page("build", model="dla34up", size="256x256")
    assert not page.exception, page.exception
    assert "A run needs about" in page.error[0].value
    assert "90.00 MiB" in page.error[0].value
    assert next(button for button in page.button if button.key == "build-start").disabled


def test_a_smaller_input_is_one_click_away(open_page, monkeypatch):
    from explorer.ui import services

    monkeypatch.setattr(services, "free_memory", lambda device: 300 * 2**20)
    page = open_page("build", model="dla34up", size="512x512")
    offered = next(button for button in page.button if button.key == "build-fit-size")
    offered.click().run()
    assert not page.exception, page.exception
    assert f"Input {page.query_params['size'].replace('x', '×')}" == offered.label
    assert not page.error


def test_a_build_shows_steps_memory_and_outputs(open_page):
    page = open_page("build", model="scenes_seg", size="64x64")
    next(button for button in page.button if button.key == "build-start").click().run()
    from explorer.ui.build_trial import workshop

    workshop().wait()
    page.run()
    assert not page.exception, page.exception
    text = panel(page)
    for word in ("Memory estimate", "Forward pass", "Memory taken, measured", "predicted", "64×64"):
        assert word in text
