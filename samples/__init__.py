"""Documents made by the project, with what is known to stand in them; see README.md."""
