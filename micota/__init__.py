"""MiCoTA: mid-CoT teacher assistant distillation, as a library of small parts.

Nothing here imports `scripts` or Snakemake; torch, transformers, TRL, vLLM and mergekit are imported
inside the functions that need them, so that `--help` and the unit tests of the pure core start at once.
"""
