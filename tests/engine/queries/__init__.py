"""Tests of the queries, module by module."""
