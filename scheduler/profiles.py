"""What an instance needs: its family's profile, then the author's declaration, then the passport.

The profile of a family is that of a nominal model, measured by ``python -m tests.bench.families`` on a
node of score 1000 (ONNX Runtime 1.31, one thread, batches of one row); of a rule only the memory of its
worker is measured, and its call is taken to cost as much as the request around it. A profile fills in for what nobody said
about a version; it is no claim about models much larger than the nominal one, which is what the
declaration is for, until the publish gate has measured the version.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine, Resources
from capability_sdk.contracts.passport import NODE_SCORE, Passport
from capability_sdk.contracts.resources import (
    FamilyProfile,
    ResourceFigure,
    ResourceWeights,
    Source,
    VersionProfile,
)
from capability_sdk.contracts.scheduling import LocalDeployment
from capability_sdk.gate.prediction import request_cpu_seconds
from scheduler.domain import Demand

RUNTIME_MEMORY_MIB = 64
"""What the serving runtime takes before a model is loaded: 50 to 55 MiB, measured, and a margin."""
TRITON_MEMORY_MIB = 144
"""What a tritonserver takes besides: 36 MiB, 73 for the process of its model, 30 for its client."""

_RUNTIME_MICROSECONDS = 40.0
"""CPU of a request around the engine (ADR 7)."""
_PROFILE_RATE = 1000.0
"""Requests a second that a profile reserves for: more than most capabilities ever see."""
_HEADROOM = 2.0
"""Over the CPU time that the declared rate takes, so that queues stay short."""
_LEAST_MILLICORES = 10
_WHOLE_GPU_MACS = 10e6
"""Multiply-adds of a row at which a GPU counts for as much as a whole core."""
_GIB_MIB = 1024


@dataclass(frozen=True, slots=True)
class _Nominal:
    """A usual model of a family, and what it costs."""

    model: str
    microseconds_per_row: float
    memory_mib: int
    macs_per_row: float


_NOMINAL: Mapping[AlgorithmFamily, _Nominal] = {
    AlgorithmFamily.LINEAR: _Nominal("20 numbers, 2 classes", 4.2, 8, 40),
    AlgorithmFamily.RULE: _Nominal(
        "a rule in Python, in its worker process", _RUNTIME_MICROSECONDS, 33, 0
    ),
    AlgorithmFamily.MLP: _Nominal("64-256-128-10", 6.6, 8, 50e3),
    AlgorithmFamily.GRADIENT_BOOSTING: _Nominal("100 trees of depth 6, 20 numbers", 5.9, 11, 0),
    AlgorithmFamily.RANDOM_FOREST: _Nominal("100 trees of depth 12, 20 numbers", 6.8, 46, 0),
    AlgorithmFamily.LSTM: _Nominal("64 units over 96 steps of 8 numbers", 76.8, 11, 1.8e6),
    AlgorithmFamily.CNN: _Nominal("32 and 64 filters 3x3 over 28x28", 36.4, 12, 3.8e6),
    AlgorithmFamily.TRANSFORMER: _Nominal("2 layers, 64 tokens of width 128", 221.7, 23, 25.2e6),
}


def family_profile(family: AlgorithmFamily) -> FamilyProfile:
    """Return what an instance of a family usually needs.

    A weight is the share of its resource in what limits the nominal model: of a core at 1,000 requests
    a second, of a GiB of memory, and of a GPU by its multiply-adds.
    """
    nominal = _NOMINAL[family]
    cores = _PROFILE_RATE * (_RUNTIME_MICROSECONDS + nominal.microseconds_per_row) / 1e6
    memory_mib = RUNTIME_MEMORY_MIB + nominal.memory_mib
    gpu = nominal.macs_per_row / _WHOLE_GPU_MACS
    total = cores + gpu + memory_mib / _GIB_MIB
    return FamilyProfile(
        family=family,
        nominal_model=nominal.model,
        weights=ResourceWeights(
            cpu=round(cores / total, 3),
            gpu=round(gpu / total, 3),
            memory=round(memory_mib / _GIB_MIB / total, 3),
        ),
        cpu_microseconds_per_row=nominal.microseconds_per_row,
        cpu_millicores=_up(cores * 1000),
        memory_mib=memory_mib,
    )


def family_profiles() -> list[FamilyProfile]:
    """Return the profile of every family."""
    return [family_profile(family) for family in AlgorithmFamily]


def version_profile(deployment: LocalDeployment) -> VersionProfile:
    """Say what one instance of a version needs, and where each figure comes from.

    CPU is in cores of the reference node: a passport's times are those of the node that measured, and
    its score turns them.
    """
    manifest = deployment.manifest
    profile = family_profile(manifest.algorithm_family)
    passport = Passport.model_validate(deployment.passport)
    return VersionProfile(
        capability=deployment.capability,
        version=deployment.version,
        family=manifest.algorithm_family,
        engine=(deployment.engine or manifest.engine).value,
        weights=profile.weights,
        cpu_millicores=_cpu(
            manifest.resources, profile, passport, manifest.objectives.rate_per_second
        ),
        memory_mib=_memory(deployment, profile, passport),
        gpu_milli=_said("gpu_milli", manifest.resources, profile.gpu_milli),
        best_batch=passport.best_batch,
        latency=passport.batches,
    )


def demand_of(deployment: LocalDeployment) -> Demand:
    """Say what one instance asks of a node."""
    needs = version_profile(deployment)
    return Demand(
        engine=needs.engine,
        family=needs.family.value,
        cpu_millicores=needs.cpu_millicores.amount,
        memory_mib=needs.memory_mib.amount,
        gpu_milli=needs.gpu_milli.amount,
        batch_rows=needs.best_batch or 0,
    )


def _cpu(
    declared: Resources, profile: FamilyProfile, passport: Passport, rate: float
) -> ResourceFigure:
    of_a_request = request_cpu_seconds(passport, 1, NODE_SCORE)
    if not of_a_request:
        return _said("cpu_millicores", declared, profile.cpu_millicores)
    measured = _up(rate * of_a_request * _HEADROOM * 1000)
    return ResourceFigure(amount=max(measured, _LEAST_MILLICORES), source=Source.PASSPORT)


def _memory(
    deployment: LocalDeployment, profile: FamilyProfile, passport: Passport
) -> ResourceFigure:
    figure = _said("memory_mib", deployment.manifest.resources, profile.memory_mib)
    if passport.peak_bytes:
        figure = ResourceFigure(amount=_mib(passport.peak_bytes), source=Source.PASSPORT)
    elif passport.memory_bytes:
        # Of earlier gates: what the model adds, and the runtime itself is there besides.
        amount = RUNTIME_MEMORY_MIB + _mib(passport.memory_bytes)
        figure = ResourceFigure(amount=amount, source=Source.PASSPORT)
    if deployment.engine is Engine.TRITON:
        return figure.model_copy(update={"amount": figure.amount + TRITON_MEMORY_MIB})
    return figure


def _said(name: str, declared: Resources, usual: int) -> ResourceFigure:
    """Take the author's figure; one that equals the manifest's default says nothing."""
    amount = getattr(declared, name)
    if amount == Resources.model_fields[name].default:
        return ResourceFigure(amount=usual, source=Source.PROFILE)
    return ResourceFigure(amount=amount, source=Source.DECLARATION)


def _mib(size: int) -> int:
    """Round bytes up to MiB."""
    return -(-size // (1 << 20))


def _up(amount: float) -> int:
    return -int(-amount // 1)
