"""The stages of the pipeline, one a file: records of one topic in, records of the next topic out."""
