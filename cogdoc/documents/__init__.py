"""Documents and their pages: where they come from, and the sandbox that opens, renders and reads them."""
