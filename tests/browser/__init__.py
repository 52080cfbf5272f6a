"""What a person sees: pages and the viewer in a real browser."""
