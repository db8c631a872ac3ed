"""Writes documents as searchable PDF files: their pages as they are, with invisible text where OCR read them."""
