"""Run the current network on a picture: shared engines, answers kept, waiting shown. Imports torch only to run."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import streamlit as st

from explorer.config.protocol import Fit, protocol_of
from explorer.errors import ExplorerError
from explorer.inference import Prediction, predict
from explorer.inference.geometry import geometry
from explorer.inference.open_image import open_image
from explorer.runtime import EnginePool
from explorer.runtime.recent import Recent
from explorer.ui import weights_control
from explorer.ui.plain import plain
from explorer.ui.predict_source import Picture
from explorer.ui.state import Current
from explorer.weights import MismatchError

MAX_ENGINES = 3
MAX_ANSWER_BYTES = 512 * 2**20
LONGEST_SIDES = (512, 768, 1024, 1536, 2048)

AnswerKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a picture is brought to size."""

    fit: Fit
    max_side: int


@dataclass(frozen=True, eq=False)
class Answer:
    """A prediction and where it was computed.

    ``runs`` counts the engine's runs so far, all visitors' together; equal ``key`` means equal predictions.
    """

    prediction: Prediction
    device: str
    runs: int
    key: AnswerKey

    @property
    def nbytes(self) -> int:
        """Memory that the answer takes."""
        return self.prediction.nbytes


@st.cache_resource(show_spinner=False)
def engines() -> EnginePool:
    """The engines of this process, shared by all visitors."""
    return EnginePool(MAX_ENGINES)


@st.cache_resource(show_spinner=False)
def answers() -> Recent[AnswerKey, Answer]:
    """What was computed lately: going back to a picture, or to another tab, computes nothing."""
    return Recent(MAX_ANSWER_BYTES)


def settings(here: Current) -> Settings:
    """Draw the control for the computed size, where the protocol leaves a choice."""
    protocol = protocol_of(here.config)
    fit, max_side = protocol.fit, 1024
    if protocol.fits == (Fit.CROPPED,):
        return Settings(fit, max_side)
    with st.popover("Computed size", icon=":material/tune:"):
        if len(protocol.fits) > 1:
            fit = st.radio(
                "Picture",
                list(protocol.fits),
                format_func=lambda fit: _FIT_TITLES[fit].format(side=protocol.size),
                key="predict-fit",
            )
        if fit in (Fit.KEPT, Fit.PADDED, Fit.OWN):
            max_side = st.select_slider(
                "Longer side at most, pixels",
                LONGEST_SIDES,
                1024,
                key="predict-side",
                help="Larger pictures are computed reduced. Results are in the picture's own pixels all the same.",
            )
    return Settings(fit, int(max_side))


_FIT_TITLES = {
    Fit.FIXED: "Fitted into {side}×{side}",
    Fit.KEPT: "Kept at its own size",
    Fit.PADDED: "Padded to a multiple of 32",
    Fit.SCALED: "Longer side resized to {side}, the published demonstration",
    Fit.OWN: "At its own size, the published evaluation",
    Fit.CROPPED: "Centre crop",
}


def run(
    here: Current, picture: Picture, chosen: Settings, slot: st.delta_generator.DeltaGenerator
) -> Answer | None:
    """The answer for a picture, from what was kept or by running the network; None after showing what is wrong.

    ``slot`` shows the waiting. A visitor's newer click ends this run at the next Streamlit call, the last of
    which comes when it is its turn on the engine: a run that has been overtaken computes nothing.
    """
    if weights_control.missing(here):
        slot.info("Fetch the weights, or choose others, to see an answer.", icon=":material/cloud_download:")
        return None
    source = weights_control.source(here)
    key = (
        sha256(picture.data).hexdigest(),
        here.config.digest,
        weights_control.identity(here),
        here.device,
        chosen.fit.value,
        str(chosen.max_side),
    )
    kept = answers().get(key)
    if kept is not None:
        return kept
    with slot.container():
        try:
            # A picture that cannot be opened is refused before torch or a network is waited for.
            image = open_image(picture.data)
            geometry(protocol_of(here.config), chosen.fit, image.width, image.height, chosen.max_side)
            with st.status("Preparing the network", type="compact") as status:
                engine = engines().engine_for(here.config, here.weights, here.device, source)
                status.update(label="Waiting for the network to be free")
                prediction = predict(
                    engine,
                    picture.data,
                    max_side=chosen.max_side,
                    fit=chosen.fit,
                    on_turn=lambda: status.update(label=f"Running {here.title} on {engine.device}"),
                )
                answer = Answer(prediction, engine.device, engine.tally.runs, key)
                answers().put(key, answer)
        except ExplorerError as error:
            slot.empty()
            with slot.container():
                st.error(plain(error), icon=":material/error:")
                if isinstance(error, MismatchError):
                    with st.expander("Every key that does not fit"):
                        st.code("\n".join(error.report.lines), language=None, height=320)
            return None
    slot.empty()
    return answer
