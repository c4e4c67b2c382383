"""Finds the one file that holds a package's model."""

from pathlib import Path

from capability_sdk.serving.errors import UnusablePackage


def one_model_file(package_dir: Path, suffixes: tuple[str, ...]) -> Path:
    """Return ``model/model.<suffix>``, or the only file in ``model/`` with one of the suffixes.

    Raises:
        UnusablePackage: There is none, or it is not clear which.
    """
    folder = package_dir / "model"
    files = sorted(path for path in folder.glob("*") if path.suffix in suffixes)
    preferred = [path for path in files if path.stem == "model"] or files
    if len(preferred) != 1:
        kinds = " or ".join(f"*{suffix}" for suffix in suffixes)
        raise UnusablePackage(
            f"model/ needs one {kinds}, or one called model; it has {len(files)} such files."
        )
    return preferred[0]
