"""What outputs are called, whatever framework a model comes from; the native engines say the same."""

LABEL = "label"
PROBABILITIES = "probabilities"
SCORES = "scores"
VALUE = "value"
OUTPUTS = frozenset({LABEL, PROBABILITIES, SCORES, VALUE})
