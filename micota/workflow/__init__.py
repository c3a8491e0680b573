"""What the Snakefile asks: the command line, the profile, resources, paths, runs.

In: Snakemake's settings and arguments. Out: resources of jobs, and refusals in one line.

May import: provenance and below.
"""
