"""Starting runs: of which datasets and layers, with which encoder, under which study's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from jne_engine.core.devices import Device, list_devices
from jne_engine.datasets.library import DatasetEntry, FeatureEntry
from jne_engine.features.gabor_layers import GABOR_LAYERS
from jne_engine.jobs.kinds.run import with_device
from jne_engine.jobs.records import JobSpec
from jne_engine.jobs.units import request_cells
from jne_engine.model.spec import ACTIVATIONS, PRECISIONS, STANDARDISE, RunSpec
from jne_engine.runs.folder import find_root
from pages.data.datasets import describe_entry, has_features
from pages.data.previews import show_when_there
from pages.data.sources import offer_demo
from pages.frame import jobs
from pages.frame.access import tell_reader
from pages.frame.state import Selection, read, select
from pages.frame.widgets import format_bytes, format_seconds, one_line_errors, plain

DEMO = "Simulated subject"
ACTIVATION_LABELS = {"relu": "ReLU", "leaky_relu": "Leaky ReLU", "gelu": "GELU", "tanh": "tanh",
                     "swish": "Swish", "identity": "None (linear)"}  # fmt: skip
SCALING_LABELS = {"training": "By means and standard deviations over the training stimuli",
                  "run": "Within each run or session, by those of its training stimuli",
                  "none": "No, take them as they are (the paper)"}  # fmt: skip
DEVICE_LABELS = {"auto": "A GPU where there is one", "cpu": "CPU", "cuda": "GPU (CUDA)",
                 "mps": "GPU (Metal): fits and predictions"}  # fmt: skip
MAX_SEEDS = 20
MAX_DEMO_SUBJECTS = 8


def show_starting() -> None:
    """Show the choices of one or several runs, what they will take, and the button."""
    if tell_reader():
        return
    entries = {e.name: e for e in jobs.list_datasets()[0] if has_features(e)}
    if not entries:
        _show_no_dataset()
        return
    wanted = read(Selection).dataset
    left, right = st.columns([3, 2], gap="large")
    with left:
        names = st.multiselect("Datasets", [*entries, DEMO], format_func=str,
                               default=[wanted if wanted in entries else next(iter(entries))],
                               help="Several subjects make several runs.")  # fmt: skip
        chosen = [entries[name] for name in names if name in entries]
        features, layers = _choose_layers(chosen)
        demo = _choose_demo() if DEMO in names else (0, 0)
        specs, device = _choose_encoder(), _choose_device()
        study = st.text_input(
            "Study, optional",
            placeholder="Layers of CLIP, four subjects",
            help="Runs of one study are listed and compared together.",
        )
    asked = _request(chosen, features, layers, specs, demo=demo)
    wanted_jobs = [with_device(job, device) for job in asked]
    with right:
        for entry in chosen:
            st.caption(f"**{plain(entry.name)}**  \n{describe_entry(entry)}")
        many = f"Start {len(wanted_jobs)} runs" if len(wanted_jobs) > 1 else "Start the run"
        if st.button(many, type="primary", icon=":material/play_arrow:", disabled=not wanted_jobs):
            with one_line_errors():
                jobs.submit(wanted_jobs, study=study)
                select(part="queue")
                st.rerun()
        if chosen and wanted_jobs:
            _show_expected(chosen[0], features.get(chosen[0].name), specs[0], len(wanted_jobs))


def _show_no_dataset() -> None:
    with st.container(border=True):
        st.markdown("**No dataset with features yet.** Import one and extract features first; or"
                    " begin with the simulated subject.")  # fmt: skip
        st.button("Go to Data", icon=":material/folder_open:",
                  on_click=select, kwargs={"part": "data"})  # fmt: skip
        st.caption("The simulated subject:")
        offer_demo()


def _choose_layers(
    chosen: Sequence[DatasetEntry],
) -> tuple[Mapping[str, FeatureEntry], tuple[int, ...]]:
    """Choose one model's features and some of its layers; by dataset where it has them."""
    models = list(dict.fromkeys(f.model for entry in chosen for f in entry.features))
    if not models:
        return {}, _choose_own_layers(chosen)
    left, right = st.columns([1, 2])
    with left:
        model = st.selectbox("Features", models, format_func=str)
    found = {e.name: f for e in chosen for f in e.features if f.model == model}
    n_states = min(f.n_states for f in found.values())
    with right:
        layers = st.multiselect(
            "Layers",
            range(n_states),
            default=[n_states - 1],
            disabled=n_states == 1,
            help="0 enters the first block, k leaves block k; one run each.",
        )
    return found, tuple(layers)


def _choose_own_layers(chosen: Sequence[DatasetEntry]) -> tuple[int, ...]:
    """Choose some layers of features that the datasets bring; none where they bring one."""
    n_layers = min((entry.n_layers for entry in chosen), default=1)
    if n_layers == 1:
        return ()
    return tuple(
        st.multiselect(
            "Layers",
            range(n_layers),
            default=[chosen[0].layer],
            help="Of its features; one run each.",
        )
    )


