"""Compute engine of JNE Explorer: encoding models, their Jacobians, and JNE.

The engine never imports Streamlit; it is used by the dashboard, by the command
line (``python -m jne_engine``) and from Python alike.
"""

__version__ = "0.1.0"
