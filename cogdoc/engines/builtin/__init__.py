"""The built-in engine: answers and charts from what a page literally contains, with no model to download.

Read in this order: `engine` (what the engine does with pages), `answering` (questions about text and tables),
`chart_pages` (charts on a page) and `charts` (one chart from its pixels, and questions about it).
"""
