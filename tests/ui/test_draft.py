import pytest

from explorer.config import ModelConfig, presets
from explorer.config.backbones import misfit
from explorer.errors import ConfigError
from explorer.ui.configure_fields import Control, fields_of
from explorer.ui.draft import BACKBONES, HEADS, Draft, numbers_in

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


@pytest.mark.parametrize("name", list(presets()))
@pytest.mark.parametrize("kind", list(BACKBONES))
def test_every_backbone_can_be_chosen_from_everywhere(name, kind):
    draft = Draft.of(presets()[name])
    draft.choose_backbone(kind)
    assert draft.problem is None
    assert draft.config is not None
    assert draft.config.backbone.kind == kind
    assert ModelConfig.from_yaml(draft.text) == draft.config


@pytest.mark.parametrize("name", list(presets()))
def test_the_heads_that_are_offered_are_those_that_can_be_chosen(name):
    for kind, reason in Draft.of(presets()[name]).heads().items():
        draft = Draft.of(presets()[name])
        draft.choose_head(kind)
        assert draft.problem is None
        assert draft.config is not None
        assert (draft.config.head.kind == kind) is (reason is None)
        assert misfit(draft.config.backbone, draft.config.head) is None


def test_a_head_stays_on_another_backbone_where_it_fits():
    draft = Draft.of(presets()["centernet_dla34"])
    draft.set("head.heads", "hm", 5)
    draft.choose_backbone("vovnet")
    assert draft.fields["head"]["heads"]["hm"] == 5
    assert draft.fields["head"]["deformable"] is True


def test_deeplab_is_for_dilated_networks_and_says_so():
    draft = Draft.of(presets()["deeplab_resnet101"])
    refusal = draft.heads()["deeplab"]
    assert refusal is not None
    assert "output_stride" in refusal
    draft.set("backbone", "output_stride", 8)
    assert draft.heads()["deeplab"] is None
    draft.choose_head("deeplab")
    assert draft.fields["head"]["rates"] == [12, 24, 36]


@pytest.mark.parametrize(
    ("variant", "rates"),
    [("v1", []), ("v2", [6, 12, 18, 24]), ("v3", [12, 24, 36]), ("v3plus", [12, 24, 36])],
)
def test_a_variant_of_deeplab_comes_with_its_rates(variant, rates):
    draft = Draft.of(presets()["deeplabv3_resnet101_msc_os8"])
    draft.choose_variant(variant)
    assert draft.problem is None
    assert draft.fields["head"]["rates"] == rates


def test_fractions_are_numbers_too():
    assert numbers_in("0.5, .75 1.0 1e5") == [0.5, 0.75, 1.0, "1e5"]


@pytest.mark.parametrize("part", [*BACKBONES.values(), *HEADS.values()], ids=lambda part: part.__name__)
def test_every_control_takes_what_the_configuration_takes(part):
    for field in fields_of(part):
        assert field.note
        if field.control is Control.NUMBER:
            assert field.low < field.high
        if field.control is Control.CHOICE:
            assert len(field.options) > 1


@pytest.mark.parametrize("name", list(presets()))
def test_the_bounds_of_a_control_are_the_configurations(name):
    for side, models in (("backbone", BACKBONES), ("head", HEADS)):
        plain = presets()[name].model_dump(mode="json", exclude_none=True)
        for field in fields_of(models[plain[side]["kind"]]):
            if field.control is not Control.NUMBER:
                continue
            for beyond in (field.low - 1, field.high + 1):
                wrong = {**plain, side: {**plain[side], field.name: int(beyond)}}
                with pytest.raises(ConfigError, match=field.name):
                    ModelConfig.from_plain(wrong)
