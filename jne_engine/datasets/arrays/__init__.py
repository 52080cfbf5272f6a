"""Plain arrays: features and responses side by side."""
