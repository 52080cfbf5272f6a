"""The overview: a run in one look."""
