"""File formats, one a file: each is checked before it is read, and only the file itself is read.

Inside the room the order is guard, then hdf5, numpy_files, images, xml_guard, then volume_headers,
gifti, cifti, freesurfer, then volumes, annotations, then surface_values, then labels, meshes.
"""
