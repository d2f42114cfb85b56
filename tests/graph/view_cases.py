"""Traced networks for the tests of views, layouts and exports, and the plain way to say where an operation is."""

from functools import cache

from explorer.config import presets
from explorer.graph import LayerGraph, trace

DLA = ("dla34", "dla46x_c", "dla102", "dla34up", "centernet_dla34", "centernet_dlav0_34")
FAMILIES = (
    "vovnet39",
    "vovnet19_slim_ese",
    "densenet40_k12",
    "densenet40_osa5_43",
    "peleenet",
    "deeplabv2_resnet101_msc",
    "deeplabv3plus_resnet101_msc_os16",
    "centernet_vovnet39",
)
"""One or two of each of the other families."""
PRESETS = DLA + FAMILIES


@cache
def graph_of(name: str) -> LayerGraph:
    config = presets()[name]
    return trace(config, (1, 3, 224, 224) if name in ("dla34", "dla46x_c", "dla102") else (1, 3, 128, 128))


def within(path: str, scope: str) -> bool:
    return scope == "" or path == scope or path.startswith(scope + ".")
