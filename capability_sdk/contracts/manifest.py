"""``capability.toml``: what a capability version is, in its author's words."""

import hashlib
import operator
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from capability_sdk.contracts.errors import InvalidInput
from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.model import PLAIN_LINE, CapabilityName, SemanticVersion, Strict
from capability_sdk.contracts.settings import MAX_SETTINGS, Setting, SettingName, Value

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN_LINE)]


class AlgorithmFamily(StrEnum):
    """What the scheduler matches with the families that a node supports."""

    GRADIENT_BOOSTING = "gradient-boosting"
    RANDOM_FOREST = "random-forest"
    LSTM = "lstm"
    CNN = "cnn"
    TRANSFORMER = "transformer"
    MLP = "mlp"
    LINEAR = "linear"
    RULE = "rule"


class Engine(StrEnum):
    """What executes the model."""

    ONNX = "onnx"
    XGBOOST = "xgboost"
    LIGHTGBM = "lightgbm"
    PYTHON = "python"
    TRITON = "triton"


class Task(StrEnum):
    """What quality means for a capability."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    OTHER = "other"


class Titles(Strict):
    """A name for people, in both languages."""

    zh: Line
    en: Line


class TensorSpec(Strict):
    """One input or output tensor, without the batch dimension."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,62}$")]
    datatype: Datatype
    shape: list[Annotated[int, Field(ge=-1, le=1_000_000)]] = []
    unit: str = ""
    description: str = ""
    sensitive: bool = Field(
        default=False, description="Never profiled: not even its counts leave the province."
    )
    levels: list[str] | None = Field(
        default=None, description="Declared categories; only these are ever named outside."
    )

    @property
    def elements(self) -> int:
        """Elements of one row; -1 dimensions count as 1."""
        product = 1
        for dimension in self.shape:
            product *= max(dimension, 1)
        return product


class Quality(Strict):
    """Which output is judged by feedback, and how."""

    task: Task = Task.OTHER
    output: str | None = Field(default=None, description="Name of the judged output tensor.")
    labels: list[str] | None = Field(
        default=None, description="Class names, in the order of class numbers."
    )


class Objectives(Strict):
    """Service level objectives."""

    p99_ms: Annotated[float, Field(gt=0)] = 1000.0
    availability: Annotated[float, Field(gt=0, lt=1)] = 0.999
    rate_per_second: Annotated[float, Field(gt=0, le=2000)] = Field(
        default=20.0, description="Calls a second at which they hold; the gate sends as many."
    )


class Resources(Strict):
    """Declared resource profile of one instance; the measured passport outranks it."""

    cpu_millicores: Annotated[int, Field(ge=1, le=1_000_000)] = 250
    memory_mib: Annotated[int, Field(ge=1, le=4_000_000)] = 256
    gpu_milli: Annotated[int, Field(ge=0, le=64_000)] = 0


class Manifest(Strict):
    """The content of ``capability.toml``."""

    name: CapabilityName
    version: SemanticVersion
    titles: Titles
    summary: Titles
    domain: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    owner: Line
    licence: Line = "proprietary"
    algorithm_family: AlgorithmFamily
    engine: Engine = Engine.ONNX
    inputs: Annotated[list[TensorSpec], Field(min_length=1, max_length=200)]
    outputs: Annotated[list[TensorSpec], Field(min_length=1, max_length=200)]
    stateless: bool = True
    max_batch_size: Annotated[int, Field(ge=1, le=4096)] = 64
    quality: Quality = Quality()
    objectives: Objectives = Objectives()
    resources: Resources = Resources()
    settings: Annotated[dict[SettingName, Setting], Field(max_length=MAX_SETTINGS)] = Field(
        default={},
        description="What a province may choose; the code finds it in its context.",
        exclude_if=operator.not_,  # an earlier edge refuses a manifest with a member that it does not know
    )

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        for kind, specs in (("inputs", self.inputs), ("outputs", self.outputs)):
            names = [spec.name for spec in specs]
            repeated = sorted({name for name in names if names.count(name) > 1})
            if repeated:
                raise ValueError(f"{kind} name a tensor twice: {', '.join(repeated)}")
        judged = self.quality.output
        if judged is not None and judged not in {spec.name for spec in self.outputs}:
            raise ValueError(f"quality.output {judged!r} is not an output")
        if self.quality.task is Task.CLASSIFICATION and not (judged and self.quality.labels):
            raise ValueError("quality of a classification needs output and labels")
        if self.settings and self.engine is not Engine.PYTHON:
            raise ValueError("settings are read by code: they need engine 'python'")
        return self

    @property
    def defaults(self) -> dict[str, Value]:
        """The settings as they are where nobody chooses."""
        return {name: setting.default for name, setting in self.settings.items()}

    def chosen(self, values: Mapping[str, Value]) -> Self:
        """Return the manifest with what a province chose in place of its defaults.

        Names that it does not declare are another version's and are left out.

        Raises:
            InvalidInput: A value is not taken.
        """
        settings = dict(self.settings)
        for name in settings.keys() & values.keys():
            if (reason := settings[name].refusal(values[name])) is not None:
                raise InvalidInput(f"{name} {reason}.", field=name)
            settings[name] = settings[name].model_copy(update={"default": values[name]})
        return self.model_copy(update={"settings": settings})

    @property
    def face(self) -> str:
        """Digest of what callers, process and node meet: name, engine, family and tensors.

        Versions of equal code and equal face differ in their weights alone, so a running instance
        may take one beside the other.
        """
        members = {"name", "engine", "algorithm_family", "inputs", "outputs"}
        text = self.model_dump_json(include=members, by_alias=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read a manifest.

        Raises:
            InvalidInput: The text is no TOML, or a field of it is not acceptable.
        """
        try:
            return cls.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise InvalidInput(f"capability.toml is not TOML: {error}") from error
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
            raise InvalidInput(
                f"capability.toml: {'; '.join(problems)}", fields=problems
            ) from error
