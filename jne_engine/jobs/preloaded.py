"""What the fork server imports, so that no job has to wait for it."""

import torch._dynamo  # noqa: F401 - torch's optimizers import it late, and it takes a second

import jne_engine.datasets.layers  # noqa: F401
import jne_engine.runs.pipeline  # noqa: F401
import jne_engine.simulations.subject  # noqa: F401
