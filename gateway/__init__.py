"""The HTTP door: WeCom callbacks and till pushes come in here. Needs no running worker."""
