"""Build tables with cells from the words and the grid of straight lines that a layout model gives.

Start with `table_building`, which calls the other modules in this order: `phrases` groups words into phrases and
columns, `fused_phrases` cuts those that a narrow gap joined, `row_corrections` joins and splits rows, and
`header_spans` finds header cells that span columns or rows, and `row_labels` finds names that span several rows.
"""
