"""The files of the published scripts."""
