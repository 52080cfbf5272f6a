"""Files on disk become typed datasets here; paths, layouts and dataset keys stop here.

Inside the package the order is guard → hdf5, numpy_files, tables → arrays → scripts →
description, and for neuroimaging files guard → images, xml_guard → volume_headers, gifti, cifti,
freesurfer → volumes, annotations → surface_values → labels, meshes; nothing imports to the left.
"""
