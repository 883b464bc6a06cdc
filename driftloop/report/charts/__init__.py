"""Pictures of a report: small static SVG, drawn here, with a title and a description that say the same in words."""
