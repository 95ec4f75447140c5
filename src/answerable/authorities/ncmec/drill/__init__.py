"""A CyberTipline to try filing on: real HTTP on this machine, as strict as the real one is documented to be."""
