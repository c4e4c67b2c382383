"""What an algorithm engineer installs; the bottom of Jiuzhou's import graph."""

__version__ = "0.1.0"
