"""The brain viewer's data: meshes, maps, scenes, and its JavaScript as one text."""
