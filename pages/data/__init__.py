"""Data, runs and jobs."""
