"""Where responses lie: surfaces, volumes, ROIs, and the way from a volume to a surface."""
