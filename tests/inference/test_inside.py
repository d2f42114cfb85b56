"""Looking inside a network: what hooks on a copy see, what finite differences say, and nothing left behind."""

import copy
import threading

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis.receptive_field import receptive_fields
from explorer.config import preset
from explorer.config.protocol import protocol_of
from explorer.errors import BudgetError
from explorer.graph import trace
from explorer.inference.effective_field import EffectiveField, effective_field, gradient_demand, noise
from explorer.inference.inside import feature_map, feature_maps, look_inside, picture_input
from explorer.inference.preprocess import covering
from explorer.runtime import budget
from explorer.runtime.engine import build_engine

SHAPE = (1, 3, 96, 128)


@pytest.fixture(scope="module")
def engine():
    return build_engine(preset("scenes_det"), "shipped")


@pytest.fixture(scope="module")
def graph():
    return trace(preset("scenes_det"), SHAPE)


@pytest.fixture(scope="module")
def image():
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(3))


def last_of(graph, path):
    """The result of the module at ``path``."""
    inside = [o for o in graph.operations if o.path == path or o.path.startswith(f"{path}.")]
    return inside[-1].outputs[-1]


@pytest.mark.parametrize(
    "path", ["base.level0", "base.level2.root", "base.level3.tree1.tree1.bn1", "ida_up.node_1", "hm"]
)
def test_maps_are_what_a_hook_on_a_copy_sees(engine, graph, image, path):
    twin = copy.deepcopy(engine.network)
    seen = []

    def keep(module, inputs, output):
        seen.append((output[0] if isinstance(output, tuple) else output).clone())

    twin.get_submodule(path).register_forward_hook(keep)
    with torch.inference_mode():
        twin(image)
    expected = seen[0][0]
    tensor = last_of(graph, path)
    found = feature_maps(engine, graph, image, tensor)
    assert found.shape == tuple(expected.shape)
    assert found.mean == pytest.approx(expected.mean((1, 2)).numpy(), abs=1e-5)
    assert found.std == pytest.approx(expected.std((1, 2), correction=0).numpy(), abs=1e-4)
    assert found.minimum == pytest.approx(expected.amin((1, 2)).numpy(), abs=1e-5)
    assert found.maximum == pytest.approx(expected.amax((1, 2)).numpy(), abs=1e-5)
    assert max(found.tiles.shape[1:]) <= 64
    channel = expected.shape[0] - 1
    assert np.allclose(
        feature_map(engine, graph, image, tensor, channel), expected[channel].numpy(), atol=1e-5
    )


def test_large_maps_are_averaged_down_and_small_ones_kept(engine, graph, image):
    tensor = last_of(graph, "base.level0")
    full = feature_map(engine, graph, image, tensor, 2)
    tiles = feature_maps(engine, graph, image, tensor, side=32).tiles
    assert tiles.shape == (8, 24, 32)
    assert tiles[2] == pytest.approx(full.reshape(24, 4, 32, 4).mean((1, 3)), abs=1e-5)
    deep = last_of(graph, "base.level5")
    assert feature_maps(engine, graph, image, deep).tiles.shape[1:] == graph.tensors[deep].shape[2:]


def test_nothing_behind_the_last_tensor_is_computed(engine, graph, image, monkeypatch):
    ran = []
    original = nn.Conv2d.forward

    def counted(self, x):
        ran.append(self)
        return original(self, x)

    monkeypatch.setattr(nn.Conv2d, "forward", counted)
    look_inside(engine, graph, image, {last_of(graph, "base.level0"): lambda value: value.shape})
    assert len(ran) == 2


def test_several_tensors_come_from_one_pass(engine, graph, image):
    wanted = [last_of(graph, path) for path in ("base.level1", "base.level2", "hm")]
    runs = engine.tally.runs
    found = look_inside(engine, graph, image, {t: lambda value: tuple(value.shape) for t in wanted})
    assert found == {t: graph.tensors[t].shape for t in wanted}
    assert engine.tally.runs == runs + 1


def test_the_shared_network_stays_as_it_is(engine, graph, image):
    before = {name: tensor.clone() for name, tensor in engine.network.state_dict().items()}
    tensor = last_of(graph, "base.level3")
    feature_maps(engine, graph, image, tensor)
    effective_field(engine, graph, [image], 1, tensor, (3, 4))
    assert all(torch.equal(before[name], tensor) for name, tensor in engine.network.state_dict().items())
    assert all(p.grad is None and not p.requires_grad for p in engine.network.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in engine.network.modules())
    assert not engine.turn.locked()


def test_the_input_itself_can_be_seen(engine, graph, image):
    found = feature_maps(engine, graph, image, graph.inputs[0])
    assert found.mean == pytest.approx(image[0].mean((1, 2)).numpy(), abs=1e-5)


