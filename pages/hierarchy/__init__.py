"""The ROI hierarchy."""
