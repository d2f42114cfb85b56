"""One door to all formats: from a traced network and a view of it to a file's bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from explorer.config import ModelConfig
from explorer.exports.formats import Format
from explorer.graph.layer_graph import LayerGraph
from explorer.graph.layout_model import Layout
from explorer.graph.view_model import View

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.exports.pdf import Page
    from explorer.exports.scene_model import Paper, Scene
    from explorer.weights.info import WeightsInfo


@dataclass(frozen=True)
class Look:
    """How pictures are drawn: on what, on which page (PDF), with how many pixels to a unit (PNG)."""

    paper: Paper | str = "white"
    page: Page | str = "own"
    scale: float = 2.0


@dataclass(frozen=True)
class Exports:
    """What can be made of a network without its weights. ``place`` lays the view out, when that is needed."""

    config: ModelConfig
    graph: LayerGraph
    view: View
    place: Callable[[], Layout]
    look: Look = Look()

    def content(self, form: Format) -> bytes:
        """The file of that format. Raises ValueError for the formats that hold weights, see ``write_network``."""
        from explorer.exports import dot, mermaid, model_explorer, pdf, svg

        match form:
            case Format.SVG:
                return svg.to_svg(self.scene).encode()
            case Format.PDF:
                return pdf.to_pdf(self.scene, self.look.page)
            case Format.PNG:
                return pdf.to_png(self.scene, self.look.scale)
            case Format.DOT:
                return dot.to_dot(self.view).encode()
            case Format.MERMAID:
                return mermaid.to_mermaid(self.view).encode()
            case Format.JSON:
                return self.graph.to_json().encode()
            case Format.MODEL_EXPLORER:
                return model_explorer.to_model_explorer(self.graph).encode()
            case Format.SCRIPT:
                from explorer.exports.script import to_script

                return to_script(self.config).encode()
            case Format.YAML:
                return self.config.to_yaml().encode()
            case Format.ONNX | Format.WEIGHTS:
                raise ValueError(f"{form} needs the network's weights")

    @cached_property
    def scene(self) -> Scene:
        """The picture of the view."""
        from explorer.exports.scene import picture

        return picture(self.view, self.place(), self.graph, self.look.paper)


def write_network(
    form: Format,
    config: ModelConfig,
    graph: LayerGraph,
    state: Mapping[str, Tensor],
    weights: WeightsInfo,
    file: BinaryIO,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write the network with its weights, ONNX or safetensors; ``progress`` is told the share that is written.

    Raises ExportError for what the format cannot hold, and ValueError for other formats.
    """
    if form is Format.ONNX:
        from explorer.exports.onnx import onnx_model
        from explorer.exports.onnx_wire import write

        write(onnx_model(config, graph, state, weights), file, progress)
    elif form is Format.WEIGHTS:
        from explorer.exports.safetensors import write_weights

        write_weights(config, state, weights, file, progress)
    else:
        raise ValueError(f"{form} holds no weights")


def network_bytes(form: Format, graph: LayerGraph) -> int:
    """About how large a file with weights will be: four bytes a parameter, of which ONNX leaves out dead ones."""
    totals = graph.totals
    return 4 * (totals.live_parameters if form is Format.ONNX else totals.parameters)
