"""The command line: a file for each command, and the options, messages and progress that they share."""
