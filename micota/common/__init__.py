"""What every room uses: errors, records, file formats of tables, the hub, devices.

Nothing here knows a trace, a model or a study. In: paths and values. Out: records (one JSON object a line), and errors
that a user can act on.

May import: nothing of micota.
"""
