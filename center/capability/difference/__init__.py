"""What is different between two versions of a capability, part by part."""
