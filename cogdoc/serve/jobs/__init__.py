"""Work that takes long: jobs that a client starts, watches and collects, and that outlive the server."""
