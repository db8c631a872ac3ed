"""Runs the same pipeline on many machines, with the work done by actors of a Ray cluster (https://docs.ray.io).

The driver is the process that the user started. It has the plan, the order of the results and the output. Parsing
actors, with one CPU each, open the files; engine actors, with one GPU each, run CogVLM2. When an actor or its machine
dies, another is started elsewhere. Only this package imports Ray, and it is imported only for `--cluster`.
"""
