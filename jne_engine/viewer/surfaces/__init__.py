"""Surfaces for the cortical viewer: packaged ones, FreeSurfer's on disk, and a user's own.

Inside the package the order is curvature → packaged, files → descriptions, places → display.
Nothing here reaches for a network but :func:`fetch_fsaverage`.
"""

from jne_engine.viewer.surfaces.curvature import compute_mean_curvature
from jne_engine.viewer.surfaces.descriptions import read_surface_description
from jne_engine.viewer.surfaces.display import (
    Display,
    choose_display,
    list_drawable,
    show_subject_surface,
)
from jne_engine.viewer.surfaces.files import ShapeFiles, SurfaceFiles, read_surface_files
from jne_engine.viewer.surfaces.packaged import load_viewer_surface
from jne_engine.viewer.surfaces.places import fetch_fsaverage, find_surface_files

__all__ = [
    "Display",
    "ShapeFiles",
    "SurfaceFiles",
    "choose_display",
    "compute_mean_curvature",
    "fetch_fsaverage",
    "find_surface_files",
    "list_drawable",
    "load_viewer_surface",
    "read_surface_description",
    "read_surface_files",
    "show_subject_surface",
]
