"""Journeys as data: one YAML file each. This package only reads and checks them; `domain` walks them."""