def _choose_demo() -> tuple[int, int]:
    left, right = st.columns(2)
    with left:
        n_subjects = st.number_input("Simulated subjects", 1, MAX_DEMO_SUBJECTS, 1,
                                     help="They see the same pictures.")  # fmt: skip
    with right:
        n_layers = st.number_input("Layers of simulated subjects", 1, len(GABOR_LAYERS), 1,
                                   help=f"In this order: {', '.join(GABOR_LAYERS)}. Responses are"
                                   " made of the first.")  # fmt: skip
    return int(n_subjects), int(n_layers)


def _choose_encoder() -> list[RunSpec]:
    """Choose the encoder; one spec a seed."""
    first, second, third = st.columns(3)
    with first:
        activation = st.selectbox("Activation", [a for a in ACTIVATIONS if a != "identity"],
                                  format_func=ACTIVATION_LABELS.__getitem__)  # fmt: skip
    with second:
        n_hidden = st.number_input("Hidden units", 1, 16384, 1024, help="The paper: 1024.")
    with third:
        seeds = st.number_input("Seeds", 1, MAX_SEEDS, 1,
                                help="Runs that differ in weights and batches only.")  # fmt: skip
    with second:
        full = st.toggle("Full batch", help="The paper's setting: every step sees all stimuli.")
    with first:
        batch = st.number_input("Batch size", 1, 65536, 256, disabled=full)
    with third:
        precision = st.selectbox("Precision", PRECISIONS, help="Of the Jacobians' products; sums"
                                 " are always wider. float32 is exact to 1e-4.")  # fmt: skip
    standardise = st.selectbox(
        "Standardise features and responses", STANDARDISE, format_func=SCALING_LABELS.__getitem__,
        help="Without, R² and JNE may show offsets and scales rather than nonlinearity: encoders"
        " have no intercept. As published, data that are z-scored within each run are taken as"
        " they are.",
    )  # fmt: skip
    spec = RunSpec(
        standardise=standardise,
        activation=activation,
        n_hidden=int(n_hidden),
        batch_size=None if full else int(batch),
        precision=precision,
        **_choose_more(),
    )
    return [replace(spec, seed=seed) for seed in range(int(seeds))]


def _choose_device() -> Device:
    """Choose where to compute, on a machine that seems to have more than a CPU."""
    there = list_devices()
    if there == ("auto", "cpu"):
        return "auto"
    return st.selectbox("Compute on", there, format_func=DEVICE_LABELS.__getitem__,
                        help="Recorded in the run; another device makes no other run.")  # fmt: skip


def _choose_more() -> dict[str, Any]:
    default = RunSpec()
    with st.expander("More"):
        first, second, third = st.columns(3)
        with first:
            epochs = st.number_input("Epochs at most", 1, 100_000, default.max_epochs)
            patience = st.number_input("Patience, epochs", 1, 10_000, default.patience)
        with second:
            rate = st.number_input("Learning rate", 1e-6, 1.0, default.learning_rate, format="%g")
            decay = st.number_input("Weight decay", 0.0, 10.0, default.weight_decay, format="%g")
        with third:
            blocks = st.number_input("Residual blocks", 0, 16, default.n_blocks)
            resamples = st.number_input("Bootstrap resamples", 1, 10_000, default.n_resamples)
        linear_first = st.toggle(
            "Linear first: fit the nonlinear encoder to what a linear fit of each voxel leaves",
            default.linear_first,
            help="Not as published. JNE of linear voxels comes near 0, and JNE follows the true"
            " share better; the nonlinear share and its test become worse where responses are"
            " noisy. For those who read JNE itself.",
        )
    return {
        "max_epochs": int(epochs),
        "patience": int(patience),
        "learning_rate": rate,
        "weight_decay": decay,
        "n_blocks": int(blocks),
        "n_resamples": int(resamples),
        "linear_first": linear_first,
    }


def _request(
    chosen: Sequence[DatasetEntry], features: Mapping[str, FeatureEntry], layers: tuple[int, ...],
    specs: Sequence[RunSpec], *, demo: tuple[int, int],
) -> list[JobSpec]:  # fmt: skip
    """Return the jobs of every dataset, layer and seed; ``demo``: simulated subjects, layers."""
    root = find_root().absolute()
    made = request_cells(chosen, specs, features=features, layers=layers, root=root, demo=demo)
    return list(made)


def _show_expected(
    entry: DatasetEntry, features: FeatureEntry | None, spec: RunSpec, n_runs: int
) -> None:
    n_features = features.n_features if features is not None else entry.n_features
    request = {"n_train": entry.n_train, "n_test": entry.n_test, "n_images": entry.n_images,
               "n_features": n_features, "n_voxels": entry.n_voxels, "n_hidden": spec.n_hidden,
               "n_blocks": spec.n_blocks, "max_epochs": spec.max_epochs}  # fmt: skip

    def show(found: Mapping[str, Any]) -> None:
        each = "each " if n_runs > 1 else ""
        st.metric("Memory", f"about {format_bytes(found['memory_bytes'])}")
        st.caption(
            f"{each}at most **{format_seconds(found['seconds_most'])}**, should no fit stop early"
            f" ({format_seconds(found['seconds_epoch'])} an epoch,"
            f" {format_seconds(found['seconds_jacobians'])} for the Jacobians). Estimated from the"
            " speed of matrix products on this machine just now."
        )

    show_when_there(jobs.look("run", request), show, height=120)
