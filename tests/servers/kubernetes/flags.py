"""The flags of each component: loopback alone, and quick where upstream is patient."""

from pathlib import Path

_CONTROLLERS_WITHOUT = ("nodeipam", "node-route-controller", "cloud-node-lifecycle-controller")
SERVICE_RANGE = "10.96.0.0/16"


def flags(component: str, folder: Path, ports: dict[str, int], pods: str) -> list[str]:
    """Return the flags of a component.

    Args:
        component: Its name.
        folder: Of the control plane, with its keys and kubeconfigs.
        ports: A free port of each component, and ``peers``.
        pods: Range of addresses that pods get.
    """
    make = {
        "etcd": _etcd,
        "kube-apiserver": _api_server,
        "kube-controller-manager": _controllers,
        "kube-scheduler": _scheduler,
    }
    if component == "kwok":
        return _kwok(folder, ports, pods)
    return make[component](folder, ports)


def _etcd(folder: Path, ports: dict[str, int]) -> list[str]:
    return [
        *("--folder", str(folder / "etcd")),
        *("--clients", f"http://127.0.0.1:{ports['etcd']}"),
        *("--peers", f"http://127.0.0.1:{ports['peers']}"),
    ]


def _api_server(folder: Path, ports: dict[str, int]) -> list[str]:
    keys = folder / "keys"
    return [
        f"--etcd-servers=http://127.0.0.1:{ports['etcd']}",
        f"--secure-port={ports['kube-apiserver']}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",  # it would refuse loopback as an endpoint
        f"--tls-cert-file={keys / 'server.crt'}",
        f"--tls-private-key-file={keys / 'server.key'}",
        f"--client-ca-file={keys / 'ca.crt'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys / 'accounts.key'}",
        f"--service-account-signing-key-file={keys / 'accounts.key'}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--shutdown-delay-duration=0s",
        "--shutdown-watch-termination-grace-period=2s",  # an open watch held it for half a minute
    ]


def _controllers(folder: Path, ports: dict[str, int]) -> list[str]:
    keys = folder / "keys"
    return [
        *_follower(folder, "controllers", ports["kube-controller-manager"]),
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={keys / 'accounts.key'}",
        f"--root-ca-file={keys / 'ca.crt'}",
        f"--controllers=*,{','.join(f'-{name}' for name in _CONTROLLERS_WITHOUT)}",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--node-monitor-period=1s",  # a new node is tainted until the next look
        "--horizontal-pod-autoscaler-sync-period=2s",
    ]


def _scheduler(folder: Path, ports: dict[str, int]) -> list[str]:
    return _follower(folder, "scheduler", ports["kube-scheduler"])


def _follower(folder: Path, account: str, port: int) -> list[str]:
    """Flags of what works against the API server."""
    kubeconfig = folder / f"{account}.kubeconfig"
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / account}",
        "--leader-elect=false",
    ]


def _kwok(folder: Path, ports: dict[str, int], pods: str) -> list[str]:
    return [
        f"--kubeconfig={folder / 'kwok.kubeconfig'}",
        f"--config={folder / 'stages.yaml'}",
        "--manage-all-nodes=true",
        f"--cidr={pods}",
        "--node-ip=127.0.0.1",
        f"--server-address=127.0.0.1:{ports['kwok']}",
        f"--node-port={ports['kwok']}",
        f"--tls-cert-file={folder / 'keys' / 'server.crt'}",
        f"--tls-private-key-file={folder / 'keys' / 'server.key'}",
        "--node-lease-duration-seconds=40",
    ]
