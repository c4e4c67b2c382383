"""How quick the console feels over a country's figures, measured in Chromium."""
