"""Tests of the simulations, one file a module."""
