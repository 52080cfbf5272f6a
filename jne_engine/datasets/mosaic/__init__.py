"""MOSAIC: eight data sets on fs_LR 32k."""
