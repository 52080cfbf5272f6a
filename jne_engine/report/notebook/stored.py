"""A stored run as arrays, tables, images and figures, for notebooks and scripts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jne_engine.analysis import maps, roi_groups
from jne_engine.analysis.maps import scatter_to_surface
from jne_engine.analysis.nonlinearity import choose_first
from jne_engine.analysis.selectivity import list_stimulus_ids
from jne_engine.core.arrays import BoolArray, Float32Array
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES, RoiSet
from jne_engine.report.export.brain import refuse_bare
from jne_engine.report.export.content import gather_content
from jne_engine.report.export.nifti import build_label_volume, build_volume, check_nifti
from jne_engine.report.export.tables import tabulate_content
from jne_engine.report.figures.distributions import plot_distribution
from jne_engine.report.notebook.brain import BrainView
from jne_engine.runs import store
from jne_engine.runs.folder import find_root
from jne_engine.runs.store import Run, read_space, read_stimuli
from jne_engine.viewer.scenes.run import build_run_scene
from jne_engine.viewer.scenes.surface import find_display

if TYPE_CHECKING:
    import nibabel as nib
    import plotly.graph_objects as go
    from nilearn.surface import SurfaceImage


class StoredRun:
    """One complete run: what was found of every voxel, where it lies, and of which stimuli.

    Parameters
    ----------
    run : Run
        What :func:`jne_engine.runs.store.open_run` returns.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def path(self) -> Path:
        """Folder of the run."""
        return self._run.path

    @property
    def is_simulated(self) -> bool:
        """Whether nothing of this was measured in a brain."""
        return self._run.manifest.simulated

    @property
    def notes(self) -> tuple[str, ...]:
        """Decisions taken on the way, and warnings: scaling, splits, fallbacks, masks."""
        return (*self._run.manifest.notes, *self._run.manifest.warnings)

    @property
    def maps(self) -> pd.DataFrame:
        """The maps: a row each, ``name`` the index; ``label, unit, kind, explanation, formula``."""
        named = ("label", "unit", "kind", "explanation", "formula")
        rows = {m.name: [getattr(m, n) for n in named] for m in maps.list_maps(self._run)}
        table = pd.DataFrame.from_dict(rows, orient="index", columns=list(named))
        return table.rename_axis("name")

    def map(self, name: str) -> Float32Array:
        """Return one map.

        Returns
        -------
        numpy.ndarray of float32, shape (n_voxels,)
            The stored value of every response column; NaN where there is none.

        Raises
        ------
        InputError
            If the run has no such map.
        """
        self._check_map(name)
        return maps.read_map(self._run, name)

    @property
    def significant(self) -> BoolArray:
        """Voxels that the nonlinear encoder predicts, q below the run's level, (n_voxels,)."""
        return maps.read_significant(self._run)

    @property
    def rois(self) -> pd.DataFrame:
        """The ROIs: a row each, lowest of the hierarchy first; ``tier``, ``n_voxels``."""
        rois = maps.choose_roi_set(self._run)
        if rois is None:
            return pd.DataFrame({"tier": [], "n_voxels": []}).rename_axis("name")
        sizes = rois.masks.sum(axis=1)
        table = pd.DataFrame({"tier": rois.tiers, "n_voxels": sizes}, index=list(rois.names))
        return table.rename_axis("name")

    def roi(self, name: str) -> BoolArray:
        """Return an ROI's mask over the response columns, shape (n_voxels,)."""
        return self._require_rois().mask(name)

    @property
    def stimuli(self) -> pd.DataFrame:
        """The test stimuli in the order of JNE-SS: their ids the index, a column a grouping."""
        return read_stimuli(self._run.stage("dataset")).table

    def jne_ss(self, *, stimulus: str | int | None = None, roi: str | None = None) -> Float32Array:
        """Return JNE-SS, reading from disk only what is asked for.

        Parameters
        ----------
        stimulus : str or int, optional
            Id of a test stimulus, or its row in :attr:`stimuli`.
        roi : str, optional
            Name of an ROI.

        Returns
        -------
        numpy.ndarray of float32
            (n_voxels,) of a stimulus; (n_test, n_roi) of an ROI; (n_roi,) of both; without
            either (n_test, n_voxels), which may be large.

        Raises
        ------
        InputError
            If there is no such stimulus or ROI.
        """
        stage = self._run.stage("dispersion")
        columns = None if roi is None else np.flatnonzero(self.roi(roi)).astype(np.int64)
        if stimulus is not None:
            row = np.asarray(stage.read_row("jne_ss", self._find_stimulus(stimulus)))
            return row if columns is None else row[columns]
        if columns is not None:
            return np.asarray(stage.read_columns("jne_ss", columns))
        return np.asarray(stage.read_array("jne_ss"))

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row a response column: where it lies, every map, its ROI and tier."""
        return tabulate_content(gather_content(self._run))

    def to_surface_image(self, name: str, *, shape: str = "pial") -> SurfaceImage:
        """Return a map as nilearn's image on the run's surface.

        Parameters
        ----------
        name : str
            Name of a map.
        shape : str
            Geometry of the mesh: ``"pial"``, ``"inflated"``, or another that the surface has.

        Returns
        -------
        nilearn.surface.SurfaceImage
            A value a vertex; NaN where no column lies. A volume's map is projected as its run
            says, numbers by averages, labels by the nearest voxel.

        Raises
        ------
        InputError
            If the run has no such map, no surface, or a surface that is not on this machine.
        """
        from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

        found = find_display(self._run)
        if found is None:
            raise refuse_bare(self._run)
        space, display = found
        surface = display.surface
        if any(surface.n_vertices(hemi) != display.n_vertices[hemi] for hemi in HEMISPHERES):
            fix = f"python -m jne_engine surfaces --fetch {space.surface}"
            raise InputError(space.surface, "its mesh on this machine", "a coarser one", fix)
        points = {each.name: each for each in surface.shapes if not each.flat}
        check_choice("shape", shape, tuple(points))
        info, values = maps.find_map(self._run, name), self.map(name)
        projection = maps.read_run_projection(self._run)
        if projection is not None:
            project = projection.project if info.is_numeric else projection.project_labels
            values = project(values)
        meshes, data = {}, {}
        for hemi in HEMISPHERES:
            # A copy of its own: nilearn 0.14 centres the mesh that it plots in place.
            corners = np.array(points[shape].points[hemi], dtype=np.float32)
            meshes[hemi] = InMemoryMesh(corners, np.array(surface.faces[hemi]))
            data[hemi] = scatter_to_surface(values, space, hemi, n_vertices=len(corners))
        return SurfaceImage(PolyMesh(**meshes), data)

    def to_nifti(self, name: str) -> nib.Nifti1Image:
        """Return a map of a volume as nibabel's image on the grid of the responses.

        Parameters
        ----------
        name : str
            Name of a map: numbers as float32, NaN outside the response columns; ROIs and tiers as
            int16 counted from 1, 0 for none.

        Raises
        ------
        InputError
            If the run has no such map, or its columns are not voxels of a volume.
        """
        self._check_map(name)
        check_nifti(read_space(self._run.stage("dataset")))
        content = gather_content(self._run, maps=(name,))
        if content.labels:
            return build_label_volume(content, content.labels[0])
        return build_volume(content, next(item for item in content.maps if item.name == name))

    def plot_brain(
        self,
        name: str | None = None,
        *,
        significant: bool = True,
        threshold: float | None = None,
        height: int = 480,
    ) -> BrainView:
        """Return the interactive brain, which shows itself in a notebook.

        Parameters
        ----------
        name : str, optional
            Map that it shows first; it holds all. The nonlinear share where the run has it.
        significant : bool
            Show voxels only that the nonlinear encoder predicts.
        threshold : float, optional
            Hide values of the first map below this one.
        height : int
            Height in pixels.

        Raises
        ------
        InputError
            If the run has no such map, or no surface that can be drawn.
        """
        first = name or choose_first(self.maps.index)
        scene = build_run_scene(self._run, first, significant=significant, threshold=threshold)
        if scene is None:
            raise refuse_bare(self._run)
        return BrainView(scene, height=height)

    def plot_hierarchy(
        self,
        name: str | None = None,
        *,
        by: roi_groups.By = "roi",
        significant: bool = True,
        draw: str = "violin",
    ) -> go.Figure:
        """Return a map's distribution in every ROI or tier, lowest of the hierarchy first.

        Parameters
        ----------
        name : str, optional
            Name of a map of numbers; the nonlinear share where the run has it.
        by : {"roi", "tier"}
        significant : bool
            Leave out voxels that the nonlinear encoder does not predict.
        draw : {"violin", "box", "histogram", "ecdf"}

        Raises
        ------
        InputError
            If the run has no such map, or no ROIs.
        """
        first = name or choose_first(self.maps.index)
        self._check_map(first)
        self._require_rois()
        info = maps.find_map(self._run, first)
        groups = roi_groups.read_groups(self._run, first, by, significant_only=significant)
        figure = plot_distribution(groups, label=info.label, unit=info.unit, draw=draw)
        stamp = "SIMULATED: " if self.is_simulated else ""
        return figure.update_layout(title_text=f"{stamp}{info.label}", margin_t=60)

    def _check_map(self, name: str) -> None:
        check_choice("map", name, tuple(self.maps.index))

    def _require_rois(self) -> RoiSet:
        rois = maps.choose_roi_set(self._run)
        if rois is None:
            fix = "give rois when fitting, or add an ROI set to the dataset"
            raise InputError(self._run.run_id, "at least one ROI", "none", fix)
        return rois

    def _find_stimulus(self, stimulus: str | int) -> int:
        ids = list_stimulus_ids(self._run)
        if isinstance(stimulus, str):
            fix = "name a test stimulus of run.stimuli"
            if stimulus not in ids:
                found = f"none called {stimulus!r}"
                raise InputError("stimulus", f"one of {len(ids)} test stimuli", found, fix)
            return ids.index(stimulus)
        if not 0 <= stimulus < len(ids):
            fix = "count the rows of run.stimuli from 0"
            raise InputError("stimulus", f"a row from 0 to {len(ids) - 1}", str(stimulus), fix)
        return int(stimulus)

    def __repr__(self) -> str:
        counts, stamp = self._run.manifest.counts, "SIMULATED " * self.is_simulated
        return (
            f"<{stamp}StoredRun {self._run.run_id}: {counts['n_voxels']:,} voxels, "
            f"{counts['n_test']:,} test stimuli, {len(self.maps)} maps>"
        )


def open_run(path: str | Path) -> StoredRun:
    """Open a run by its folder, or the only run in a folder of runs.

    Raises
    ------
    StoreError
        If there is no complete run, or more than one to choose from.
    """
    return StoredRun(store.open_run(Path(path)))


def list_runs(root: str | Path | None = None) -> list[StoredRun]:
    """Return the complete runs of a folder, newest first.

    Parameters
    ----------
    root : str or pathlib.Path, optional
        Folder of runs; ``$JNE_RUNS`` by default, else ``runs``.
    """
    folder = find_root() if root is None else Path(root)
    return [StoredRun(run) for run in store.find_runs(folder)]
