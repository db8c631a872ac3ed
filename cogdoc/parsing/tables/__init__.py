"""Build tables with cells from the words and the grid of straight lines that a layout model gives.

Start with `table_building`, which calls the other modules in this order: `phrases` groups words into phrases and
columns, `sign_columns` joins currency signs and units to their numbers, `fused_phrases` cuts phrases that a narrow gap
joined, `row_corrections` joins and splits rows, `header_spans` finds header cells that span columns or rows,
`row_labels` finds names that span several rows, and `header_flags` tells which cells are headers.
"""
