"""Every route, asked by everybody, held against what an independent oracle says they may see."""
