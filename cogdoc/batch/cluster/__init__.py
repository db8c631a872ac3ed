"""Many machines: the same pipeline, with the work done by actors of a Ray cluster (https://docs.ray.io).

The driver, which is the process that the user started, keeps the plan, the order and the output. Files are opened by
reader actors of one CPU each, CogVLM2 runs in engine actors of one GPU each, and both kinds are started again
elsewhere when they or their machines die. Nothing but this package imports Ray, and nothing imports this package
unless a cluster is asked for.
"""
