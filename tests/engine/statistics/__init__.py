"""Tests of the statistics, each against a library or a plain loop."""
