import pytest

from explorer.config import ModelConfig, presets
from explorer.ui.draft import Draft, numbers_in

DLA34 = presets()["dla34"]


def test_a_draft_starts_valid_and_unnamed():
    draft = Draft.of(DLA34)
    assert draft.problem is None
    assert draft.config is not None
    assert (draft.config.digest, draft.config.name) == (DLA34.digest, None)
    assert ModelConfig.from_yaml(draft.text) == draft.config


def test_a_field_changes_the_text():
    draft = Draft.of(DLA34)
    draft.set("backbone", "block", "bottleneck")
    assert "block: bottleneck" in draft.text
    assert draft.config is not None
    assert draft.config.backbone.block == "bottleneck"


def test_text_changes_the_fields():
    draft = Draft.of(DLA34)
    draft.type(draft.text.replace("classes: 1000", "classes: 7"))
    assert draft.fields["head"]["classes"] == 7
    assert draft.config is not None
    assert draft.config.head.classes == 7


def test_invalid_text_stays_as_typed_and_the_fields_wait():
    draft = Draft.of(DLA34)
    typed = draft.text + "# mine\nnonsense: [\n"
    draft.type(typed)
    assert (draft.text, draft.behind, draft.config) == (typed, True, None)
    assert draft.problem
    assert draft.fields["head"]["classes"] == 1000
    draft.type(typed.removesuffix("nonsense: [\n"))
    assert (draft.behind, draft.problem) == (False, None)
    assert "# mine" in draft.text


def test_an_invalid_field_stays_as_chosen_and_can_be_put_right():
    draft = Draft.of(DLA34)
    draft.set("backbone", "levels", numbers_in("1, 1, x 2"))
    assert draft.config is None
    assert draft.problem is not None
    assert "levels" in draft.problem
    assert not draft.behind
    assert "x" in draft.text
    draft.set("backbone", "levels", [1, 1, 1, 1, 1, 1])
    assert draft.problem is None
    assert draft.config is not None


@pytest.mark.parametrize("kind", ["classify", "dla_up", "centernet"])
def test_every_head_can_be_chosen(kind):
    draft = Draft.of(DLA34)
    draft.choose_head(kind)
    assert draft.config is not None
    assert draft.config.head.kind == kind


def test_classes_outlive_a_change_of_head():
    draft = Draft.of(DLA34)
    draft.set("head", "classes", 12)
    draft.choose_head("dla_up")
    assert draft.fields["head"]["classes"] == 12


def test_every_change_gets_a_revision_of_its_own():
    draft = Draft.of(DLA34)
    seen = {draft.revision}
    for value in (5, 6, 7):
        draft.set("head", "classes", value)
        seen.add(draft.revision)
    assert len(seen) == 4


def test_a_detector_counts_its_classes_in_its_heatmap():
    draft = Draft.of(presets()["centernet_dla34"])
    draft.set("head.heads", "hm", 3)
    assert draft.config is not None
    assert draft.config.head.heads == {"hm": 3, "wh": 2, "reg": 2}


def test_what_is_no_number_or_far_too_long_stays_text_and_is_refused():
    assert numbers_in("1, 2 -3  abc") == [1, 2, -3, "abc"]
    assert numbers_in("9" * 5000) == ["9" * 5000]
    draft = Draft.of(DLA34)
    draft.set("backbone", "channels", numbers_in("9" * 5000))
    assert draft.config is None
    assert draft.problem is not None
    assert len(draft.problem) < 200
