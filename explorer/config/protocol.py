"""How a picture becomes a network's input, and what its outputs are called: the published protocols, as data.

Sources: CenterNet ``src/lib/detectors`` and ``datasets/dataset/coco.py`` (xingyizhou/CenterNet, 4c50fd3); DLA's
``segment.py`` and ``classify.py`` (ucbdrive/dla) with the Cityscapes statistics of fyu/drn; DeepLab's test protocol
(kazuto1011/deeplab-pytorch) and the colour map of PASCAL VOC's development kit; DenseNet's CIFAR-10 statistics
(liuzhuang13/DenseNet). Imports no torch.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from enum import StrEnum

from explorer.config.deeplab import DeepLabHead
from explorer.config.heads import CenterNetHead, ClassifyHead, DLAUpHead, FeaturesHead
from explorer.config.model import ModelConfig, Task
from explorer.config.presets import preset_name

Triple = tuple[float, float, float]
Colour = tuple[int, int, int]


class ChannelOrder(StrEnum):
    """The order of an input's three channels."""

    RGB = "rgb"
    BGR = "bgr"


class Fit(StrEnum):
    """How a picture of any size is brought to a size that the network takes."""

    FIXED = "fixed"
    """CenterNet ``fix_res``: the longer side fills a fixed square, the rest stays black."""

    KEPT = "kept"
    """CenterNet ``keep_res``: own size, centred on the next larger multiple of 32 (always larger), rest black."""

    PADDED = "padded"
    """Own size, centred on a multiple of 32, and filled up as ``Border`` says; untouched where it already is one."""

    SCALED = "scaled"
    """DeepLab's demonstration: the longer side resized, up or down, with nothing around it."""

    OWN = "own"
    """DeepLab's evaluation: own size, with nothing around it."""

    CROPPED = "cropped"
    """The shorter side resized, then a square cut from the centre."""


class Border(StrEnum):
    """What surrounds a picture that is smaller than the network's input."""

    BLACK = "black"
    REFLECT = "reflect"


@dataclass(frozen=True, slots=True)
class Protocol:
    """Everything between an RGB picture and the network, and between its outputs and their names.

    The input is ``(pixel / 255 - mean) / std`` with ``mean`` and ``std`` in ``channel_order``. ``labels`` and
    ``colours`` have an entry per class. ``size`` is the side of a fixed or cropped input, or the longer side of a
    scaled one; ``shorter_side`` is
    that of the resized picture before cropping. ``category_ids`` are COCO's ids of the labels, where it has any.
    ``background`` is the class that stands for nothing in particular. ``pictures`` says what the published or
    shipped weights have seen.
    """

    name: str
    task: Task
    labels: tuple[str, ...]
    colours: tuple[Colour, ...]
    mean: Triple
    std: Triple
    fits: tuple[Fit, ...]
    pictures: str
    channel_order: ChannelOrder = ChannelOrder.RGB
    size: int = 512
    shorter_side: int = 256
    border: Border = Border.BLACK
    category_ids: tuple[int, ...] = ()
    background: int | None = None

    @property
    def fit(self) -> Fit:
        """The fit that is used unless another of ``fits`` is asked for."""
        return self.fits[0]


COCO_LABELS = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard",
    "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip

COCO_CATEGORY_IDS = (
    *range(1, 12), *range(13, 26), 27, 28, *range(31, 45), *range(46, 66), 67, 70, *range(72, 83), *range(84, 91),
)  # fmt: skip
"""COCO's ids of the 80 labels, in order: eleven of 1 to 90 were never used for boxes, or are 91."""

CITYSCAPES_LABELS = (
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation",
    "terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle",
)  # fmt: skip

CITYSCAPES_COLOURS: tuple[Colour, ...] = (
    (128, 64, 128), (244, 35, 232), (70, 70, 70), (102, 102, 156), (190, 153, 153), (153, 153, 153),
    (250, 170, 30), (220, 220, 0), (107, 142, 35), (152, 251, 152), (70, 130, 180), (220, 20, 60), (255, 0, 0),
    (0, 0, 142), (0, 0, 70), (0, 60, 100), (0, 80, 100), (0, 0, 230), (119, 11, 32),
)  # fmt: skip

