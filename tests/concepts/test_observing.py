"""What the shared detector is seen to do: the same as Predict says, without a trace left on it."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.concepts.observing import observe
from explorer.concepts.peaks import survivors
from explorer.concepts.sampling import terms
from explorer.config import preset
from explorer.errors import ConfigError, ImageError
from explorer.inference import predict
from explorer.inference.samples import SAMPLES
from explorer.networks.deform_conv import DeformConv2d
from explorer.runtime.engine import build_engine


@pytest.fixture(scope="module")
def engine():
    return build_engine(preset("scenes_det"), "shipped", "cpu")


def photograph() -> bytes:
    """Neither square nor a multiple of 32, so that padding moves everything."""
    with Image.open(SAMPLES[1].path) as image:
        buffer = io.BytesIO()
        image.crop((10, 20, 300, 171)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module", params=["sample", "photograph"])
def data(request):
    return SAMPLES[0].path.read_bytes() if request.param == "sample" else photograph()


@pytest.fixture(scope="module")
def seen(engine, data):
    return observe(engine, data)


def test_boxes_are_those_of_the_predict_page(engine, data, seen):
    said = predict(engine, data)
    assert said.boxes is not None
    assert said.scores is not None
    assert said.classes is not None
    assert np.array_equal(np.array([peak.box for peak in seen.maps.peaks], np.float32), said.boxes)
    assert [peak.class_id for peak in seen.maps.peaks] == said.classes.tolist()
    assert np.array_equal(np.array([peak.score for peak in seen.maps.peaks], np.float32), said.scores)
    kept = seen.maps.shown(0.3, 10)
    assert len(kept) == len(said.kept(0.3, 10))


def test_every_step_leads_to_the_box(seen):
    maps = seen.maps
    for peak in maps.peaks:
        (x, y), (width, height) = peak.cell, peak.size
        assert maps.heat[peak.class_id, y, x] == np.float32(peak.score)
        assert survivors(maps.heat[peak.class_id])[y, x]
        centre = (x + maps.offsets[0, y, x], y + maps.offsets[1, y, x])
        assert peak.centre == pytest.approx(centre, abs=1e-5)
        corners = np.array(
            [[centre[0] - width / 2, centre[1] - height / 2], [centre[0] + width / 2, centre[1] + height / 2]]
        )
        shift, scale = np.array(maps.geometry.shift), np.array(maps.geometry.scale)
        assert ((corners * 4 - shift) / scale).reshape(-1) == pytest.approx(peak.box, abs=1e-3)


def test_each_peak_has_a_cell_of_its_own(seen):
    cells = [(peak.class_id, peak.cell) for peak in seen.maps.peaks]
    assert len(set(cells)) == len(cells)


def test_every_deformable_layer_is_seen(engine, seen):
    paths = [path for path, module in engine.network.named_modules() if isinstance(module, DeformConv2d)]
    assert sorted(seen.layers) == sorted(paths)
    assert seen.layers.keys() == seen.lineage.keys()
    width, height = seen.maps.geometry.input
    for layer in seen.layers.values():
        assert layer.size[1] * layer.output_scale == width
        assert layer.size[0] * layer.output_scale == height
        row, column = layer.size[0] // 2, layer.size[1] // 3
        total = sum(tap.term for tap in terms(layer, (row, column), 3)) + layer.bias[3]
        assert total == pytest.approx(layer.outputs[3, row, column], abs=1e-4)


def test_offsets_and_masks_are_the_layers_own_convolution(engine, seen):
    path = "ida_up.node_2.conv"
    layer, module = seen.layers[path], engine.network.get_submodule(path)
    with torch.inference_mode():
        raw = module.conv_offset_mask(torch.from_numpy(layer.inputs)[None])[0].numpy()
    for tap in range(9):
        assert np.allclose(layer.offsets[tap, 0], raw[2 * tap], atol=1e-5)
        assert np.allclose(layer.offsets[tap, 1], raw[2 * tap + 1], atol=1e-5)
        assert np.allclose(layer.mask[tap], 1 / (1 + np.exp(-raw[18 + tap])), atol=1e-5)


def test_the_shared_network_is_left_as_it_was(engine, data):
    before = {name: value.clone() for name, value in engine.network.state_dict().items()}
    runs = engine.tally.runs
    observe(engine, data)
    assert engine.tally.runs == runs + 1
    assert not engine.turn.locked()
    assert all(torch.equal(value, before[name]) for name, value in engine.network.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in engine.network.modules())


def test_another_thread_is_not_watched(engine, data):
    """The mode belongs to a thread: a second run at the same time leaves nothing in the first one's record."""
    from concurrent.futures import ThreadPoolExecutor

    alone = observe(engine, data)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda bytes_: observe(engine, bytes_), (data, photograph()))
    assert len(first.layers) == len(second.layers) == len(alone.layers)
    for path, layer in alone.layers.items():
        assert np.allclose(first.layers[path].offsets, layer.offsets, atol=1e-4)


def test_an_overtaken_run_computes_nothing(engine, data):
    def stop() -> None:
        raise RuntimeError("overtaken")

    runs = engine.tally.runs
    with pytest.raises(RuntimeError, match="overtaken"):
        observe(engine, data, stop)
    assert engine.tally.runs == runs


def test_refusals(engine):
    with pytest.raises(ImageError):
        observe(engine, b"no picture")
    segmenter = build_engine(preset("scenes_seg"), "random", "cpu")
    with pytest.raises(ConfigError, match="no detector"):
        observe(segmenter, SAMPLES[0].path.read_bytes())
