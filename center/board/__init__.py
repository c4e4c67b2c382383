"""One screen of all provinces and capabilities: above the domains whose figures it joins."""
