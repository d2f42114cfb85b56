"""What can be built: typed configurations, presets and their limits. Imports no torch."""

from explorer.config.dla import Block, DLABackbone
from explorer.config.heads import Aggregation, CenterNetHead, ClassifyHead, DLAUpHead, Pool
from explorer.config.model import ModelConfig, Task
from explorer.config.presets import preset, preset_name, presets, resolve

__all__ = [
    "Aggregation",
    "Block",
    "CenterNetHead",
    "ClassifyHead",
    "DLABackbone",
    "DLAUpHead",
    "ModelConfig",
    "Pool",
    "Task",
    "preset",
    "preset_name",
    "presets",
    "resolve",
]
