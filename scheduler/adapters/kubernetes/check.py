"""Whether a cluster can be used at all, asked before anything is begun, with what to do where not."""

import asyncio
from pathlib import Path

from scheduler.adapters.kubernetes.connection import (
    Cluster,
    ClusterRefused,
    ClusterUnreachable,
    connect,
)
from scheduler.adapters.kubernetes.kinds import CONFIG_MAP, READ, WRITTEN, Kind
from scheduler.errors import ClusterUnusable

RIGHTS = "deploy/kubernetes/scheduler.yaml"
_OLDEST = (1, 30)
_UNAUTHENTICATED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


async def open_cluster(kubeconfig: Path, namespace: str) -> Cluster:
    """Connect, and require version, namespace and rights.

    Raises:
        ClusterUnusable: Something is missing; the message says what to do.
    """
    cluster = await connect(kubeconfig)
    try:
        await _require_usable(cluster, namespace)
    except ClusterUnreachable as error:
        await cluster.close()
        raise ClusterUnusable(
            f"No API server answers at {cluster.address} ({error}): is the cluster up, and is"
            f" {kubeconfig} its kubeconfig?"
        ) from error
    except ClusterRefused as error:
        await cluster.close()
        raise ClusterUnusable(_why(error, kubeconfig, namespace, cluster.address)) from error
    except ClusterUnusable:
        await cluster.close()
        raise
    return cluster


async def check_cluster(kubeconfig: Path, namespace: str) -> None:
    """Require that a cluster can be used.

    Raises:
        ClusterUnusable: It cannot; the message says what to do.
    """
    cluster = await open_cluster(kubeconfig, namespace)
    await cluster.close()


async def _require_usable(cluster: Cluster, namespace: str) -> None:
    version = await cluster.get("/version")
    found = (int(version["major"]), int("".join(filter(str.isdigit, version["minor"]))))
    if found < _OLDEST:
        raise ClusterUnusable(
            f"{cluster.address} is Kubernetes {version['gitVersion']}; {_OLDEST[0]}.{_OLDEST[1]} or"
            " newer is needed."
        )
    asked = [(kind, verb) for kind in (*WRITTEN, *READ) for verb in kind.verbs]
    answers = await asyncio.gather(*(_is_allowed(cluster, namespace, *pair) for pair in asked))
    missing = [
        f"{verb} {kind.plural}"
        for (kind, verb), allowed in zip(asked, answers, strict=True)
        if not allowed
    ]
    if missing:
        raise ClusterUnusable(
            f"The kubeconfig's user may not {', '.join(missing)} in namespace {namespace}: apply"
            f" {RIGHTS}, and use the token of its service account."
        )
    # Who may do all this in a namespace may still not ask whether there is one.
    trial = {"metadata": {"generateName": "jiuzhou-"}}
    await cluster.create(CONFIG_MAP.path(namespace), trial, is_trial=True)


async def _is_allowed(cluster: Cluster, namespace: str, kind: Kind, verb: str) -> bool:
    act = {"verb": verb, "group": kind.group, "resource": kind.plural}
    if kind.is_namespaced:
        act["namespace"] = namespace
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": act},
    }
    answer = await cluster.create(_REVIEWS, review)
    return bool(answer["status"]["allowed"])


def _why(refusal: ClusterRefused, kubeconfig: Path, namespace: str, address: str) -> str:
    if refusal.status == _UNAUTHENTICATED:
        return f"{address} does not accept the credential of {kubeconfig}: make a new one."
    if refusal.status == _NOT_FOUND:
        return f"{address} has no namespace {namespace}: make it, or name another one."
    if refusal.status == _FORBIDDEN:
        return f"{address} forbids it: {refusal}; apply {RIGHTS}."
    return f"{address} refuses: {refusal}"
