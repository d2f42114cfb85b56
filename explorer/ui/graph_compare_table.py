"""Two networks section by section as a table: both values, the difference, and the difference in percent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from explorer.analysis.comparison import Comparison, Row, Stage
from explorer.graph.sections import Section
from explorer.ui.deltas import COLUMNS, names, record, titles

_FIRST = ("parameters", "macs")


def show(comparison: Comparison, here: str, there: str, key: str) -> Section | None:
    """Draw the table; return the section whose row is selected."""
    import pandas as pd

    records = [record(row, here, there) for row in comparison.rows]
    total = Row(
        comparison.rows[0].section, Stage(comparison.here, None, None), Stage(comparison.there, None, None)
    )
    records.append({**record(total, here, there), "Stage": "Network"})
    for entry in records:
        for title in ("Output", "Stride"):
            entry[title] = _both(entry, names(here, there, title))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chosen = st.pills(
            "Quantities", [column.field for column in COLUMNS], selection_mode="multi", default=list(_FIRST),
            format_func={column.field: column.title for column in COLUMNS}.__getitem__,
            label_visibility="collapsed", key="graph.compare.columns",
        )  # fmt: skip
        st.download_button(
            "CSV", lambda: _file(records), file_name=f"{here}-against-{there}.csv",
            mime="text/csv", icon=":material/download:", on_click="ignore", key=f"{key}.csv",
        )  # fmt: skip
    wanted = [column for column in COLUMNS if column.field in chosen]
    order = ["Stage", "Output", "Stride"]
    order += [name for column in wanted for name in titles(column, here, there)]
    answer = st.dataframe(
        pd.DataFrame(records), hide_index=True, column_order=order, column_config=_config(here, there), key=key,
        height="content", on_select="rerun", selection_mode="single-row",
    )  # fmt: skip
    rows = answer["selection"]["rows"]
    return comparison.rows[rows[0]].section if rows and rows[0] < len(comparison.rows) else None


def _file(records: list[dict[str, Any]]) -> bytes:
    """Everything as a CSV file, each network's output and stride in a column of its own."""
    import pandas as pd

    return pd.DataFrame(records).drop(columns=["Output", "Stride"]).to_csv(index=False).encode()


def _both(entry: Mapping[str, Any], pair: tuple[str, str]) -> str:
    """Both networks' texts in one cell: once where they agree."""
    texts = [
        "–" if entry[name] is None else f"{entry[name]:g}" if isinstance(entry[name], float) else entry[name]
        for name in pair
    ]
    return texts[0] if texts[0] == texts[1] else " ↔ ".join(texts)


def _config(here: str, there: str) -> Mapping[str, Any]:
    columns = st.column_config
    found: dict[str, Any] = {
        "Stage": columns.TextColumn(
            "Stage", pinned=True, help="By number: stage s works, by rule, at 1/2ˢ of the input."
        )
    }
    found["Output"] = columns.TextColumn(
        "Output", width=205, help=f"What leaves the stage: {here} ↔ {there}, where they differ."
    )
    found["Stride"] = columns.TextColumn(
        "Stride", width=70, help=f"Input rows over the output's rows: {here} ↔ {there}, where they differ."
    )
    for column in COLUMNS:
        ours, theirs, absolute, share = titles(column, here, there)
        for name in (ours, theirs):
            found[name] = columns.NumberColumn(name, format=column.format, help=column.meaning)
        found[absolute] = columns.NumberColumn(
            f"Δ {column.title}", format=column.format, help=f"{here} minus {there}."
        )
        found[share] = columns.NumberColumn("Δ %", format="%+.1f %%", width=80, help=f"Of what {there} has.")
    return found
