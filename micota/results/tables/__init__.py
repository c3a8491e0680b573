"""One file a table: `make(files, out, **settings)`; micota/workflow/tables.py says which files and settings it gets."""
