"""paths - where things are, and an environment to start make in."""

import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def build_directory():
    """The directory that make builds in: B, as make itself takes it."""
    return os.path.join(ROOT, os.environ.get("B") or "build")


def debug_build(env):
    """Where a debug kernel is made that is looked at beside a normal one, from the root directory."""
    return os.path.join("build", "%s-debug" % (env.get("CC") or "gcc"))


def clean_env(*without, **more):
    """Our environment without what a make that started us has put there, and without these variables."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", *without)}
    env.update(more)
    return env