SCENE_OBJECTS = ("disc", "ring", "square", "triangle", "star", "cross", "heart", "moon")
"""Object classes of the procedural scenes, in the order of a detection's class; a mask's class id is one more."""

_OBJECT_COLOURS: tuple[Colour, ...] = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
    (142, 108, 216),
)  # fmt: skip
"""Okabe and Ito's seven colours, and a violet in place of their black, which no dark picture would show."""

_SCENE_MEAN: Triple = (0.5, 0.5, 0.5)
_SCENE_STD: Triple = (0.25, 0.25, 0.25)
_SCENE_PICTURES = "procedurally drawn scenes of flat shapes, not photographs"
_IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
_IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


def colours(count: int) -> tuple[Colour, ...]:
    """``count`` colours that differ most between neighbours: hues a golden angle apart in three shades."""
    shades = ((0.70, 0.95), (0.55, 0.75), (0.90, 0.85))
    return tuple(
        _byte_colour(0.07 + index * 0.61803398875, *shades[index % len(shades)]) for index in range(count)
    )


def _byte_colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"class {index}" for index in range(count))


COCO = Protocol(
    name="CenterNet on COCO",
    task=Task.DETECTION,
    labels=COCO_LABELS,
    colours=colours(len(COCO_LABELS)),
    mean=(0.40789654, 0.44719302, 0.47026115),
    std=(0.28863828, 0.27408164, 0.27809835),
    channel_order=ChannelOrder.BGR,
    fits=(Fit.FIXED, Fit.KEPT),
    category_ids=COCO_CATEGORY_IDS,
    pictures="everyday photographs with the 80 object classes of COCO",
)

CITYSCAPES = Protocol(
    name="DLA-up on Cityscapes",
    task=Task.SEGMENTATION,
    labels=CITYSCAPES_LABELS,
    colours=CITYSCAPES_COLOURS,
    mean=(0.29010095, 0.32808145, 0.28696394),
    std=(0.18295405, 0.18656561, 0.18447509),
    fits=(Fit.PADDED,),
    border=Border.REFLECT,
    pictures="street scenes seen from a car",
)

SCENES_SEGMENTATION = Protocol(
    name="Scenes",
    task=Task.SEGMENTATION,
    labels=("background", *SCENE_OBJECTS),
    colours=((60, 62, 68), *_OBJECT_COLOURS),
    mean=_SCENE_MEAN,
    std=_SCENE_STD,
    fits=(Fit.PADDED,),
    border=Border.REFLECT,
    background=0,
    pictures=_SCENE_PICTURES,
)

SCENES_DETECTION = Protocol(
    name="Scenes",
    task=Task.DETECTION,
    labels=SCENE_OBJECTS,
    colours=_OBJECT_COLOURS,
    mean=_SCENE_MEAN,
    std=_SCENE_STD,
    fits=(Fit.PADDED,),
    category_ids=tuple(range(1, len(SCENE_OBJECTS) + 1)),
    pictures=_SCENE_PICTURES,
)

VOC_LABELS = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "dining table", "dog", "horse", "motorbike", "person", "potted plant", "sheep", "sofa", "train", "tv monitor",
)  # fmt: skip


def _voc_colour(label: int) -> Colour:
    """PASCAL VOC's colour map: the label's bits, three at a time, fill red, green and blue from the top."""
    channels = [0, 0, 0]
    for place in range(8):
        for channel in range(3):
            channels[channel] |= (label >> (3 * place + channel) & 1) << (7 - place)
    red, green, blue = channels
    return red, green, blue


CIFAR10_LABELS = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

VOC = Protocol(
    name="DeepLab on PASCAL VOC",
    task=Task.SEGMENTATION,
    labels=VOC_LABELS,
    colours=tuple(_voc_colour(label) for label in range(len(VOC_LABELS))),
    # Published as means of 0 to 255, blue first, with nothing divided.
    mean=(104.008 / 255, 116.669 / 255, 122.675 / 255),
    std=(1 / 255, 1 / 255, 1 / 255),
    channel_order=ChannelOrder.BGR,
    # The published demonstration comes first: it is what the authors show people's own photographs to.
    fits=(Fit.SCALED, Fit.OWN),
    size=513,
    background=0,
    pictures="everyday photographs with the 20 object classes of PASCAL VOC",
)

