"""Tests of the readers, one file a module, on files written in exactly their layouts."""
