"""From a data set as its authors publish it to one folder a subject that runs can be made of.

An importer reads a source tree through :mod:`jne_engine.readers` and writes a folder that
:func:`jne_engine.readers.description.read_dataset` reads; before that it can tell what it found.
"""

from jne_engine.importers.algonauts import import_algonauts, preview_algonauts
from jne_engine.importers.algonauts_plan import AlgonautsRequest
from jne_engine.importers.attach import attach_features
from jne_engine.importers.descriptions import describe_arrays, describe_scripts
from jne_engine.importers.nsd import import_nsd
from jne_engine.importers.nsd_plan import NsdRequest
from jne_engine.importers.nsd_preview import preview_nsd
from jne_engine.importers.preview import Preview

__all__ = [
    "AlgonautsRequest",
    "NsdRequest",
    "Preview",
    "attach_features",
    "describe_arrays",
    "describe_scripts",
    "import_algonauts",
    "import_nsd",
    "preview_algonauts",
    "preview_nsd",
]
