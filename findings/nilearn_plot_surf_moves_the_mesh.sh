#!/bin/sh
# nilearn 0.14.1's plot_surf (matplotlib, the default engine) moves the mesh that it is given: the
# caller's own coordinates are centred on 0 in place, one hemisphere at a time. After a plot of the
# left side of a SurfaceImage, that side lies 40 mm off and the right one does not, so that what is
# computed or saved from the mesh afterwards is wrong, without a word. A mesh in read-only memory
# (a memory map, a cached array) raises ValueError instead.
# Source: nilearn 0.14.1, nilearn/plotting/surface/_matplotlib_backend.py, _plot_surf ("Center the
# mesh", added by pull request 5789); 0.12.1 leaves the mesh alone.
# Needs python3. Exits with 1 where the behaviour has changed.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
cat > plot.py <<'PY'
import matplotlib

matplotlib.use("Agg")
import numpy as np
import nilearn
from nilearn.plotting import plot_surf
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage

rng = np.random.default_rng(0)
faces = np.array([[0, 1, 2], [0, 2, 3], [0, 1, 3], [1, 2, 3]])
sides = {"left": -40.0, "right": 40.0}
meshes = {h: InMemoryMesh(rng.standard_normal((4, 3)) + [x, 0, 0], faces) for h, x in sides.items()}
image = SurfaceImage(PolyMesh(**meshes), {h: np.arange(4.0) for h in sides})


def middles():
    return {h: round(float(image.mesh.parts[h].coordinates[:, 0].mean())) for h in sides}


before = middles()
plot_surf(surf_map=image, hemi="left")
print("nilearn", nilearn.__version__, "x of the sides before", before, "after", middles())
moved = middles() != before
fixed = InMemoryMesh(rng.standard_normal((4, 3)), faces)
fixed.coordinates.setflags(write=False)
try:
    plot_surf(fixed, np.arange(4.0))
    refused = False
except ValueError as error:
    refused = True
    print("read-only mesh:", error)
print("moved" if moved else "left alone", "and", "refused" if refused else "plotted")
raise SystemExit(0 if (moved, refused) == (nilearn.__version__ >= "0.13",) * 2 else 1)
PY
for version in 0.12.1 0.14.1; do
  python3 -m venv "venv$version"
  "venv$version/bin/pip" install --quiet "nilearn==$version" matplotlib==3.10.7 numpy==2.2.6 pandas==2.3.3
  "venv$version/bin/python" plot.py
done
