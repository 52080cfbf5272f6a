"""Speed and memory as ratios to measured ceilings and rivals, on the machine at hand."""
