"""What reviewers do with a version before it is published, and how it is retired afterwards."""
