"""What a notebook sees: stored runs, their brain, fits of arrays, and an estimator."""
