"""LAION-fMRI."""
