"""The settings in; a running worker, or a sentence that says why it cannot run, out."""