def test_pictures_are_cut_around_their_centre_without_distortion():
    rgb = np.zeros((100, 300, 3), np.uint8)
    rgb[:, 100:200] = 255
    shown = covering(rgb, (64, 64))
    inputs = picture_input(shown, protocol_of(preset("dla34")))
    assert shown.shape == (64, 64, 3)
    # Interpolation mixes in what lies beside the cut.
    assert (shown[:, 1:-1] == 255).all()
    assert inputs.shape == (1, 3, 64, 64)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    assert inputs[0, :, 5, 5].numpy() == pytest.approx((1 - mean) / std, abs=1e-4)


# The effective field


def test_gradients_are_those_of_finite_differences(engine, graph):
    tensor, cell = last_of(graph, "base.level1"), (20, 31)
    image = torch.randn(SHAPE, generator=torch.Generator().manual_seed(5))
    found = effective_field(engine, graph, [image], 1, tensor, cell)
    box = receptive_fields(graph)[tensor].box(*cell)
    network = copy.deepcopy(engine.network).double()
    step = 1e-6

    def total(x):
        return look_inside_double(network, graph, x, tensor)[0, :, cell[0], cell[1]].sum()

    for row, column in [(box.top, box.left), (40, 62), (41, 60), (box.bottom - 1, box.right - 1), (0, 0)]:
        slopes = 0.0
        for channel in range(3):
            moved = image.double()
            moved[0, channel, row, column] += step
            slopes += abs(float(total(moved) - total(image.double()))) / step
        assert found.gradient[row, column] == pytest.approx(slopes, rel=1e-3, abs=1e-4)


def look_inside_double(network, graph, inputs, tensor):
    from explorer.runtime.replay import replay, tensors_in

    kept: list[torch.Tensor] = []

    def watch(operation, call):
        result = call()
        kept.extend(
            v.clone() for t, v in zip(operation.outputs, tensors_in(result), strict=True) if t == tensor
        )
        return result

    with torch.inference_mode():
        replay(network, graph, inputs, watch)
    return kept[0]


@pytest.mark.parametrize("path", ["base.level3", "base.level5", "ida_up"])
def test_no_gradient_leaves_the_theoretical_box(graph, path):
    # A freshly drawn network's offsets are zero and stay on the regular taps.
    random = build_engine(preset("scenes_det"))
    tensor = last_of(graph, path)
    field = receptive_fields(graph)[tensor]
    for cell in ((0, 0), (field.cells[0] // 2, field.cells[1] - 1)):
        found = effective_field(random, graph, noise(SHAPE, 2), 2, tensor, cell)
        box = field.box(*cell)
        outside = found.gradient.copy()
        outside[box.top : box.bottom, box.left : box.right] = 0
        assert found.reaches
        assert outside.max() == 0


def test_the_field_is_the_mean_over_images_and_each_can_be_the_last(engine, graph):
    tensor, cell = last_of(graph, "base.level2"), (5, 5)
    images = list(noise(SHAPE, 3))
    alone = [effective_field(engine, graph, [image], 1, tensor, cell).gradient for image in images]
    together = effective_field(engine, graph, images, 3, tensor, cell)
    assert together.gradient == pytest.approx(np.mean(alone, 0), rel=1e-4, abs=1e-7)

    class Stop(Exception):
        pass

    def stop(done, count):
        if done == 1:
            raise Stop

    with pytest.raises(Stop):
        effective_field(engine, graph, images, 3, tensor, cell, on_step=stop)
    assert not engine.turn.locked()


def test_sizes_of_a_known_map():
    gradient = np.zeros((21, 21), np.float32)
    gradient[8:13, 8:13] = 1
    gradient[10, 10] = 24
    gradient[0, 0] = 0.9
    found = EffectiveField(gradient, (0, 0), 1)
    # 24 · 4.55 % = 1.09: only the middle is above it.
    assert found.side == 1
    assert found.side_of(0.4, (10.5, 10.5)) == 1
    assert found.side_of(0.9, (10.5, 10.5)) in (4, 5)
    assert found.side_of(1.0, (10.5, 10.5)) >= 20
    empty = EffectiveField(np.zeros((4, 4), np.float32), (0, 0), 1)
    assert (empty.reaches, empty.side, empty.side_of(0.5, (2, 2))) == (False, 0, 0)


def test_a_gradient_that_does_not_fit_is_refused(engine, graph, image, monkeypatch):
    tensor = last_of(graph, "hm")
    assert gradient_demand(graph, tensor, "cpu").activations > budget.demand(graph).activations
    monkeypatch.setattr(budget, "free_memory", lambda device: 2**24)
    with pytest.raises(BudgetError, match="spare"):
        effective_field(engine, graph, [image], 1, tensor, (0, 0))
    with pytest.raises(BudgetError, match="spare"):
        feature_maps(engine, graph, image, tensor)


def test_one_thread_waits_for_the_other(engine, graph, image):
    tensor = last_of(graph, "base.level1")
    order = []
    with engine.turn:

        def second():
            feature_maps(engine, graph, image, tensor)
            order.append("second")

        other = threading.Thread(target=second)
        other.start()
        order.append("first")
    other.join(timeout=60)
    assert order == ["first", "second"]
