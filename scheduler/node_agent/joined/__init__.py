"""The agent of a machine that joined a province: it polls, fetches, runs and reports."""
