"""Reads charts without a model: marks are measured, labels are read.

Start with `chart_recognition`, which tries the kinds of charts in turn. A chart's words become labels
(`cogdoc.parsing.picture_labels`), its pixels or vector paths become marks (`marks`, `bar_layout`, `dots`, `curves`,
`discs`, with `colors`).
`bars`, `lines` and `pies` put both together, with `axes`, `categories`, `legend`, `titles` and `mark_values`.
`chart_tables` turns charts into the tables that questions are answered from, with `color_words`.
"""
