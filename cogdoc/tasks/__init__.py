"""What is done with a document: ask, ocr, extract, chart, tables, search. A document and an engine in, records out."""
