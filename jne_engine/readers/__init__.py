"""Files on disk become typed datasets here; paths, layouts and dataset keys stop here.

Inside the package the order is guard → hdf5, numpy_files, tables → arrays → scripts →
description; nothing imports to the left.
"""
