"""The deep reader as an engine: CogVLM2 looks at a page's picture, and its literal words check what it says."""
