"""What the cortical viewer shows, and how it travels: frozen scenes packed into bytes.

A scene is cut into *blobs* named by the hash of their content (topology, each shape, each map,
each label set, the colour maps), so that a browser that has a blob is never sent it again.
Inside the package the order is blobs → surface, maps, labels → scene → header.
"""

from jne_engine.viewer.payload.blobs import Blob, pack, unpack
from jne_engine.viewer.payload.header import scene_header, split_header
from jne_engine.viewer.payload.labels import ViewerLabels
from jne_engine.viewer.payload.maps import MapKind, ViewerMap, Wire
from jne_engine.viewer.payload.scene import VIEWS, View, ViewerScene, colour_blob
from jne_engine.viewer.payload.surface import ViewerShape, ViewerSurface

__all__ = [
    "VIEWS",
    "Blob",
    "MapKind",
    "View",
    "ViewerLabels",
    "ViewerMap",
    "ViewerScene",
    "ViewerShape",
    "ViewerSurface",
    "Wire",
    "colour_blob",
    "pack",
    "scene_header",
    "split_header",
    "unpack",
]
