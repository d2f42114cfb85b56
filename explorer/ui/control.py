"""What the strip's controls share: keys that are never used twice, and writing a choice into the address."""

import streamlit as st

from explorer.ui import state

_CHANGES, _PROBLEM = "strip.changes", "strip.problem"


def identity(current: state.Current, *parts: str) -> str:
    """A key for a control about this state that was never used before.

    With every change all controls start over: one that came back under its old key, after the back button, would
    still show what was chosen there.
    """
    return ".".join(("strip", *parts, current.config.digest, str(st.session_state.get(_CHANGES, 0))))


def change(current: state.Current) -> None:
    """Make this the current network, and let every control start over."""
    st.session_state[_CHANGES] = st.session_state.get(_CHANGES, 0) + 1
    state.apply(current)


def refuse(problem: Exception) -> None:
    """Have the strip say, in its next run, why a choice was not taken."""
    st.session_state[_PROBLEM] = str(problem)


def refusal() -> str | None:
    """What ``refuse`` was told, once."""
    problem: str | None = st.session_state.pop(_PROBLEM, None)
    return problem
