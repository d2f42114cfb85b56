"""A real pass is what the graph says, operation by operation, for every kind of network."""

import pytest
import torch

from explorer.config import preset
from explorer.graph import trace
from explorer.networks import build
from explorer.runtime.replay import replay, tensors_in

NAMES = (
    "dla34", "dla60x", "dla34up", "centernet_dla34", "vovnet19_slim_ese", "vovnet27_slim", "densenet121",
    "peleenet", "deeplabv3plus_resnet101_msc_os16", "deeplabv2s_resnet101_msc", "scenes_det",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_comes_in_order_with_its_shapes(name):
    config = preset(name)
    shape = (1, 3, 65, 97) if "deeplab" in name else (1, 3, 224, 224)
    graph = trace(config, shape)
    network = build(config)
    seen = []

    def watch(operation, call):
        result = call()
        shapes = tuple(tuple(tensor.shape) for tensor in tensors_in(result))
        seen.append((operation.id, operation.kind, shapes))
        return result

    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        watched = replay(network, graph, inputs, watch)
        alone = network(inputs)
    assert seen == [
        (o.id, o.kind, tuple(graph.tensors[t].shape for t in o.outputs)) for o in graph.operations
    ]
    for a, b in zip(tensors_in(_values(watched)), tensors_in(_values(alone)), strict=True):
        assert torch.equal(a, b)


def _values(outputs):
    if isinstance(outputs, dict):
        return [_values(value) for value in outputs.values()]
    return [_values(value) for value in outputs] if isinstance(outputs, list | tuple) else outputs


def test_a_graph_of_another_network_or_size_is_noticed():
    network = build("dla46_c")
    inputs = torch.zeros(1, 3, 224, 224)
    with pytest.raises(RuntimeError, match="another size"):
        replay(network, trace("dla46_c", (1, 3, 224, 256)), inputs, lambda _, call: call())
    with pytest.raises(RuntimeError, match="dla60x_c"):
        replay(network, trace("dla60x_c", (1, 3, 224, 224)), inputs, lambda _, call: call())


def test_other_threads_are_not_watched():
    import threading

    network = build("dla46_c")
    inputs = torch.zeros(1, 3, 224, 224)
    graph = trace("dla46_c", (1, 3, 224, 224))
    seen = []

    def watch(operation, call):
        if operation.id == 5:
            other = threading.Thread(target=lambda: torch.relu(torch.zeros(3)))
            other.start()
            other.join()
        seen.append(operation.id)
        return call()

    replay(network, graph, inputs, watch)
    assert seen == list(range(len(graph.operations)))
