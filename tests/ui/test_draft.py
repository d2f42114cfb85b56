import pytest

from explorer.config import ModelConfig, presets
from explorer.config.backbones import misfit
from explorer.config.fields import BACKBONES
from explorer.ui.draft import Draft

DLA34 = presets()["dla34"]


def test_a_draft_starts_valid_and_unnamed():
    draft = Draft.of(DLA34)
    assert draft.problem is None
    assert draft.config is not None
    assert (draft.config.digest, draft.config.name) == (DLA34.digest, None)
    assert ModelConfig.from_yaml(draft.text) == draft.config


def test_a_field_changes_the_text():
    draft = Draft.of(DLA34)
    draft.set(("backbone", "block"), "bottleneck")
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
    draft.set(("backbone", "levels"), [1, 1, None, 2, 2, 1])
    assert draft.config is None
    assert draft.problem is not None
    assert draft.problem.place == ("backbone", "levels", 2)
    assert "levels[2] is empty" in str(draft.problem)
    assert draft.problem.line is not None
    assert draft.text.splitlines()[draft.problem.line - 1].strip() == "levels: [1, 1, null, 2, 2, 1]"
    assert not draft.behind
    draft.set(("backbone", "levels"), [1, 1, 1, 1, 1, 1])
    assert draft.problem is None
    assert draft.config is not None


def test_the_line_of_what_is_refused_is_known():
    draft = Draft.of(presets()["deeplabv3_resnet101_msc_os8"])
    lines = draft.text.splitlines()
    wrong = next(index for index, line in enumerate(lines) if "output_stride" in line)
    lines[wrong] = lines[wrong].replace("8", "7")
    draft.type("\n".join(lines))
    assert draft.problem.line == wrong + 1
    assert draft.problem.place == ("backbone", "output_stride")
    assert draft.problem.nearest == 8


@pytest.mark.parametrize("kind", ["classify", "dla_up", "centernet"])
def test_every_head_can_be_chosen(kind):
    draft = Draft.of(DLA34)
    draft.choose_head(kind)
    assert draft.config is not None
    assert draft.config.head.kind == kind


def test_classes_outlive_a_change_of_head():
    draft = Draft.of(DLA34)
    draft.set(("head", "classes"), 12)
    draft.choose_head("dla_up")
    assert draft.fields["head"]["classes"] == 12


def test_a_detector_counts_its_classes_in_its_heatmap():
    draft = Draft.of(presets()["centernet_dla34"])
    draft.set(("head", "heads"), {"hm": 3, "wh": 2, "reg": 2})
    assert draft.config is not None
    assert draft.config.head.heads == {"hm": 3, "wh": 2, "reg": 2}


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
    draft.set(("head", "heads"), {"hm": 5, "wh": 2, "reg": 2})
    draft.choose_backbone("vovnet")
    assert draft.fields["head"]["heads"]["hm"] == 5
    assert draft.fields["head"]["deformable"] is True


@pytest.mark.parametrize("kind", ["deeplab", "dla_up", "centernet"])
def test_a_resnet_is_dilated_or_halved_as_its_head_needs(kind):
    draft = Draft.of(presets()["deeplab_resnet101"])
    draft.choose_head(kind)
    assert draft.problem is None
    assert draft.fields["head"]["kind"] == kind
    assert draft.fields["backbone"]["output_stride"] == (16 if kind == "deeplab" else 32)


def test_deeplab_is_for_resnets_and_says_so():
    refusal = Draft.of(DLA34).heads()["deeplab"]
    assert refusal is not None
    assert "resnet" in refusal


@pytest.mark.parametrize("kind", list(BACKBONES))
def test_a_network_from_nothing_is_valid_and_takes_a_head(kind):
    draft = Draft.of(DLA34)
    draft.begin(kind)
    assert draft.problem is None
    assert (draft.fields["backbone"]["kind"], draft.fields["head"]["kind"]) == (kind, "features")
    draft.choose_head("centernet")
    assert draft.problem is None
    assert draft.fields["head"]["kind"] == "centernet"


def test_a_name_can_be_given_and_taken_away():
    draft = Draft.of(DLA34)
    draft.set(("name",), "mine")
    assert draft.config.name == "mine"
    draft.set(("backbone", "root_residual"), True)
    assert draft.config.name == "mine"
    draft.set(("name",), "")
    assert draft.config.name is None


def test_far_too_much_text_is_refused_and_not_kept_whole():
    draft = Draft.of(DLA34)
    draft.type("#" * 1_000_000)
    assert "at most 20,000" in str(draft.problem)
    assert len(draft.text) <= 20_001


@pytest.mark.parametrize(
    ("variant", "rates"),
    [("v1", []), ("v2", [6, 12, 18, 24]), ("v3", [12, 24, 36]), ("v3plus", [12, 24, 36])],
)
def test_a_variant_of_deeplab_comes_with_its_rates(variant, rates):
    draft = Draft.of(presets()["deeplabv3_resnet101_msc_os8"])
    draft.set(("head", "variant"), variant)
    assert draft.problem is None
    assert draft.fields["head"]["rates"] == rates
