from explorer.ui import shell

shell.require_frame()

import streamlit as st

from explorer.ui import predict_advice, predict_result, predict_run, predict_source, strip

st.title("Predict", anchor=False)
here = strip.show()
predict_advice.show(here)

with st.container(horizontal=True, vertical_alignment="top", horizontal_alignment="distribute"):
    with st.container(width="stretch"):
        picture = predict_source.choose()
    chosen = predict_run.settings(here)

if picture is not None:
    waiting = st.empty()
    answer = predict_run.run(here, picture, chosen, waiting)
    if answer is not None:
        predict_result.show(answer, picture)