CIFAR10 = Protocol(
    name="CIFAR-10",
    task=Task.CLASSIFICATION,
    labels=CIFAR10_LABELS,
    colours=colours(len(CIFAR10_LABELS)),
    mean=(125.3 / 255, 123.0 / 255, 113.9 / 255),
    std=(63.0 / 255, 62.1 / 255, 66.7 / 255),
    fits=(Fit.CROPPED,),
    size=32,
    shorter_side=32,
    pictures="the 32×32 pictures of CIFAR-10, of ten classes",
)

COCO_STUFF_CLASSES = 182
"""Outputs of kazuto1011's COCO-Stuff networks; 171 of them were learned."""

_BY_PRESET = {"scenes_seg": SCENES_SEGMENTATION, "scenes_det": SCENES_DETECTION}


def protocol_of(config: ModelConfig) -> Protocol:
    """The protocol that belongs to a configuration.

    Our own scene networks have theirs; other detectors of 80 classes follow COCO, segmenters of 19 classes
    Cityscapes, DeepLabs of 21 classes PASCAL VOC and of 182 COCO-Stuff, classifiers of ten classes that are quoted
    at 32×32 CIFAR-10. Anything else runs by the same rules with numbered classes.
    """
    known = _BY_PRESET.get(preset_name(config) or "")
    if known is not None:
        return known
    match config.head:
        case ClassifyHead(classes=classes):
            side = config.backbone.side
            if classes == len(CIFAR10_LABELS) and side == CIFAR10.size:
                return CIFAR10
            return Protocol(
                name="ImageNet" if classes == 1000 else "Classification",
                task=Task.CLASSIFICATION,
                labels=_numbered(classes),
                colours=colours(classes),
                mean=_IMAGENET_MEAN,
                std=_IMAGENET_STD,
                fits=(Fit.CROPPED,),
                size=side,
                shorter_side=side * 256 // 224,
                pictures="photographs with the 1000 classes of ImageNet"
                if classes == 1000
                else "unknown pictures",
            )
        case DLAUpHead(classes=classes):
            if classes == len(CITYSCAPES_LABELS):
                return CITYSCAPES
            return Protocol(
                name="DLA-up",
                task=Task.SEGMENTATION,
                labels=_numbered(classes),
                colours=colours(classes),
                mean=_IMAGENET_MEAN,
                std=_IMAGENET_STD,
                fits=(Fit.PADDED,),
                border=Border.REFLECT,
                pictures="unknown pictures",
            )
        case DeepLabHead(classes=classes):
            if classes == len(VOC_LABELS):
                return VOC
            stuff = classes == COCO_STUFF_CLASSES
            return Protocol(
                name="DeepLab on COCO-Stuff" if stuff else "DeepLab",
                task=Task.SEGMENTATION,
                labels=_numbered(classes),
                colours=colours(classes),
                mean=VOC.mean,
                std=VOC.std,
                channel_order=ChannelOrder.BGR,
                fits=VOC.fits,
                size=VOC.size,
                pictures="everyday photographs with the 182 numbered classes of COCO-Stuff"
                if stuff
                else "unknown pictures",
            )
        case FeaturesHead():
            return Protocol(
                name="Features",
                task=Task.FEATURES,
                labels=(),
                colours=(),
                mean=_IMAGENET_MEAN,
                std=_IMAGENET_STD,
                fits=(Fit.CROPPED,),
                size=config.backbone.side,
                pictures="unknown pictures",
            )
        case CenterNetHead(heads=heads):
            classes = heads.get("hm", 0)
            if classes == len(COCO_LABELS):
                return COCO
            return Protocol(
                name="CenterNet",
                task=Task.DETECTION,
                labels=_numbered(classes),
                colours=colours(classes),
                mean=COCO.mean,
                std=COCO.std,
                channel_order=ChannelOrder.BGR,
                fits=(Fit.FIXED, Fit.KEPT),
                category_ids=tuple(range(1, classes + 1)),
                pictures="unknown pictures",
            )
