"""Documents that the project makes, with their known content; see README.md."""
