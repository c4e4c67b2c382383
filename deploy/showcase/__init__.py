"""The main job, walked once on real data when the demo platform starts for the first time."""
