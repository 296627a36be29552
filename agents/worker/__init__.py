"""The settings in; a running worker, or the sentence that says why it cannot run, out."""
