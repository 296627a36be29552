"""What flows: pure, synchronous, typed; no I/O and no clock but the argument."""
