"""Where results come from: the manifest, the sources of values, draws on other machines.

In: a study and its outputs. Out: manifest.json, docs/deviations.md and docs/provenance.md, distances between draws.

May import: results, planning and below.
"""
