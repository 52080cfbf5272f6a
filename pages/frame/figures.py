"""The one way to put a figure on a page: title, picture, how it was computed, its numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from jne_engine.report.figures.pinned import keep_figure
from jne_engine.report.figures.tables import write_csv
from jne_engine.report.figures.template import name_download, name_file
from pages.frame.pin import Offer, Taken, name_target, show_pin, tell
from pages.frame.state import bind_choice, settle

Areas = list[list[tuple[float, float]]]

MOST_ROWS = 1000
"""Rows of a table that a page shows; its CSV holds all."""

PICTURES = {"svg": "SVG", "png": "PNG"}


def show_result(
    figure: Any,
    table: Any,
    *names: str,
    title: str,
    how: str,
    alt: str,
    on_points: Callable[[list[dict[str, Any]]], None] | None = None,
    on_areas: Callable[[Areas], None] | None = None,
    compact: bool = False,
) -> None:
    """Show a figure with everything that a reader may ask of it.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    table : pandas.DataFrame
        The numbers that the figure draws: shown as a table, and downloaded as CSV.
    names : str
        Name the figure's files; together they are unlike those of any other figure of the page.
    title : str
        What is seen, in one line of Markdown.
    how : str
        How it was computed, with the formula, in one line of Markdown.
    alt : str
        What a screen reader says.
    on_points : callable, optional
        Called before the rerun that a click, box or lasso causes, with the selected points as
        Plotly names them (``customdata``, ``x``, ``y``, …); an empty list clears.
    on_areas : callable, optional
        Called instead with the areas of a box or lasso, as corners in the axes' units, where
        what counts is all that lies inside and not only the points that are drawn.
    compact : bool
        Put how it was computed behind "?", and the numbers behind a button of the title row.
    """
    key = f"head_of_{name_file(*names)}"
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        st.markdown(f"**{title}**", width="stretch", help=how if compact else None)
        if compact:
            with st.popover("", icon=":material/table:", help="The numbers as a table and CSV"):
                _show_rows(table, name_file(*names))
        _offer_pin(figure, names, words=tell(title, how), table=table)
    _show_chart(figure, *names, alt=alt, on_points=on_points, on_areas=on_areas)
    if not compact:
        st.caption(f"How computed: {how}")
        show_table(table, *names)


def show_figure(
    figure: Any,
    *names: str,
    alt: str,
    how: str = "",
    table: Any = None,
    can_pin: bool = True,
) -> None:
    """Show a Plotly figure without the frame of :func:`show_result`; it can be pinned all the same.

    Parameters
    ----------
    figure, names, alt
        As for :func:`show_result`; ``alt`` is a slide's title too.
    how : str
        What a slide says below it.
    table : pandas.DataFrame, optional
        The numbers that a story keeps with it.
    can_pin : bool
        False where the figure is drawn anew every second, which would close the pin's dialog.
    """
    _show_chart(figure, *names, alt=alt)
    if can_pin:
        _offer_pin(figure, names, words=tell(alt, how), table=table)


def _offer_pin(figure: Any, names: tuple[str, ...], *, words: tuple[str, str], table: Any) -> None:
    name = name_file(*names)

    def behind(taken: Taken) -> dict[str, str | None]:
        kept = keep_figure(figure, ranges=taken["ranges"], hidden=taken["hidden"])
        return {"figure": kept, "table": None if table is None else write_csv(table)}

    target, source = name_target(f"figure.{name}"), " ".join(names)
    show_pin(Offer("figure", target, *words, source, behind), key=name)


def _show_chart(
    figure: Any,
    *names: str,
    alt: str,
    on_points: Callable[[list[dict[str, Any]]], None] | None = None,
    on_areas: Callable[[Areas], None] | None = None,
) -> None:
    """Show a Plotly figure in the project's look; its picture downloads under these names."""
    key = f"figure.{name_file(*names)}"
    config = name_download(
        *names,
        picture=settle("picture", list(PICTURES)),
        selectable=on_points is not None or on_areas is not None,
    )
    more: dict[str, Any] = {}
    if on_points is not None:
        more = {"on_select": lambda: on_points(_read_points(key))}
    if on_areas is not None:
        more = {"on_select": lambda: on_areas(_read_areas(key)), "selection_mode": ("box", "lasso")}
    with st.container(height=figure.layout.height + 2, border=False):  # reserved while it loads
        st.plotly_chart(figure, theme=None, config=config, key=key, alt=alt, **more)


def show_table(table: Any, *names: str, label: str = "Table") -> None:
    """Offer a figure's numbers as a table and as CSV."""
    with st.expander(label):
        _show_rows(table, name_file(*names))


def _show_rows(table: Any, name: str) -> None:
    st.dataframe(table.head(MOST_ROWS), hide_index=False, key=f"table.{name}")
    if len(table) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS:,} of {len(table):,} rows; the CSV has all.")
    st.download_button("Download CSV", partial(write_csv, table), file_name=f"{name}.csv",
                       mime="text/csv", key=f"csv.{name}", on_click="ignore",
                       icon=":material/download:")  # fmt: skip


def choose_picture_format() -> None:
    """Let a reader choose what a figure's camera button saves."""
    names = list(PICTURES)
    st.segmented_control(
        "Save figures as",
        names,
        format_func=PICTURES.__getitem__,
        required=True,
        help="What the camera in a figure's corner saves.",
        **bind_choice("picture", names),
    )


def _read_points(key: str) -> list[dict[str, Any]]:
    state: Any = st.session_state.get(key)
    return [] if state is None else list(state["selection"]["points"])


def has_areas(*names: str) -> bool:
    """Tell whether a reader has drawn in the figure of these names, so that it shows there."""
    return bool(_read_areas(f"figure.{name_file(*names)}"))


def _read_areas(key: str) -> Areas:
    state: Any = st.session_state.get(key)
    if state is None:
        return []
    drawn = state["selection"]
    boxes = [(box["x"], box["y"]) for box in drawn.get("box") or ()]
    areas = [[(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])] for x, y in boxes]
    return areas + [
        list(zip(lasso["x"], lasso["y"], strict=True)) for lasso in drawn.get("lasso") or ()
    ]
