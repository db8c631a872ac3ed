"""Divide the text of a page into blocks, in reading order.

Start with `block_detection`, which runs the layout models and gives each region its words. Then, in the order in which
they run: `model_input` makes the file that the models see, `picture_tables` tells pictures that may be tables,
`empty_cells` reads what OCR overlooked in tables, `columns` divides blocks of short columns, `running_headers` decides
about headers and footers with the lines of `earlier_pages`, and `field_rows` joins the columns of forms and receipts.

`single_column` tells which pages have text that needs no models to be put in order.
"""
