"""Plotly figures: tables and arrays in, a figure out; one template, one palette."""
