"""The kinds of jobs, and the function that does each.

A kind's function is named, not imported: pages know kinds and never import torch. It is
called in a process of its own as ``function(payload, report, cancelled)`` and returns the
path of its result:

payload
    The :class:`~jne_engine.jobs.records.JobSpec`'s mapping.
report
    A :class:`~jne_engine.jobs.reports.JobReport`: ``report(stage, done, total)`` at every
    block, which raises :class:`~jne_engine.core.errors.CancelledError` once the job is cancelled;
    ``report.epoch(stage, epoch, train_loss, validation_loss)``; ``report.identify(place, …)``
    as soon as it knows where the result will be; ``report.root``, the folder of runs.
cancelled
    ``cancelled()`` is True once the job is cancelled, for loops that report nothing.

What is complete when a function is cut off must be found again when it is called once more
with the same payload.
"""

from __future__ import annotations

KINDS: dict[str, str] = {
    "run": "jne_engine.jobs.kinds.run:do_run",
    "import": "jne_engine.jobs.kinds.imports:do_import",
    "features": "jne_engine.jobs.kinds.features:do_features",
    "export": "jne_engine.jobs.kinds.export:do_export",
    "deck": "jne_engine.jobs.kinds.deck:do_deck",
    "embed": "jne_engine.jobs.kinds.embed:do_embed",
    "means": "jne_engine.jobs.kinds.means:do_means",
    "simulate": "jne_engine.jobs.kinds.simulate:do_simulate",
    "spin": "jne_engine.jobs.kinds.spin:do_spin",
}
"""Every kind of job and the ``module:function`` that does it."""
