"""Tests of the viewer's surfaces."""
