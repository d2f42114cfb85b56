"""Published weights in the address: looked up, never believed."""

import pytest

from explorer.config import presets
from explorer.ui import state
from explorer.weights import CHECKPOINTS

DEEPLAB = CHECKPOINTS.named("deeplabv2-cocostuff10k")


def read(**query):
    return state.read(query)


def test_published_weights_survive_their_own_link():
    current = state.changed(
        read(model="centernet_dla34"), weights="published", checkpoint="ctdet_coco_dla_1x"
    )
    again = state.read(state.query(current))
    assert again == current
    assert again.published.name == "ctdet_coco_dla_1x"


def test_the_first_published_file_is_meant_where_none_is_named():
    current = read(model="dla34", weights="published")
    assert (current.checkpoint, current.published.name, current.notices) == (None, "dla34-original", ())


def test_another_kind_of_weights_and_another_network_forget_the_checkpoint():
    current = read(model="dla34", weights="published", checkpoint="dla34-timm")
    assert state.changed(current, weights="random").checkpoint is None
    assert state.changed(current, model="dla60").checkpoint is None
    assert state.changed(current, size=(320, 320)).checkpoint == "dla34-timm"


def test_a_network_of_another_number_of_classes_has_its_own():
    current = state.changed(read(), model=DEEPLAB.fits[0].config())
    again = state.read(state.query(current) | {"weights": "published", "checkpoint": DEEPLAB.name})
    assert (again.published, again.notices) == (DEEPLAB, ())


@pytest.mark.parametrize(
    ("model", "name", "sentence"),
    [
        ("dla34", "dla60-timm", "does not belong to dla34"),
        ("dla34", "../../etc", "No published checkpoint is called"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_a_sentence(model, name, sentence):
    current = read(model=model, weights="published", checkpoint=name)
    assert current.checkpoint is None
    assert sentence in current.notices[0]


def test_a_network_without_published_weights_runs_with_what_it_has():
    current = read(model="dla34up", weights="published")
    assert current.weights == "random"
    assert "No weights are published" in current.notices[0]
    assert read(model="scenes_seg", weights="published").weights == "shipped"
    assert presets()["dla34up"] == current.config


def test_a_checkpoint_says_nothing_beside_other_weights():
    assert read(model="dla34", weights="random", checkpoint="dla34-timm").checkpoint is None
