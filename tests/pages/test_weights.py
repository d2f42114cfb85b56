"""The strip's weights menu without a browser: what is offered, fetched from localhost, and used."""

import time

import pytest

from explorer.networks import build
from explorer.ui import fetching
from explorer.weights import Registry, library
from explorer.weights.library import FOLDER_VARIABLE, MIRROR_VARIABLE, WEB_VARIABLE
from tests.weights.fakes import saved
from tests.weights.servers import Behaviour, serving

NAME = "vovnet19_slim_dw_ese-detectron2"
FILE = "vovnet19_ese_slim_dw_detectron2.pth"
QUERY = {"model": "vovnet19_slim_dw_ese", "device": "cpu"}
PATIENCE = 60
"""Seconds; two cores that also run other tests are slow."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache folder of the test's own, and fetches that know no other."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    fetching.downloads.clear()
    yield tmp_path
    fetching.downloads.clear()


def content():
    state = build("vovnet19_slim_dw_ese").state_dict()
    return saved({key: value for key, value in state.items() if not key.endswith("tracked")})


def said(page):
    texts = (*page.markdown, *page.caption, *page.warning, *page.error, *page.success)
    return " ".join(element.value for element in texts)


def button(page, key):
    return page.button(key=key)


def has_button(page, key):
    return any(found.key == key for found in page.button)


def run_until(page, done):
    deadline = time.monotonic() + PATIENCE
    while not done(page):
        assert time.monotonic() < deadline, said(page)
        page.run()
        assert not page.exception, page.exception
    return page


def test_terms_are_seen_before_fetching(open_page, folder):
    page = open_page("layers", **QUERY)
    assert button(page, f"weights-fetch-card-{NAME}").label == "Fetch about 5.6 MB"
    assert "CC BY-NC 4.0: non-commercial" in said(page)


def test_a_person_fetches_and_uses_published_weights(open_page, folder, monkeypatch):
    with serving(Behaviour(content())) as url:
        monkeypatch.setenv(MIRROR_VARIABLE, url)
        page = open_page("layers", **QUERY)
        button(page, f"weights-fetch-card-{NAME}").click().run()
        run_until(page, lambda page: has_button(page, f"fetch-use-{NAME}"))
    assert (folder / FILE).is_file()
    button(page, f"fetch-use-{NAME}").click().run()
    assert page.query_params["weights"] == "published"
    assert page.query_params["checkpoint"] == NAME
    assert not has_button(page, f"weights-fetch-card-{NAME}")
    assert not has_button(page, f"fetch-use-{NAME}")


def test_a_fetch_can_be_stopped(open_page, folder, monkeypatch):
    behaviour = Behaviour(content(), slow=True)
    with serving(behaviour) as url:
        monkeypatch.setenv(MIRROR_VARIABLE, url)
        page = open_page("layers", **QUERY)
        button(page, f"weights-fetch-card-{NAME}").click().run()
        run_until(page, lambda page: has_button(page, f"fetch-stop-{NAME}"))
        button(page, f"fetch-stop-{NAME}").click().run()
        assert not has_button(page, f"fetch-stop-{NAME}")
        behaviour.hold.set()
    assert not (folder / FILE).exists()


def test_a_link_to_weights_that_are_not_here_offers_them(open_page, folder):
    page = open_page("layers", **QUERY, weights="published")
    assert "not here yet" in page.warning[0].value
    assert has_button(page, f"weights-fetch-below-{NAME}")


def test_a_link_to_weights_that_are_here_uses_them(open_page, folder):
    state = build("dla46x_c", seed=3).state_dict()
    (folder / "dla46x_c-d761bae7.pth").write_bytes(b"not a checkpoint")
    (folder / "timm-dla46x_c.in1k.safetensors").write_bytes(saved(state))
    page = open_page(
        "predict", model="dla46x_c", weights="published", checkpoint="dla46x_c-timm", device="cpu"
    )
    assert not page.error, page.error
    assert "66.01 % top-1" in said(page)
    assert "BSD 3-Clause. As tagged on Hugging Face" in said(page)
    broken = open_page(
        "predict", model="dla46x_c", weights="published", checkpoint="dla46x_c-original", device="cpu"
    )
    assert "neither a safetensors file nor a PyTorch checkpoint" in broken.error[0].value


def test_what_only_a_browser_gets_is_explained(open_page, folder):
    page = open_page("layers", model="centernet_dla34", weights="published")
    assert "drive.google.com" in said(page)
    assert not has_button(page, "weights-fetch-card-ctdet_coco_dla_2x")


def test_a_deployment_without_fetching_offers_no_button(open_page, folder, monkeypatch):
    monkeypatch.setenv(WEB_VARIABLE, "off")
    page = open_page("layers", **QUERY)
    assert not has_button(page, f"weights-fetch-card-{NAME}")
    assert FILE.replace("_", r"\_") in said(page)


def test_a_neighbour_with_published_weights_is_one_click_away(open_page, folder):
    page = open_page("layers", model="deeplabv2_resnet101_msc")
    button(page, "weights-neighbour-deeplabv2-cocostuff164k").click().run()
    assert not page.exception
    assert "config" in page.query_params
    assert has_button(page, "weights-fetch-card-deeplabv2-cocostuff164k")


def test_predict_waits_for_weights_that_are_not_here(open_page, folder):
    page = open_page("predict", **QUERY | {"model": "dla46x_c"}, weights="published")
    assert not page.error
    assert "Fetch the weights" in page.info[0].value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (content()[:-900], "damaged or cut short"),
        (saved({"a": print}), "asks to run"),
        (b"GIF89a" + bytes(60), "neither a safetensors file nor"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_where_it_is_chosen(open_page, folder, data, reason):
    page = open_page("layers", **QUERY)
    page.file_uploader[0].upload("mine.pth", data, "application/octet-stream").run()
    assert not page.exception, page.exception
    assert reason in page.error[0].value
    assert "mine.pth" in page.error[0].value
    assert "weights" not in page.query_params


def test_a_published_file_from_ones_own_disk_is_called_by_its_name(open_page, folder, monkeypatch):
    item = library().registry.named(NAME)
    monkeypatch.setattr(Registry, "with_digests", lambda self, digests: item)
    page = open_page("layers", **QUERY)
    page.file_uploader[0].upload("mine.pth", content(), "application/octet-stream").run()
    assert page.query_params["weights"] == "own"
    chosen = next(radio for radio in page.radio if radio.label == "Run with")
    assert f"mine.pth is the published file of {item.title}" in chosen.proto.captions[-1].replace("\\", "")
    assert "not for commercial use" in chosen.proto.captions[-1]
