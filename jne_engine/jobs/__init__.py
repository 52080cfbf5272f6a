"""Jobs: long work in processes of their own, asked for through one table beside the runs.

Whoever wants something done writes a :class:`JobSpec` into the table; one worker, a process
that outlives who started it, takes jobs one after another and gives each a process and a
session of its own. The table says how far each is; cancelling, retrying and deleting are
changes of a row. See docs/decisions.md for the promises.
"""

from jne_engine.jobs.catalogue import KINDS
from jne_engine.jobs.data_requests import (
    request_deck,
    request_embedding,
    request_export,
    request_features,
    request_import,
    request_layers,
    request_means,
    request_simulation,
)
from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.jobs.records import ACTIVE, INTERNAL, STATES, EpochLoss, JobRecord, JobSpec, State
from jne_engine.jobs.requests import (
    DEMO_HIDDEN,
    DEMO_SIZES,
    SIMULATED_STUDY,
    SMALL_DEMO_HIDDEN,
    SMALL_DEMO_SIZES,
    request_demo,
    request_demo_study,
    request_run,
    request_spin,
)
from jne_engine.jobs.studies import (
    StudyRow,
    add_to_study,
    list_studies,
    remove_study,
    tabulate_study,
)

__all__ = [
    "ACTIVE",
    "DEMO_HIDDEN",
    "DEMO_SIZES",
    "INTERNAL",
    "KINDS",
    "SIMULATED_STUDY",
    "SMALL_DEMO_HIDDEN",
    "SMALL_DEMO_SIZES",
    "STATES",
    "EpochLoss",
    "JobRecord",
    "JobSpec",
    "Jobs",
    "State",
    "StudyRow",
    "add_to_study",
    "list_studies",
    "open_jobs",
    "remove_study",
    "request_deck",
    "request_demo",
    "request_demo_study",
    "request_embedding",
    "request_export",
    "request_features",
    "request_import",
    "request_layers",
    "request_means",
    "request_run",
    "request_simulation",
    "request_spin",
    "tabulate_study",
]
