"""What is known of published checkpoints agrees with the networks, and loads by name from the cache folder."""

import math

import pytest
import torch

from explorer.config import presets
from explorer.config.protocol import COCO_LABELS, VOC_LABELS, ChannelOrder, protocol_of
from explorer.errors import WeightsError
from explorer.networks import build, construct
from explorer.weights import Library, Registry, WeightsKind, load
from explorer.weights.checkpoints import CHECKPOINTS
from explorer.weights.layouts import dead_projections
from explorer.weights.library import FOLDER_VARIABLE, MIRROR_VARIABLE, WEB_VARIABLE, library, shown
from explorer.weights.published import Checksum, Fit, Licence
from tests.weights.fakes import saved
from tests.weights.servers import checkpoint

FITS = [(item, fit) for item in CHECKPOINTS for fit in item.fits]


def names(config):
    return [item.name for item in CHECKPOINTS.for_config(config)]


def test_names_and_files_are_unique():
    items = list(CHECKPOINTS)
    assert len({item.name for item in items}) == len({item.file for item in items}) == len(items)


@pytest.mark.parametrize("item", CHECKPOINTS.items, ids=lambda item: item.name)
def test_an_entry_is_complete(item):
    assert item.page.url.startswith("https://")
    assert all(url.startswith(("https://", "http://dl.yf.io/")) for url in item.urls)
    assert all(len(c.digest) >= 8 and int(c.digest, 16) >= 0 for c in (*item.checksums, *item.twins))
    assert item.usable == bool(item.fits)
    assert item.urls or item.note or item.unfit, "a person is told why there is no address"
    assert "/" not in item.file
    assert ".." not in item.file


@pytest.mark.parametrize(("item", "fit"), FITS, ids=[f"{item.name}-{fit.preset}" for item, fit in FITS])
def test_an_entry_fits_its_network(item, fit):
    config = fit.config()
    assert item in CHECKPOINTS.for_config(config)
    if item.training.task is config.task:
        protocol = protocol_of(config)
        assert protocol.name == item.training.protocol
        assert len(protocol.labels) == item.training.classes


@pytest.mark.parametrize("item", [item for item in CHECKPOINTS if item.usable], ids=lambda item: item.name)
def test_a_computed_size_is_that_of_the_tensors(item):
    state = construct(item.fits[-1].config()).state_dict()
    size = sum((8 if key.endswith("tracked") else 4) * math.prod(value.shape) for key, value in state.items())
    dead = sum(4 * state[key].numel() for key in dead_projections(list(state)))
    assert (
        item.size == pytest.approx(size, rel=0.03)
        or item.size == pytest.approx(size - dead, rel=0.03)
        or (
            item.exact and item.size == pytest.approx(3 * size, rel=0.03)  # with its optimizer
        )
    )


def test_protocols_and_labels_are_those_of_the_training():
    coco = protocol_of(presets()["centernet_dla34"])
    assert (coco.labels, coco.channel_order) == (COCO_LABELS, ChannelOrder.BGR)
    voc = protocol_of(presets()["deeplabv2_resnet101_msc"])
    assert (voc.labels, voc.channel_order) == (VOC_LABELS, ChannelOrder.BGR)
    assert voc.std == (1 / 255,) * 3
    assert protocol_of(presets()["dla34"]).channel_order is ChannelOrder.RGB


def test_licences_that_forbid_or_are_missing_are_marked():
    for item in CHECKPOINTS:
        if item.name.endswith("-detectron2"):
            assert (item.licence.name, item.licence.commercial) == ("CC BY-NC 4.0", False)
        if item.name in ("vovnet39-original", "vovnet57-original"):
            assert not item.licence.stated
    assert not CHECKPOINTS.named("ctdet_coco_dla_2x").licence.stated
    assert CHECKPOINTS.named("ctdet_coco_dla_2x").by_hand


def test_networks_are_offered_what_fits_them_and_their_neighbours():
    assert names(presets()["dla34"]) == ["dla34-original", "dla34-timm"]
    assert names(presets()["deeplabv2_resnet101_msc"]) == ["deeplabv2-vocaug"]
    assert names(presets()["deeplabv2s_resnet101_msc"]) == []
    assert names(presets()["dla34up"]) == []
    near = {item.name: fit for item, fit in CHECKPOINTS.for_neighbours(presets()["deeplabv2_resnet101_msc"])}
    assert set(near) == {"deeplabv2-cocostuff164k", "deeplabv2-cocostuff10k"}
    stuff = near["deeplabv2-cocostuff164k"]
    assert stuff.changes == "classes: 182"
    assert names(stuff.config()) == ["deeplabv2-cocostuff164k", "deeplabv2-cocostuff10k"]


