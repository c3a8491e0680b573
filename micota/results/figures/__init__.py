"""One file a figure: `draw(rows)` gives each image, by its name, from the rows of one table."""
