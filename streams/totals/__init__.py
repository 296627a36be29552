"""The day bins of a flow in; rolling windows, projection, daily figures and conflicts out."""
