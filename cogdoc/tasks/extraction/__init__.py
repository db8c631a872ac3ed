"""What `extract` searches: the file itself, tables, pages; and how printed text becomes typed values."""
