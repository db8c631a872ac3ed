"""Tables as text, HTML and cells of spreadsheets."""
