"""Published weights in a real browser: from the menu into the cache folder, and into use on every page."""

import re

import pytest
from playwright.sync_api import expect

from explorer.networks import build
from explorer.weights.library import FOLDER_VARIABLE, MIRROR_VARIABLE
from tests.browser.conftest import serve
from tests.weights.fakes import saved
from tests.weights.servers import Behaviour, serving


@pytest.fixture
def fresh_server(tmp_path, monkeypatch):
    """A server with an empty cache folder and a mirror on this machine, which cuts the first connection."""
    state = build("vovnet19_slim_dw_ese").state_dict()
    content = saved({key: value for key, value in state.items() if not key.endswith("tracked")})
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))
    with serving(Behaviour(content, cuts=1)) as mirror:
        monkeypatch.setenv(MIRROR_VARIABLE, mirror)
        with serve(tmp_path / "log.txt") as url:
            yield url


def test_weights_are_fetched_and_used_and_their_terms_stay_in_sight(
    fresh_app, fresh_server, settled, tmp_path
):
    page = fresh_app
    page.goto(f"{fresh_server}/layers?model=vovnet19_slim_dw_ese")
    settled(page)
    menu = page.locator(".st-key-strip-weights button")
    menu.click()
    card = page.locator("[class*=st-key-weights-card]")
    expect(card).to_contain_text("CC BY-NC 4.0")
    card.get_by_role("button", name="Fetch about 5.6 MB").click()
    use = page.get_by_role("button", name="Use it")
    expect(use).to_be_visible()
    assert (tmp_path / "weights" / "vovnet19_ese_slim_dw_detectron2.pth").is_file()
    page.keyboard.press("Escape")
    use.click()
    expect(menu).to_have_text(re.compile("Published: non-commercial"))
    expect(page).to_have_url(re.compile("weights=published"))
    page.get_by_role("link", name="Graph").click()
    expect(page).to_have_url(re.compile(r"/graph\?.*weights=published"))
    expect(menu).to_have_text(re.compile("Published: non-commercial"))
