"""The published preprocessing, against numbers taken from running the original code and against naive loops."""

from math import floor

import numpy as np
import pytest
from PIL import Image

from explorer.config import preset
from explorer.config.protocol import CITYSCAPES, COCO, SCENES_SEGMENTATION, VOC, Fit, protocol_of
from explorer.errors import ImageError
from explorer.inference.geometry import Geometry, geometry
from explorer.inference.preprocess import interpolated, normalise, preprocess, warp

IMAGENET = protocol_of(preset("dla34"))


def affine(place: Geometry) -> list[list[float]]:
    return [[place.scale[0], 0, place.shift[0]], [0, place.scale[1], place.shift[1]]]


@pytest.mark.parametrize(
    ("fit", "width", "height", "expected_input", "expected_affine"),
    [
        (Fit.FIXED, 640, 480, (512, 512), [[0.8, 0, 0], [0, 0.8, 64]]),
        (Fit.FIXED, 500, 375, (512, 512), [[1.024, 0, 0], [0, 1.024, 64]]),
        (Fit.KEPT, 640, 480, (672, 512), [[1, 0, 16], [0, 1, 16]]),
        (Fit.KEPT, 640, 427, (672, 448), [[1, 0, 16], [0, 1, 11]]),
        (Fit.KEPT, 512, 512, (544, 544), [[1, 0, 16], [0, 1, 16]]),
    ],
)
def test_centernet_places_pictures_as_the_original_does(
    fit: Fit, width: int, height: int, expected_input: tuple[int, int], expected_affine: list[list[float]]
) -> None:
    place = geometry(COCO, fit, width, height, max_side=2048)
    assert place.input == expected_input
    np.testing.assert_allclose(affine(place), expected_affine, atol=1e-12)


@pytest.mark.parametrize(
    ("fit", "expected"),
    [(Fit.FIXED, [[5, 0, 0], [0, 5, -80]]), (Fit.KEPT, [[4, 0, -16], [0, 4, -16]])],
)
def test_way_back_from_the_output_map(fit: Fit, expected: list[list[float]]) -> None:
    place = geometry(COCO, fit, 640, 480, max_side=2048)
    points = np.array([[0.0, 0.0], [10.5, 3.25], [127.0, 90.0]])
    np.testing.assert_allclose(
        place.to_image(points, 4), points @ np.array(expected)[:, :2].T + np.array(expected)[:, 2], atol=1e-9
    )


@pytest.mark.parametrize("fit", [Fit.FIXED, Fit.KEPT])
@pytest.mark.parametrize("size", [(640, 480), (333, 1200), (3001, 2000), (31, 32)])
def test_there_and_back(fit: Fit, size: tuple[int, int]) -> None:
    place = geometry(COCO, fit, *size, max_side=1024)
    points = np.array([[0.0, 0.0], [size[0], size[1]], [12.5, 7.0]])
    there = points * np.array(place.scale) + np.array(place.shift)
    np.testing.assert_allclose(place.to_image(there / 4, 4), points, atol=1e-9)
    assert place.input[0] % 32 == place.input[1] % 32 == 0
    assert (there >= -1e-9).all()
    assert (there <= np.array(place.input) + 1e-9).all()


def cv2_bilinear(
    rgb: np.ndarray, scale: float, shift: tuple[float, float], size: tuple[int, int]
) -> np.ndarray:
    """Bilinear sampling pixel by pixel with black outside, in floating point and rounded at the end."""
    height, width = rgb.shape[:2]

    def at(x: int, y: int) -> np.ndarray:
        inside = 0 <= x < width and 0 <= y < height
        return rgb[y, x].astype(float) if inside else np.zeros(3)

    result = np.zeros((size[1], size[0], 3))
    for v in range(size[1]):
        for u in range(size[0]):
            x, y = (u - shift[0]) / scale, (v - shift[1]) / scale
            left, top = floor(x), floor(y)
            a, b = x - left, y - top
            upper = (1 - a) * at(left, top) + a * at(left + 1, top)
            lower = (1 - a) * at(left, top + 1) + a * at(left + 1, top + 1)
            result[v, u] = (1 - b) * upper + b * lower
    return result


