"""Results as a page to look at: `--out html`."""
