"""A first look can be read: in a window 1440 pixels wide its smallest text is at least nine pixels high."""

import pytest

from explorer.config import presets
from explorer.graph import trace
from explorer.graph.layout import layout
from explorer.graph.layout_place import zoom
from explorer.graph.layout_size import FRAME_FONT, LABEL_FONT, SUBTITLE_FONT, TITLE_FONT
from explorer.graph.view import view
from explorer.graph.view_model import Style

LEAST = 9.0
NODES = {Style.PAPER: 9, Style.MODULES: 9}


@pytest.mark.parametrize("style", [Style.PAPER, Style.MODULES])
@pytest.mark.parametrize("name", sorted(presets()))
def test_a_first_look_can_be_read(name, style):
    config = presets()[name]
    shown = view(trace(config, config.default_input), style)
    found = layout(shown)
    smallest = min(FRAME_FONT, LABEL_FONT, SUBTITLE_FONT, TITLE_FONT)
    # Lanes above a row may cost a few per cent more than was reserved for them.
    assert smallest * zoom(found.width, found.height) >= 0.97 * LEAST
    assert len(shown.nodes) > NODES[style]
