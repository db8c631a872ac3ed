"""Blocks, tables, charts and fields as Markdown."""
