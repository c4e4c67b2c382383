"""Trains a PyTorch network and writes the package around it: python train.py."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from capability_sdk.conversion import package

SEED = 7
FEATURES = 8


def observe(rows: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make up curves and their next value; put your own data here."""
    random = np.random.default_rng(SEED)
    phase = random.uniform(0, 2 * np.pi, (rows, 1))
    steps = np.arange(FEATURES + 1) / 4
    curves = np.sin(phase + steps) + random.normal(0, 0.05, (rows, FEATURES + 1))
    return curves[:, :-1].astype(np.float32), curves[:, -1:].astype(np.float32)


def fit(curves: NDArray[np.float32], following: NDArray[np.float32]) -> torch.nn.Module:
    """Fit the network; the seed makes a second training give the same weights."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    network = torch.nn.Sequential(
        torch.nn.Linear(FEATURES, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1)
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    inputs, targets = torch.from_numpy(curves), torch.from_numpy(following)
    for _ in range(200):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(network(inputs), targets).backward()
        optimizer.step()
    return network


def main() -> None:
    """Train, and write model, samples, reference and manifest."""
    curves, following = observe(1000)
    made = package(
        fit(curves, following),
        training={"curve": curves},
        folder=Path(__file__).parent,
        script=__file__,
    )
    print(made.report())


if __name__ == "__main__":
    main()
