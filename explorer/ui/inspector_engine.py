"""The current network for the inspector, and what it has computed lately. Imports torch only to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explorer.runtime.recent import Recent
from explorer.ui import state, weights_control
from explorer.ui.predict_run import engines
from explorer.weights import WeightsKind

if TYPE_CHECKING:
    from explorer.inference.effective_field import EffectiveField
    from explorer.inference.inside import FeatureMaps
    from explorer.runtime.engine import Engine

MAX_KEPT_BYTES = 192 * 2**20

Key = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class FullMap:
    """One channel's map, (H, W) float32."""

    values: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory that the map takes."""
        return self.values.nbytes


@st.cache_resource(show_spinner=False)
def kept_fields() -> Recent[Key, EffectiveField]:
    """Effective receptive fields, shared by all visitors."""
    return Recent(MAX_KEPT_BYTES // 4)


@st.cache_resource(show_spinner=False)
def kept_maps() -> Recent[Key, FeatureMaps]:
    """Feature maps, shared by all visitors."""
    return Recent(MAX_KEPT_BYTES // 2)


@st.cache_resource(show_spinner=False)
def kept_channels() -> Recent[Key, FullMap]:
    """Single channels in full, shared by all visitors."""
    return Recent(MAX_KEPT_BYTES // 4)


def engine_of(here: state.Current) -> Engine:
    """The shared engine of the current network; raises BudgetError or WeightsError."""
    return engines().engine_for(here.config, here.weights, here.device, weights_control.source(here))


def identity(here: state.Current) -> Key:
    """What a network's numbers depend on: itself, its weights, its input's size, the device."""
    return here.config.digest, weights_control.identity(here), here.device, *here.size


def weights_remark(here: state.Current) -> str:
    """A sentence where the weights have learned nothing."""
    if here.weights == WeightsKind.RANDOM:
        return "Random weights: this is what the architecture does before it has learned anything."
    return ""
