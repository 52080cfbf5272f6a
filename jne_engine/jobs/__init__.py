"""Jobs: long work in processes of their own, asked for through one table beside the runs.

Whoever wants something done writes a :class:`~jne_engine.jobs.records.JobSpec` into the table; one
worker, a process that outlives who started it, takes jobs one after another and gives each a
process and a session of its own. The table says how far each is; cancelling, retrying and
deleting are changes of a row. See docs/decisions.md for the promises.
"""
