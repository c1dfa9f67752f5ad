"""Printed codes: one Typst template, fonts of our own, a PDF to print and a PNG to send."""
