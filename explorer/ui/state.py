"""The one current network, as the URL carries it: ``?model=…`` or ``?config=…``, ``size``, ``weights``,
``checkpoint``, ``device``.

Everything here comes from a stranger: it is looked up, bounded and validated before it costs anything, and what
cannot be used is replaced by a default with a sentence that says so. Imports no torch.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlencode

import streamlit as st

from explorer.config import ModelConfig, preset, preset_name
from explorer.config.model import MAX_YAML_CHARACTERS
from explorer.errors import ConfigError, WeightsError
from explorer.weights import Published, WeightsKind, library, shipped

DEFAULT_MODEL = "dla34"
MIN_SIDE, MAX_SIDE = 32, 2048
MAX_CONFIG_CHARACTERS = 8192
AUTO_DEVICE = "auto"
"""No device was asked for: whoever runs something takes the best one there is."""

PageName = Literal["catalog", "concepts", "build", "graph", "layers", "connectivity", "predict", "compare"]

_KEYS = ("model", "config", "size", "weights", "checkpoint", "device")
_SIZE = re.compile(r"(\d{1,5})(?:[xX×*,](\d{1,5}))?")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Current:
    """The network that every page is about.

    ``size`` is (height, width) in pixels; ``weights`` a WeightsKind's value; ``device`` a torch device's name or
    ``auto``; ``preset`` the name in the catalog, None for a visitor's own network; ``notices`` are sentences about
    what the URL asked for in vain. ``checkpoint`` says which published weights, None the first that are at hand.
    """

    config: ModelConfig
    size: tuple[int, int]
    weights: str
    device: str = AUTO_DEVICE
    preset: str | None = None
    notices: tuple[str, ...] = ()
    checkpoint: str | None = None

    @property
    def title(self) -> str:
        """What to call the network."""
        return self.preset or self.config.title

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """(N, C, H, W) of one image."""
        return (1, self.config.backbone.input_channels, *self.size)

    @property
    def published(self) -> Published | None:
        """The published checkpoint that is asked for, at hand or not; None for other weights."""
        if self.weights != WeightsKind.PUBLISHED:
            return None
        return library().choose(self.config, self.checkpoint)


def current() -> Current:
    """The current network, read from the URL of this run."""
    return read(st.query_params.to_dict())


def read(query: Mapping[str, str]) -> Current:
    """What a query says, with defaults and notices for what it does not say, or says wrongly."""
    notices: list[str] = []
    config = _config(query, notices)
    size = _size(query.get("size"), config, notices)
    weights = _weights(query.get("weights"), config, notices)
    device = query.get("device", AUTO_DEVICE)
    if not _DEVICE.fullmatch(device):
        notices.append(f"{_shown(device)} is not a device: use cpu or cuda:0. The best one here is taken.")
        device = AUTO_DEVICE
    checkpoint = _checkpoint(query.get("checkpoint"), config, weights, notices)
    return Current(config, size, weights, device, preset_name(config), tuple(notices), checkpoint)


def query(state: Current) -> dict[str, str]:
    """The parameters that lead back to a state, without those that say what is the default anyway."""
    config = state.config
    parameters = {"model": state.preset} if state.preset else {"config": encode(config)}
    if state.size != config.default_input[2:]:
        parameters["size"] = f"{state.size[0]}x{state.size[1]}"
    if state.weights != default_weights(config):
        parameters["weights"] = state.weights
    if state.checkpoint is not None:
        parameters["checkpoint"] = state.checkpoint
    if state.device != AUTO_DEVICE:
        parameters["device"] = state.device
    return parameters


def changed(
    state: Current,
    *,
    model: str | ModelConfig | None = None,
    size: tuple[int, int] | None = None,
    weights: str | None = None,
    checkpoint: str | None = None,
    device: str | None = None,
) -> Current:
    """A state with other values; another network starts at its own default size and weights.

    ``checkpoint`` belongs to the ``weights`` that it is given with.
    """
    if model is not None:
        config = preset(model) if isinstance(model, str) else model
        if config.digest != state.config.digest:
            state = replace(
                state, size=config.default_input[2:], weights=default_weights(config), checkpoint=None
            )
        state = replace(state, config=config, preset=preset_name(config))
    return replace(
        state,
        size=size or state.size,
        weights=weights or state.weights,
        checkpoint=checkpoint if weights else state.checkpoint,
        device=device or state.device,
        notices=(),
    )


def apply(state: Current, **extra: str | None) -> None:
    """Write a state into the URL; parameters that pages keep there for themselves stay.

    ``extra`` are such parameters, None for one to remove. All change at once: the back button takes one step.
    """
    before = st.query_params.to_dict()
    kept = {key: value for key, value in before.items() if key not in _KEYS and key not in extra}
    after = kept | query(state) | {key: value for key, value in extra.items() if value is not None}
    if after != before:
        st.query_params.from_dict(after)


def link(page: PageName, state: Current | None = None, **extra: str) -> str:
    """The URL, from the server's root, of a page about a state (the current one); ``extra`` adds parameters."""
    path = "/" if page == "catalog" else f"/{page}"
    return f"{path}?{urlencode(query(state or current()) | extra)}"