@pytest.mark.parametrize(
    ("scale", "shift"), [(0.8, (0.0, 6.5)), (1.0, (3.0, 2.0)), (0.5, (0.25, -3.5)), (2.0, (1.0, 1.0))]
)
def test_warp_is_exact_where_steps_are_32nds(scale: float, shift: tuple[float, float]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (19, 23, 3), np.uint8)
    size = (29, 31)
    expected = cv2_bilinear(rgb, scale, shift, size)
    # 0.8 steps by 1.25 = 40/32: every sample lies on the 32nds that OpenCV rounds to.
    assert np.abs(warp(rgb, (scale, scale), shift, size) - expected).max() <= 0.5 + 1e-9


def test_warp_rounds_positions_to_32nds_otherwise() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (25, 20, 3), np.uint8)
    place = geometry(COCO, Fit.FIXED, 20, 25, 2048)
    scale, shift = place.scale[0] / 16, (place.shift[0] / 16, place.shift[1] / 16)
    got = warp(rgb, (scale, scale), shift, (32, 32))
    # A 64th of a pixel astray in each direction moves a value by at most 255/64 each.
    assert np.abs(got - cv2_bilinear(rgb, scale, shift, (32, 32))).max() <= 2 * 255 / 64 + 0.5


def test_the_frame_of_a_fixed_input_is_black_before_normalising() -> None:
    rgb = np.full((48, 64, 3), 200, np.uint8)
    place = geometry(COCO, Fit.FIXED, 64, 48, 2048)
    planes = preprocess(rgb, COCO, Fit.FIXED, place)
    assert planes.shape == (1, 3, 512, 512)
    assert planes.dtype == np.float32
    for channel in range(3):
        black = -COCO.mean[channel] / COCO.std[channel]
        grey = (200 / 255 - COCO.mean[channel]) / COCO.std[channel]
        assert planes[0, channel, 10, 256] == pytest.approx(black, abs=1e-5)
        assert planes[0, channel, 256, 256] == pytest.approx(grey, abs=1e-5)


def test_centernet_sees_blue_first() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[:, :, 0] = 255
    planes = normalise(red, COCO)
    assert planes[0, 2, 0, 0] == pytest.approx((1 - COCO.mean[2]) / COCO.std[2], abs=1e-5)
    assert planes[0, 0, 0, 0] == pytest.approx(-COCO.mean[0] / COCO.std[0], abs=1e-5)
    assert normalise(red, CITYSCAPES)[0, 0, 0, 0] > normalise(red, CITYSCAPES)[0, 2, 0, 0]


def test_segmentation_pads_by_reflection_around_the_centre() -> None:
    rgb = np.random.default_rng(2).integers(0, 256, (45, 70, 3), np.uint8)
    place = geometry(CITYSCAPES, Fit.PADDED, 70, 45, 2048)
    assert (place.input, place.shift) == ((96, 64), (13.0, 9.0))
    planes = preprocess(rgb, CITYSCAPES, Fit.PADDED, place)
    whole = np.empty((64, 96, 3), np.uint8)
    for v in range(64):
        for u in range(96):
            x, y = u - 13, v - 9
            x = -x if x < 0 else 2 * 69 - x if x > 69 else x
            y = -y if y < 0 else 2 * 44 - y if y > 44 else y
            whole[v, u] = rgb[y, x]
    np.testing.assert_allclose(planes, normalise(whole, CITYSCAPES))


@pytest.mark.parametrize("size", [(64, 32), (192, 192), (1024, 512)])
def test_multiples_of_32_are_left_as_they_are(size: tuple[int, int]) -> None:
    place = geometry(SCENES_SEGMENTATION, Fit.PADDED, *size, max_side=2048)
    assert (place.input, place.shift, place.scale) == (size, (0, 0), (1, 1))


