"""Tests of the benchmark's own arithmetic; never of speed."""
