"""Traced networks for the tests of views, layouts and exports, and the plain way to say where an operation is."""

from functools import cache

from explorer.config import presets
from explorer.graph import LayerGraph, trace

PRESETS = ("dla34", "dla46x_c", "dla102", "dla34up", "centernet_dla34", "centernet_dlav0_34")


@cache
def graph_of(name: str) -> LayerGraph:
    config = presets()[name]
    return trace(config, (1, 3, 224, 224) if name in ("dla34", "dla46x_c", "dla102") else (1, 3, 128, 128))


def within(path: str, scope: str) -> bool:
    return scope == "" or path == scope or path.startswith(scope + ".")
