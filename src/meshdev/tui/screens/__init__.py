"""One module per screen; `base` is the frame that all of them stand in."""
