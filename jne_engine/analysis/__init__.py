"""What pages, the command line and reports may ask of a stored run.

Numbers only: numpy and pandas in, tables, arrays and plain values out. Nothing here fits, draws,
or knows a page.
"""
