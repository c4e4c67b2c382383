"""A real Kubernetes 1.36 control plane on loopback, with fake nodes: how it is built and started."""
