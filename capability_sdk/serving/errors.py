"""What a caller, or whoever starts an instance, can do wrong; each names what was expected."""

from capability_sdk.contracts.errors import (
    Conflict,
    InvalidInput,
    InvalidRequest,
    NotFound,
    ServiceError,
    Unavailable,
)


class MalformedRequest(InvalidRequest):
    """The body is not an infer request of the protocol."""

    code = "malformed-infer-request"
    title = "The body is not an infer request"
    cure = "Send an infer request as the capability's OpenAPI document shows it."


class TensorMismatch(InvalidRequest):
    """A tensor is not what the capability takes."""

    code = "tensor-mismatch"
    title = "A tensor is not what the capability takes"
    cure = "Give the tensor the name, datatype and shape that the contract says."


class NoSuchAddress(NotFound):
    """The protocol has no such address, or this instance serves another capability."""

    code = "no-such-address"
    title = "This instance does not serve this address"
    cure = "Use an address of the Open Inference Protocol for a capability that runs here."


class ModelNotServed(NotFound):
    """This instance does not have the model, or not in this version."""

    code = "model-not-served"
    title = "This instance does not serve this model"
    cure = "Name a version that is in service, or none."


class MethodNotAllowed(ServiceError):
    """The address exists, for another method."""

    code = "method-not-allowed"
    title = "This address does not know this method"
    status = 405
    cure = "Use the method that the Allow header names."


class EncodingNotSupported(ServiceError):
    """A compressed body could inflate to anything; tensors travel as they are."""

    code = "encoding-not-supported"
    title = "Compressed bodies are not taken"
    status = 415
    cure = "Send the body as it is, without Content-Encoding."


class InstanceBusy(Unavailable):
    """As many requests wait as may wait."""

    code = "instance-busy"
    title = "The instance has more requests than it can take"
    cure = "Try again shortly, or put several rows into a call."


class InstanceNotReady(Unavailable):
    """The instance is about to stop."""

    code = "instance-not-ready"
    title = "The instance is not ready"
    cure = "Try again shortly: another instance takes over."


class InputRefusedByModel(InvalidInput):
    """The tensors have the declared form, but the model cannot compute them."""

    code = "input-refused-by-model"
    title = "The model cannot compute this input"
    cure = "Correct the values: the detail says what the model does not take."


class ModelFailed(ServiceError):
    """The model broke on well-formed input."""

    code = "model-failed"
    title = "The model failed"
    cure = "Send the request id to the capability's owner, whose model broke on this input."


class ModelCrashed(ModelFailed):
    """The process that runs the package's code ended while it computed."""

    code = "model-crashed"
    title = "The model's process ended on this input"


class ModelHung(ModelCrashed):
    """The package's code did not answer in time, and its process was ended."""

    code = "model-hung"
    title = "The model did not answer in time"
    cure = "Send fewer rows at once; if that lasts, send the request id to the capability's owner."


class ModelRestarting(Unavailable):
    """The process that runs the package's code is not up again yet."""

    code = "model-restarting"
    title = "The model's process is starting again"
    cure = "Try again shortly."


class InputQuarantined(InvalidInput):
    """The input ended the model's process again and again."""

    code = "input-quarantined"
    title = "This input is in quarantine"
    cure = "Leave this input out, and send the request id to the capability's owner."


class UnusablePackage(ServiceError):
    """The package cannot be served; the instance does not start."""

    code = "unusable-package"
    title = "The package cannot be served"


class NotSwappable(Conflict):
    """A version differs from what is in service in more than its weights."""

    code = "not-swappable"
    title = "Only weights can be swapped in a running instance"


class LastModel(Conflict):
    """The only model would be taken away: load comes before unload."""

    code = "last-model"
    title = "The instance serves nothing else"
