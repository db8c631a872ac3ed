"""The reading cache: what documents say, kept on disk between runs, so that a page is read once.

`CachingWorkers` looks the results of worker processes up in a `CacheDatabase`. A result is found again if the file's
bytes, the page, the options of reading and the version of the readers are the same.
"""