def encode(config: ModelConfig) -> str:
    """A configuration as URL-safe text: Base64 of its zlib-compressed YAML, without padding."""
    packed = zlib.compress(config.to_yaml().encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode(text: str) -> ModelConfig:
    """What ``encode`` wrote; raises ConfigError for anything else, however small it claims to be."""
    if len(text) > MAX_CONFIG_CHARACTERS:
        raise ConfigError(
            f"The link's configuration has {len(text):,} characters, but at most {MAX_CONFIG_CHARACTERS:,} are read."
        )
    try:
        packed = base64.b64decode(
            text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
        )
        # Bounded while it unpacks: a few kilobytes of zlib can claim gigabytes.
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(packed, MAX_YAML_CHARACTERS + 1)
        if len(plain) > MAX_YAML_CHARACTERS:
            raise ConfigError(f"The link's configuration is longer than {MAX_YAML_CHARACTERS:,} characters.")
        if not unpacker.eof:
            raise ConfigError("The link's configuration is incomplete: copy the whole address.")
        yaml = plain.decode()
    except (binascii.Error, UnicodeError, zlib.error) as error:
        raise ConfigError("The link's configuration cannot be read: copy the whole address.") from error
    return ModelConfig.from_yaml(yaml)


def default_weights(config: ModelConfig) -> str:
    """Shipped weights where a network has them, random ones otherwise."""
    return (WeightsKind.SHIPPED if has_shipped_weights(config) else WeightsKind.RANDOM).value


def has_shipped_weights(config: ModelConfig) -> bool:
    """Whether weights for this network came with the explorer."""
    return shipped(config) is not None


def fitting_size(text: str, config: ModelConfig) -> tuple[int, int]:
    """Read ``HxW`` or one side of a square; raises ConfigError that states the rule."""
    found = _SIZE.fullmatch(text.strip())
    step = config.size_step
    rule = f"use height x width from {MIN_SIDE} to {MAX_SIDE}" + (
        f", in multiples of {step}" if step > 1 else ""
    )
    if not found:
        raise ConfigError(f"{_shown(text)} is not a size: {rule}, such as 512x512.")
    height = int(found[1])
    width = int(found[2] or found[1])
    for side in (height, width):
        if not MIN_SIDE <= side <= MAX_SIDE or side % step:
            raise ConfigError(f"{height}×{width} is not a size for this network: {rule}.")
    return height, width


def _config(query: Mapping[str, str], notices: list[str]) -> ModelConfig:
    if "config" in query:
        try:
            return decode(query["config"])
        except ConfigError as error:
            notices.append(
                f"{error} {DEFAULT_MODEL if 'model' not in query else 'The preset'} is shown instead."
            )
    try:
        return preset(query.get("model", DEFAULT_MODEL))
    except ConfigError as error:
        notices.append(f"{error} {DEFAULT_MODEL} is shown instead.")
        return preset(DEFAULT_MODEL)


def _size(text: str | None, config: ModelConfig, notices: list[str]) -> tuple[int, int]:
    default = config.default_input[2:]
    if text is None:
        return default
    try:
        return fitting_size(text, config)
    except ConfigError as error:
        notices.append(f"{error} {default[0]}×{default[1]} is used instead.")
        return default


def _weights(text: str | None, config: ModelConfig, notices: list[str]) -> str:
    default = default_weights(config)
    if text is None:
        return default
    if text not in {kind.value for kind in WeightsKind}:
        allowed = ", ".join(WeightsKind)
        notices.append(
            f"{_shown(text)} is not a kind of weights: use one of {allowed}. {default} is used instead."
        )
        return default
    if text == WeightsKind.SHIPPED and not has_shipped_weights(config):
        notices.append("No weights are shipped for this network: it runs with random ones.")
        return WeightsKind.RANDOM.value
    if text == WeightsKind.PUBLISHED and not library().registry.for_config(config):
        notices.append(f"No weights are published for this network: it runs with {default} ones.")
        return default
    return text


def _checkpoint(text: str | None, config: ModelConfig, weights: str, notices: list[str]) -> str | None:
    if text is None or weights != WeightsKind.PUBLISHED:
        return None
    try:
        return library().choose(config, text).name
    except WeightsError as error:
        notices.append(f"{error} Another published checkpoint is taken.")
        return None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
