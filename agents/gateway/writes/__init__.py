"""Reports and mutes by HTTP in; records on Kafka, or one problem document, out."""
