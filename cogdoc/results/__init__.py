"""What cogdoc returns: records, the formats that they are written in, and the files that they are written to."""
