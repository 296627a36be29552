"""Cases: inputs on which a figure once came out wrong, each with what must come out."""
