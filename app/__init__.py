"""Evidence Ledger: what the studies say about a treatment for a condition, how sure one can be, and why."""

import gc

# Nearly all that is made lives as long as the process, or for one request: looking for garbage every 700 objects found little and took
# a sixth of the start.
gc.set_threshold(50_000, 20, 50)