def test_a_single_pixel_can_be_padded() -> None:
    rgb = np.full((1, 1, 3), 9, np.uint8)
    place = geometry(CITYSCAPES, Fit.PADDED, 1, 1, 2048)
    spread = np.full((32, 32, 3), 9, np.uint8)
    padded = preprocess(rgb, CITYSCAPES, Fit.PADDED, place)
    np.testing.assert_allclose(padded, normalise(spread, CITYSCAPES))


def test_imagenet_resizes_the_shorter_side_and_cuts_the_centre() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (375, 500, 3), np.uint8)
    place = geometry(IMAGENET, Fit.CROPPED, 500, 375, 2048)
    resized = Image.fromarray(rgb).resize((341, 256), Image.Resampling.BILINEAR)
    top, left = round((256 - 224) / 2), round((341 - 224) / 2)
    expected = np.asarray(resized)[top : top + 224, left : left + 224]
    np.testing.assert_allclose(preprocess(rgb, IMAGENET, Fit.CROPPED, place), normalise(expected, IMAGENET))


def test_large_pictures_are_computed_reduced() -> None:
    place = geometry(CITYSCAPES, Fit.PADDED, 4000, 3000, max_side=1024)
    assert place.content == (1024, 768)
    assert place.input == (1024, 768)


@pytest.mark.parametrize(
    ("size", "expected"), [((640, 480), (513, 385)), ((300, 500), (308, 513)), ((513, 100), (513, 100))]
)
def test_deeplab_resizes_the_longer_side_up_or_down(size: tuple[int, int], expected: tuple[int, int]) -> None:
    """Sizes by hand: 480 · 513 / 640 = 384.75 and 300 · 513 / 500 = 307.8."""
    place = geometry(VOC, Fit.SCALED, *size, max_side=64)
    assert place.input == place.content == expected
    assert place.shift == (0.0, 0.0)
    corners = place.to_image(np.array([[0.0, 0.0], expected]))
    np.testing.assert_allclose(corners, [[0, 0], size], atol=1e-9)


def test_deeplabs_evaluation_leaves_a_picture_as_it_is() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (37, 53, 3), np.uint8)
    place = geometry(VOC, Fit.OWN, 53, 37, max_side=2048)
    found = preprocess(rgb, VOC, Fit.OWN, place)
    assert found.shape == (1, 3, 37, 53)
    # Blue first, the published means, nothing divided.
    means = np.array([104.008, 116.669, 122.675])[:, None, None]
    np.testing.assert_allclose(found[0], rgb[:, :, ::-1].transpose(2, 0, 1) - means, atol=1e-3)


@pytest.mark.parametrize("size", [(31, 40), (9, 7), (20, 1)])
def test_pictures_are_interpolated_between_pixel_centres(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(4).integers(0, 256, (13, 17, 3), np.uint8)
    found = interpolated(rgb, size)
    assert found.shape == (size[1], size[0], 3)
    for y in range(size[1]):
        for x in range(size[0]):
            v = min(max((y + 0.5) * 13 / size[1] - 0.5, 0), 12)
            u = min(max((x + 0.5) * 17 / size[0] - 0.5, 0), 16)
            top, left = floor(v), floor(u)
            low, right = min(top + 1, 12), min(left + 1, 16)
            upper = rgb[top, left] * (1 - (u - left)) + rgb[top, right] * (u - left)
            lower = rgb[low, left] * (1 - (u - left)) + rgb[low, right] * (u - left)
            np.testing.assert_allclose(found[y, x], upper * (1 - (v - top)) + lower * (v - top), atol=0.501)


def test_a_ribbon_is_refused() -> None:
    with pytest.raises(ImageError, match=r"10000 x 1 pixels; one side may be at most 64 times"):
        geometry(CITYSCAPES, Fit.PADDED, 10000, 1, 2048)
