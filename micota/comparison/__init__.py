"""Two studies or runs side by side: what differs in settings, corpora, numbers, claims and verdicts on traces.

In: two folders of results, or of a committed reference. Out: sections of cells, in a terminal and as one page.

May import: provenance and below.
"""
