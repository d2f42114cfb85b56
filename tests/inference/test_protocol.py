"""The published numbers, and what belongs to which configuration."""

import numpy as np
import pytest

from explorer.config import ModelConfig, preset, presets
from explorer.config.protocol import (
    CITYSCAPES,
    COCO,
    SCENE_OBJECTS,
    SCENES_DETECTION,
    SCENES_SEGMENTATION,
    VOC,
    ChannelOrder,
    Fit,
    protocol_of,
)
from explorer.inference.preprocess import normalise
from explorer.scenes.scene import CLASSES, MASK_LABELS


def test_coco() -> None:
    assert len(COCO.labels) == len(COCO.category_ids) == len(COCO.colours) == 80
    ids = dict(zip(COCO.labels, COCO.category_ids, strict=True))
    # Spot checks against COCO's own instances_val2017.json.
    known = {
        "person": 1,
        "stop sign": 13,
        "zebra": 24,
        "tie": 32,
        "bottle": 44,
        "dining table": 67,
        "toilet": 70,
    }
    known |= {"refrigerator": 82, "book": 84, "toothbrush": 90, "wine glass": 46, "cup": 47, "couch": 63}
    assert {name: ids[name] for name in known} == known
    assert COCO.channel_order is ChannelOrder.BGR
    assert COCO.fits == (Fit.FIXED, Fit.KEPT)
    # Stored blue first: COCO's red channel is the brightest of the three.
    assert COCO.mean == (0.40789654, 0.44719302, 0.47026115)
    assert COCO.std == (0.28863828, 0.27408164, 0.27809835)


def test_cityscapes() -> None:
    assert len(CITYSCAPES.labels) == len(CITYSCAPES.colours) == 19
    assert CITYSCAPES.colours[CITYSCAPES.labels.index("person")] == (220, 20, 60)
    assert CITYSCAPES.colours[CITYSCAPES.labels.index("bicycle")] == (119, 11, 32)
    assert CITYSCAPES.channel_order is ChannelOrder.RGB


def test_scenes_are_called_as_the_renderer_calls_them() -> None:
    assert SCENE_OBJECTS == CLASSES
    assert SCENES_SEGMENTATION.labels == MASK_LABELS
    assert SCENES_DETECTION.labels == CLASSES


@pytest.mark.parametrize("name", presets())
def test_every_preset_names_its_classes(name: str) -> None:
    config = preset(name)
    protocol = protocol_of(config)
    head = config.head
    match head.kind:
        case "centernet":
            classes = head.heads["hm"]
        case "features":
            classes = 0
        case _:
            classes = head.classes
    assert protocol.task is config.task
    assert len(protocol.labels) == len(protocol.colours) == classes


def test_an_own_network_gets_numbered_classes() -> None:
    config = preset("dla34up")
    own = ModelConfig(backbone=config.backbone, head=config.head.model_copy(update={"classes": 5}))
    assert protocol_of(own).labels == ("class 0", "class 1", "class 2", "class 3", "class 4")


def test_neighbouring_colours_differ() -> None:
    palette = np.array(COCO.colours, float)
    assert np.linalg.norm(np.diff(palette, axis=0), axis=1).min() > 60


def test_voc() -> None:
    # Spot checks against the development kit's colour map.
    colour = dict(zip(VOC.labels, VOC.colours, strict=True))
    assert len(colour) == 21
    assert colour["background"] == (0, 0, 0)
    assert colour["aeroplane"] == (128, 0, 0)
    assert colour["cat"] == (64, 0, 0)
    assert colour["person"] == (192, 128, 128)
    assert colour["tv monitor"] == (0, 64, 128)
    assert protocol_of(preset("deeplabv2_resnet101_msc")) is VOC
    assert (VOC.fit, VOC.size) == (Fit.SCALED, 513)


def test_deeplab_reads_blue_first_with_nothing_divided() -> None:
    pixel = np.array([[[200, 100, 50]]], np.uint8)
    np.testing.assert_allclose(
        normalise(pixel, VOC)[0, :, 0, 0], (50 - 104.008, 100 - 116.669, 200 - 122.675), atol=1e-4
    )


def test_cifar() -> None:
    protocol = protocol_of(preset("densenet40_k12"))
    assert (protocol.size, protocol.shorter_side, protocol.labels[3]) == (32, 32, "cat")
    pixel = np.array([[[125, 60, 0]]], np.uint8)
    expected = ((125 - 125.3) / 63.0, (60 - 123.0) / 62.1, (0 - 113.9) / 66.7)
    np.testing.assert_allclose(normalise(pixel, protocol)[0, :, 0, 0], expected, atol=1e-5)
