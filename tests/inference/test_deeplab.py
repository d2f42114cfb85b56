"""The whole way through DeepLab: a picture's bytes in, a mask in its own pixels out, or a sentence."""

import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from explorer.config import ModelConfig
from explorer.config.protocol import Fit
from explorer.errors import ConfigError, ImageError
from explorer.inference import predict
from explorer.runtime import engine_for
from explorer.runtime.engine import Engine

SMALL = "backbone: {kind: resnet, blocks: [1, 1, 1, 1], channels: [16, 16, 32, 32], output_stride: 8}\n"
HEADS = {
    "v1": "head: {kind: deeplab, variant: v1}",
    "v2": "head: {kind: deeplab, variant: v2, rates: [6, 12], multi_scale: true}",
    "v3plus": "head: {kind: deeplab, variant: v3plus, rates: [6, 12], multi_scale: true}",
}


def engine(head: str) -> Engine:
    return engine_for(ModelConfig.from_yaml(SMALL + HEADS[head]), "random", "cpu", None)


def picture(width: int, height: int) -> tuple[np.ndarray, bytes]:
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return pixels, buffer.getvalue()


@pytest.mark.parametrize("head", HEADS)
def test_the_published_evaluation_step_by_step(head: str) -> None:
    used = engine(head)
    pixels, data = picture(75, 58)
    found = predict(used, data, fit=Fit.OWN)
    blue_first = torch.from_numpy(pixels[:, :, ::-1].astype(np.float32)) - torch.tensor(
        [104.008, 116.669, 122.675]
    )
    with torch.inference_mode():
        logits = used.network(blue_first.permute(2, 0, 1)[None])
        whole = F.interpolate(logits, size=(58, 75), mode="bilinear", align_corners=False)
    expected = whole.softmax(1).argmax(1)[0].numpy()
    assert found.mask is not None
    assert found.mask.shape == (58, 75)
    # Two classes may be as good as equal somewhere.
    assert (found.mask == expected).mean() > 0.999


@pytest.mark.parametrize("size", [(40, 30), (30, 40), (700, 12)])
def test_the_demonstration_answers_in_the_pictures_own_pixels(size: tuple[int, int]) -> None:
    found = predict(engine("v1"), picture(*size)[1])
    assert max(found.geometry.input) == 513
    assert found.mask is not None
    assert found.mask.shape == (size[1], size[0])


@pytest.mark.parametrize("size", [(1, 1), (60, 1)])
def test_a_picture_that_vanishes_at_a_scale_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match="both sides must have at least 2 pixels"):
        predict(engine("v2"), picture(*size)[1], fit=Fit.OWN)
    assert predict(engine("v2"), picture(60, 2)[1], fit=Fit.OWN).mask is not None


def test_a_network_without_a_head_is_refused() -> None:
    headless = ModelConfig.from_yaml(SMALL + "head: {kind: features}")
    with pytest.raises(ConfigError, match="no head"):
        predict(engine_for(headless, "random", "cpu", None), picture(40, 30)[1])
