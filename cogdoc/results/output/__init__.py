"""Where results are written: standard output, files, folders, object stores."""
