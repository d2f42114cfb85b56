"""A form is made from the parts' own fields: nothing is left out, and its bounds are the configuration's."""

from typing import Any

import pytest

from explorer.config import ModelConfig, presets
from explorer.config.differences import differences, nearest_preset
from explorer.config.fields import BACKBONES, HEADS, Control, fields_of
from explorer.config.shown import Group
from explorer.errors import ConfigError

PARTS = {**BACKBONES, **HEADS}


@pytest.mark.parametrize("kind", PARTS)
def test_every_field_but_the_kind_has_a_control_with_a_label_and_a_sentence(kind):
    fields = fields_of(PARTS[kind])
    assert {field.name for field in fields} == set(PARTS[kind].model_fields) - {"kind"}
    for field in fields:
        assert field.group is not Group.OTHER
        assert field.sentence.endswith(".")
        assert field.label[0].isupper()
        if field.control is Control.CHOICE:
            assert len(field.options) > 1
        elif field.control is not Control.SWITCH:
            assert field.low < field.high


def test_groups_stand_together():
    groups = [field.group for field in fields_of(BACKBONES["densenet"])]
    assert groups == sorted(groups, key=list(Group).index)


@pytest.mark.parametrize("name", list(presets()))
def test_the_bounds_of_a_control_are_the_configurations(name):
    plain = presets()[name].model_dump(mode="json", exclude_none=True)
    for side, models in (("backbone", BACKBONES), ("head", HEADS)):
        for field in fields_of(models[plain[side]["kind"]]):
            value = plain[side][field.name]
            for beyond in (field.low - 1, field.high + 1):
                wrong: Any
                match field.control:
                    case Control.NUMBER:
                        wrong = beyond if not field.whole else int(beyond)
                    case Control.LIST if value:
                        wrong = [beyond, *value[1:]]
                    case Control.MAPPING:
                        wrong = {**value, next(iter(value)): beyond}
                    case _:
                        continue
                with pytest.raises(ConfigError, match=field.name):
                    ModelConfig.from_plain({**plain, side: {**plain[side], field.name: wrong}})


def test_entries_are_called_as_in_the_paper():
    levels = next(field for field in fields_of(BACKBONES["dla"]) if field.name == "levels")
    assert [levels.entry_name(index) for index in (0, 5)] == ["level 0", "level 5"]
    modules = next(field for field in fields_of(BACKBONES["vovnet"]) if field.name == "modules")
    assert modules.entry_name(0) == "stage 2"


@pytest.mark.parametrize("name", list(presets()))
def test_a_preset_is_nearest_to_itself_and_differs_in_nothing(name):
    assert nearest_preset(presets()[name]) == name
    assert differences(presets()[name], presets()[name]) == []


def test_differences_are_told_field_by_field():
    old = presets()["densenet121"]
    backbone = old.backbone.model_copy(update={"growth_rate": 12, "layers": (6, 12, 24, 8)})
    found = differences(old, old.model_copy(update={"backbone": backbone}))
    assert [(each.label, each.symbol, each.old, each.new) for each in found] == [
        ("Layers in each block, block 4", "n", "16", "8"),
        ("Growth rate", "k", "32", "12"),
    ]
    assert nearest_preset(old.model_copy(update={"backbone": backbone})) == "densenet121"


def test_another_kind_counts_as_one_difference():
    found = differences(presets()["centernet_dla34"], presets()["centernet_vovnet39"])
    assert [(each.label, each.old, each.new) for each in found] == [("Backbone", "DLA", "VoVNet")]
