"""A state dict as a safetensors file, one tensor at a time.

Format: eight bytes with the header's length, a JSON header with every tensor's type, shape and place, the values.
The ``safetensors`` package, which reads these files here, writes them only from all tensors in memory at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, BinaryIO

from explorer.config import ModelConfig
from explorer.weights.info import WeightsInfo

if TYPE_CHECKING:
    from torch import Tensor

_TYPES = {"float32": "F32", "int64": "I64"}
_ALIGNMENT = 8


def write_weights(
    config: ModelConfig,
    state: Mapping[str, Tensor],
    weights: WeightsInfo,
    file: BinaryIO,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write every tensor of ``state``, float32 or int64, with what is known of the weights as metadata."""
    header: dict[str, object] = {
        "__metadata__": {
            "format": "pt",
            "configuration": config.to_yaml(),
            "title": weights.title,
            "source": weights.source,
            "licence": weights.licence,
        }
    }
    end = 0
    for key, tensor in state.items():
        begin, end = end, end + tensor.numel() * tensor.element_size()
        kind = _TYPES[str(tensor.dtype).removeprefix("torch.")]
        header[key] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    file.write(len(text).to_bytes(8, "little") + text)
    written = 0
    for tensor in state.values():
        written += file.write(tensor.detach().cpu().contiguous().numpy().tobytes())
        if progress is not None:
            progress(written / max(1, end))
