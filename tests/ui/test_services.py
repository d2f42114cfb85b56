"""What visitors share carries nobody's own words."""

from explorer.config import resolve
from explorer.ui.services import graph_of


def test_a_graph_has_the_name_that_everybody_knows():
    """The first visitor's name for a network must not become the next one's."""
    dla34 = resolve("dla34")
    size = (224, 224)
    unnamed = dla34.model_copy(update={"name": None})
    mine = dla34.model_copy(update={"name": "mine"})
    assert graph_of(mine, size).name == graph_of(unnamed, size).name == graph_of(dla34, size).name == "dla34"
    levels = dla34.backbone.model_copy(update={"levels": (1, 1, 1, 2, 1, 1)})
    other = dla34.model_copy(update={"backbone": levels, "name": "secret"})
    assert graph_of(other, size).name == f"custom-dla-{other.digest[:6]}"