@pytest.fixture
def shelf(tmp_path):
    """A library of one small checkpoint, which lies in its folder."""
    content = saved(build("dla46_c", seed=5).state_dict())
    item = checkpoint(
        content, "http://nowhere.invalid", name="dla46_c-test", file="a.pth", fits=(Fit("dla46_c"),),
        licence=Licence("CC BY-NC 4.0", "No money.", commercial=False),
    )  # fmt: skip
    (tmp_path / "a.pth").write_bytes(content)
    return Library(Registry((item,)), tmp_path)


@pytest.mark.parametrize("source", ["published", "dla46_c-test", "dla46_c"])
def test_published_weights_load_by_name(shelf, source):
    network = build("dla46_c", seed=1)
    info = load(network, source, shelf)
    assert (info.kind, info.title, info.commercial) == (WeightsKind.PUBLISHED, "A test file", False)
    expected = build("dla46_c", seed=5).state_dict()
    assert all(torch.equal(value, expected[key]) for key, value in network.state_dict().items())


def test_what_is_not_at_hand_says_how_to_get_it(shelf):
    (shelf.folder / "a.pth").unlink()
    for source in ("published", "dla46_c-test", "dla46_c"):
        with pytest.raises(WeightsError, match=r"fetch it .* python -m explorer fetch dla46_c-test"):
            load(build("dla46_c"), source, shelf)
    with pytest.raises(WeightsError, match="No weights are published for dla60"):
        load(build("dla60", device="meta"), "published", shelf)
    with pytest.raises(WeightsError, match="no weights file named 'nothing'"):
        load(build("dla46_c"), "nothing", shelf)


def test_a_file_under_a_published_name_must_be_the_published_one(shelf):
    (shelf.folder / "a.pth").write_bytes(saved(build("dla46_c", seed=6).state_dict()))
    with pytest.raises(WeightsError, match="its checksum is another"):
        load(build("dla46_c"), "published", shelf)


def test_a_file_larger_than_published_is_not_even_read(shelf):
    with (shelf.folder / "a.pth").open("ab") as file:
        file.write(bytes(99))
    assert not shelf.has(shelf.registry.items[0])
    with pytest.raises(WeightsError, match="not at hand"):
        load(build("dla46_c"), "published", shelf)


def test_a_file_without_a_checksum_says_so(shelf):
    bare = Library(Registry((checkpoint(
        b"", "http://nowhere.invalid", fits=(Fit("dla46_c"),), file="a.pth", checksums=(), size=5_300_000, exact=False
    ),)), shelf.folder)  # fmt: skip
    assert "No checksum was published" in load(build("dla46_c"), "published", bare).note


def test_networks_of_equal_keys_are_told_apart_by_their_modules(shelf):
    item = checkpoint(b"", "http://nowhere.invalid", fits=(Fit("deeplabv2_resnet101_msc"),))
    books = Library(Registry((item,)), shelf.folder)
    with pytest.raises(WeightsError, match="not at hand"):
        load(construct("deeplabv2_resnet101_msc"), "published", books)
    with pytest.raises(WeightsError, match="No weights are published for deeplabv2s_resnet101_msc"):
        load(construct("deeplabv2s_resnet101_msc"), "published", books)


def test_a_checkpoint_of_another_network_is_refused_by_name():
    with pytest.raises(WeightsError, match="does not belong to dla34: it is for dla60"):
        library({}).choose(presets()["dla34"], "dla60-timm")


def test_the_environment_sets_folder_mirror_and_web(tmp_path, monkeypatch):
    default = library({"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)})
    assert default.folder.parts[-2:] == ("layer-aggregation-explorer", "weights")
    assert default.web
    books = library(
        {FOLDER_VARIABLE: str(tmp_path), MIRROR_VARIABLE: "http://mirror/x/", WEB_VARIABLE: "off"}
    )
    assert (books.folder, books.web) == (tmp_path, False)
    item = CHECKPOINTS.named("dla34-original")
    assert books.urls(item) == ("http://mirror/x/dla34-ba72cf86.pth", *item.urls)
    with pytest.raises(WeightsError, match="http://"):
        library({MIRROR_VARIABLE: "file:///etc"})
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert shown(tmp_path) == f"the folder that {FOLDER_VARIABLE} names"


def test_checksums_know_whether_they_are_whole():
    assert Checksum("sha256", "0" * 64).whole
    assert not Checksum("sha256", "0" * 8).whole
    assert Checksum("sha384", "a" * 96).whole
