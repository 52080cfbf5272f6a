"""The still picture of a scene, for browsers without WebGL2: drawn in memory, no window, no GPU.

Inside the package the order is rasteriser → painting → picture. A picture of fs_LR 32k takes
about a second of one core.
"""

from jne_engine.viewer.still.painting import choose_range
from jne_engine.viewer.still.picture import draw_still, pack_still

__all__ = ["choose_range", "draw_still", "pack_still"]
