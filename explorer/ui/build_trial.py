"""Building what stands on the workbench: the button, the steps while it runs, and what it took."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from explorer.errors import ExplorerError
from explorer.runtime.trial import Found, Report, State, Trial, Workshop
from explorer.ui import numbers, services, shell, state
from explorer.ui.build_bench import Bench
from explorer.ui.plain import plain

_RUN = "build.run"
_PROBLEM = "build.problem"
_EVERY = 0.4
"""Seconds between two looks at a trial that runs."""
PAGES: tuple[state.PageName, ...] = ("graph", "layers", "connectivity", "predict")


@dataclass(frozen=True, slots=True)
class Run:
    """A trial that this visitor began, and of which network."""

    trial: Trial
    about: state.Current


@st.cache_resource(show_spinner=False)
def workshop() -> Workshop:
    """The process's one workshop: one network at a time, whoever asks."""
    return Workshop()


def button(about: state.Current, batch: int, bench: Bench, *, ready: bool) -> None:
    """The button that begins a trial of a network."""
    running = (run := _run()) is not None and not run.trial.look().over
    st.button(
        f"Build on {services.device_name(about)}",
        type="primary",
        icon=":material/construction:",
        disabled=not ready or running,
        key="build-start",
        on_click=_begin,
        args=(about, batch, bench),
        help="Allocates the network on the device and runs one forward pass over zeros, step by step.",
    )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")


def _begin(about: state.Current, batch: int, bench: Bench) -> None:
    shape = (batch, *about.input_shape[1:])
    try:
        st.session_state[_RUN] = Run(workshop().begin(about.config, shape, about.device), about)
    except ExplorerError as error:
        st.session_state[_PROBLEM] = str(error)
    bench.stale = True


def show(current: state.Current | None) -> None:
    """Draw the trial that was begun last, while it runs and afterwards."""
    run = _run()
    if run is None:
        return
    if run.trial.look().over:
        _over(run, current)
    else:
        st.fragment(_running, run_every=_EVERY)(run)


def _run() -> Run | None:
    run: Run | None = st.session_state.get(_RUN)
    return run


def _running(run: Run) -> None:
    report = run.trial.look()
    if report.over:
        st.rerun()
    with st.container(key="build-running"):
        if report.state is State.WAITING:
            others = "another network is" if report.ahead == 1 else f"{report.ahead} networks are"
            st.info(f"Waiting: {others} built first.", icon=":material/hourglass_top:")
        else:
            st.progress(report.share, text=f"{report.step or 'Starting'} …")
            st.html(_steps(report))
        st.button("Stop", icon=":material/stop_circle:", key="build-stop", on_click=run.trial.stop)


def _over(run: Run, current: state.Current | None) -> None:
    report = run.trial.look()
    match report.state:
        case State.STOPPED:
            st.info("The build was stopped; what it held is free again.", icon=":material/stop_circle:")
        case State.REFUSED:
            st.error(plain(report.problem), icon=":material/error:")
        case State.DONE:
            if report.found is not None:
                _report(run, report, report.found, current)


def _report(run: Run, report: Report, found: Found, current: state.Current | None) -> None:
    total = sum(step.seconds for step in report.steps)
    batch, _, height, width = run.trial.shape
    shape = numbers.size((height, width)) + (f", batch {batch}" if batch > 1 else "")
    where = "CPU" if found.device == "cpu" else found.device
    with st.container(border=True, key="build-report", gap="small"):
        st.markdown(f"**Built on {where}** in {numbers.duration(total)}, at {shape}")
        if current is None or run.about.config.digest != current.config.digest:
            st.caption(f"This was {plain(run.about.title)}, before the last change.")
        outputs = "".join(
            f"<tr><th>Output {name}</th><td>{numbers.shape(tensor)}</td><td></td></tr>"
            for name, tensor in found.outputs
        )
        st.html(
            f"{_steps(report)}"
            '<table class="build-steps">'
            f"<tr><th>Parameters</th><td>{found.parameters:,}</td><td></td></tr>"
            f'<tr title="{found.how}"><th>Memory taken, measured</th><td>{numbers.memory(found.peak)}</td>'
            f"<td>predicted {numbers.memory(found.predicted)}</td></tr>"
            f"{outputs}</table>"
        )
        st.caption(f"Measured as {found.how}.")
        with st.container(horizontal=True, gap="small"):
            for page in PAGES:
                shell.page_link(page, run.about)


def _steps(report: Report) -> str:
    rows = "".join(
        f"<tr><th>{step.name}</th><td>{numbers.duration(step.seconds)}</td>"
        f"<td>{numbers.memory(step.memory)} in use</td></tr>"
        for step in report.steps
    )
    return f'<table class="build-steps">{rows}</table>'
