"""Which modules belong to which backbone's configuration."""

from torch import nn

from explorer.config import (
    Backbone,
    ClassifyHead,
    DenseNetBackbone,
    DLABackbone,
    Entry,
    PeleeNetBackbone,
    ResNetBackbone,
    VoVNetBackbone,
)
from explorer.networks.densenet import (
    CifarDenseNet,
    CifarDenseNetClassifier,
    CifarDenseNetFeatures,
    DenseNet,
    DenseNetClassifier,
    DenseNetFeatures,
)
from explorer.networks.dla import DLA, DLAClassifier, DLAFeatures
from explorer.networks.peleenet import PeleeNet, PeleeNetClassifier, PeleeNetFeatures
from explorer.networks.resnet import ResNet, ResNetClassifier, ResNetFeatures
from explorer.networks.vovnet import VoVNet, VoVNetClassifier, VoVNetFeatures


def pyramid(config: Backbone, leftover_classes: int = 0) -> nn.Module:
    """The backbone alone, which returns its levels; ``leftover_classes`` as in DLA."""
    match config:
        case DLABackbone():
            return DLA(config, leftover_classes)
        case VoVNetBackbone():
            return VoVNet(config)
        case DenseNetBackbone(entry=Entry.IMAGENET):
            return DenseNet(config)
        case DenseNetBackbone():
            return CifarDenseNet(config)
        case PeleeNetBackbone():
            return PeleeNet(config)
        case ResNetBackbone():
            return ResNet(config)


def classifier(config: Backbone, head: ClassifyHead) -> nn.Module:
    """The backbone with its classifier, as published."""
    match config:
        case DLABackbone():
            return DLAClassifier(config, head)
        case VoVNetBackbone():
            return VoVNetClassifier(config, head)
        case DenseNetBackbone(entry=Entry.IMAGENET):
            return DenseNetClassifier(config, head)
        case DenseNetBackbone():
            return CifarDenseNetClassifier(config, head)
        case PeleeNetBackbone():
            return PeleeNetClassifier(config, head)
        case ResNetBackbone():
            return ResNetClassifier(config, head)


def headless(config: Backbone) -> nn.Module:
    """The backbone alone, which returns its stages by name."""
    match config:
        case DLABackbone():
            return DLAFeatures(config)
        case VoVNetBackbone():
            return VoVNetFeatures(config)
        case DenseNetBackbone(entry=Entry.IMAGENET):
            return DenseNetFeatures(config)
        case DenseNetBackbone():
            return CifarDenseNetFeatures(config)
        case PeleeNetBackbone():
            return PeleeNetFeatures(config)
        case ResNetBackbone():
            return ResNetFeatures(config)
