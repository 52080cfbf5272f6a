"""What the cortical viewer costs in a real Chromium, beside Plotly's mesh in the same run."""
