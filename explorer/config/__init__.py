"""What can be built: typed configurations, presets and their limits. Imports no torch."""

from explorer.config.backbones import Backbone
from explorer.config.deeplab import DeepLabHead, Variant
from explorer.config.densenet import Dense, DenseNetBackbone, Entry
from explorer.config.dla import Block, DLABackbone
from explorer.config.heads import (
    Aggregation,
    CenterNetHead,
    ClassifyHead,
    DLAUpHead,
    FeaturesHead,
    Head,
    Pool,
)
from explorer.config.model import ModelConfig, Task
from explorer.config.peleenet import PeleeNetBackbone
from explorer.config.presets import preset, preset_name, presets, resolve
from explorer.config.resnet import ResNetBackbone
from explorer.config.vovnet import Attention, VoVNetBackbone

__all__ = [
    "Aggregation",
    "Attention",
    "Backbone",
    "Block",
    "CenterNetHead",
    "ClassifyHead",
    "DLABackbone",
    "DLAUpHead",
    "DeepLabHead",
    "Dense",
    "DenseNetBackbone",
    "Entry",
    "FeaturesHead",
    "Head",
    "ModelConfig",
    "PeleeNetBackbone",
    "Pool",
    "ResNetBackbone",
    "Task",
    "Variant",
    "VoVNetBackbone",
    "preset",
    "preset_name",
    "presets",
    "resolve",
]
