"""Simulations that show what JNE measures, and where it does not (the paper's Result I).

``settings`` and ``results`` need no torch, so pages may import them; the simulations
themselves do, so they run in the command line or a worker.
"""
