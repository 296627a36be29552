"""The history of a flow in; the expected daily rate and the threshold of a day out."""
