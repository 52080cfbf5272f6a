"""The embedding of the stimuli: coloured by category, drawn around to pick, picks saved."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from jne_engine.analysis import embeddings
from jne_engine.jobs.kinds.embed import request_embedding
from jne_engine.report.figures.selectivity import plot_embedding, plot_silhouettes
from jne_engine.runs.folder import find_root
from jne_engine.runs.named import LONGEST_NAME
from jne_engine.runs.selections import SELECTIONS, StimulusSelection, split_tags
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.figures import show_figure, show_result
from pages.frame.kept import change_kept, offer_changes
from pages.frame.offers import JobOffer, offer_job
from pages.frame.ranges import format_rows
from pages.frame.state import read, select
from pages.frame.widgets import plain, show_missing
from pages.selectivity.choices import StimulusChoices, View

HOW = (
    "t-SNE (perplexity 30) of the leading 50 principal components of the test stimuli's features;"
    " near means alike, distances and axes have no unit. Draw around some to see their map."
)
HEIGHT = 250


def show_embedding(view: View) -> None:
    """Show the embedding, or how to get it."""
    state = embeddings.find_run_embedding(view.run)
    if state == "no features":
        show_missing(
            "This run was stored before runs kept their features: no embedding.",
            "Delete the run and compute it again.",
        )
    elif state == "missing":
        show_missing(
            "The stimuli are not laid out yet.",
            "t-SNE and clusters of their features take from seconds to minutes.",
        )
        request = partial(request_embedding, view.run.path)
        known_by = {"run": str(view.run.path.absolute())}
        offer_job(JobOffer("Compute the embedding", request, "embed", known_by))
    else:
        _show_points(view)


def _show_points(view: View) -> None:
    """Show the stimuli as points; what is drawn around goes to the brain.

    Picks give the figure another name, so that Plotly drops its lasso once the page drops them.
    """
    embedding = cached.read_run_embedding(view.run)
    table = embeddings.tabulate_embedding(embedding, view.stimuli, view.grouping)
    picked = view.rows if read(StimulusChoices).picked else ()
    show_result(
        plot_embedding(table, chosen=picked, dark=is_dark(), height=HEIGHT),
        table,
        "embedding",
        view.grouping.name if view.grouping else "",
        "picked" if picked else "",
        view.run.run_id,
        title=f"Images by their features (n = {len(table):,})",
        how=HOW,
        alt="Stimuli in two dimensions, coloured by category",
        on_points=_take_points,
        compact=True,
    )


def show_clusters(view: View) -> None:
    """Show how many clusters the features fall into, where an embedding is there."""
    if embeddings.find_run_embedding(view.run) in ("no features", "missing"):
        return
    embedding = cached.read_run_embedding(view.run)
    with st.expander("How many clusters?"):
        scores = embeddings.tabulate_silhouettes(embedding)
        how = (
            f"{embedding.n_clusters} clusters have the largest mean silhouette"
            " (b − a) / max(a, b), with a and b the mean distances to the own and the nearest"
            " other cluster."
        )
        show_figure(
            plot_silhouettes(scores, dark=is_dark()),
            "silhouettes",
            view.run.run_id,
            alt="Mean silhouette of each number of clusters",
            how=how,
            table=scores,
        )
        st.caption(how)


def _take_points(points: list[dict[str, Any]]) -> None:
    rows = format_rows(int(point["customdata"]) for point in points)
    select(picked=rows, stimulus="", **({"among": "shown"} if rows else {}))


def show_saved(view: View) -> None:
    """Offer to save picked stimuli under a name, and show what is saved."""
    if read(StimulusChoices).picked:
        with st.form("save_selection", clear_on_submit=True, border=False):
            name, tags, button = st.columns([3, 3, 1.6], vertical_alignment="bottom")
            wanted = name.text_input("Name these stimuli", max_chars=LONGEST_NAME)
            tagged = tags.text_input("Tags", placeholder="separated by commas")
            if button.form_submit_button("Save", icon=":material/bookmark_add:"):
                change_kept(partial(_save, view, " ".join(wanted.split()), tagged))
    saved, problems = SELECTIONS.list(find_root())
    if saved or problems:
        with st.expander(f"Saved selections ({len(saved)})"):
            for selection in saved:
                _show_one(view, selection)
            for line in problems:
                st.caption(f":red[:material/error:] {plain(line)}")


def _save(view: View, name: str, tags: str) -> None:
    ids = tuple(view.stimuli[row] for row in view.rows)
    found = StimulusSelection(name, ids, split_tags(tags))
    SELECTIONS.save(find_root(), found)


def _show_one(view: View, selection: StimulusSelection) -> None:
    number = {stimulus: row for row, stimulus in enumerate(view.stimuli)}
    rows = [number[s] for s in selection.stimuli if s in number]
    key, root = selection.name, find_root()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        tags = f" · {plain(', '.join(selection.tags))}" if selection.tags else ""
        here = f"{len(rows):,} of {len(selection.stimuli):,} stimuli are in this run"
        st.markdown(f"**{plain(selection.name)}**{tags}  \n:small[{here}]", width="stretch")
        st.button(
            "Show",
            key=f"show.{key}",
            disabled=not rows,
            on_click=select,
            kwargs={"picked": format_rows(rows), "stimulus": "", "among": "shown"},
        )
        offer_changes(key, rename=partial(SELECTIONS.rename, root),
                      delete=partial(SELECTIONS.delete, root))  # fmt: skip
