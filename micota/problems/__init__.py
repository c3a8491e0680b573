"""Problems and benchmarks: read, made, cleaned, decontaminated.

In: files or hub data sets in any of the known forms, or settings of procedural arithmetic. Out: problem records (id,
problem, answer, source) and a report of what was left out.

May import: common.
"""
