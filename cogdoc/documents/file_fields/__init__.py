"""What a file itself says about its fields: those of interactive forms, and those of invoices that programs read.

`form_field` and `invoice_terms` have the data types, `reading` the functions that worker processes run.
"""
