#!/usr/bin/env python3
"""names - checks that what comments and documents name exists.  Prints TAP.

A name is a file (with or without its directories), a directory or suite in backquotes, a function with parentheses, a
structure, or an option with its two dashes.  A file is one of the tree or one that the build makes; the others must
occur in code somewhere in the tree.  Words in capitals stand for names, and an arrow in a drawing is no option.
"""

import ast
import io
import os
import re
import tokenize

from common import Report, code_of, files, read, scripts, sources

# The files that the build, or a tool, makes.
MADE = {"syscall.h", "syscalls.inc", "usys.S", "symbols.S", "pan.c", "course/exercise"}
FILE = re.compile(r"(?<![\w.*/<-])(?!(?:[\w-]+/)*[\w-]*\b(?!README)[A-Z]{3})"
                  r"((?:[\w-]+/)*[\w-]+\.(?:c|h|S|py|sh|md|mk|ld|tbl|pml|inc|yml))\b(?!\.\w)")
FUNCTION = re.compile(r"(?<![\w.>-])([a-z_][a-z0-9_]+)\(\)")
DIRECTORY = re.compile(r"`((?:[a-z][\w-]*/)+[\w-]*)`")
STRUCTURE = re.compile(r"\bstruct ([a-z]\w*)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*[a-z])\b(?!.*-->)(?![-_])")


def c_comments(text):
    return "\n".join(re.findall(r"/\*.*?\*/|//[^\n]*", text, re.S))


def python_parts(text):
    """Comments and docstrings of a script, and its other tokens."""
    docstrings = {node.body[0].lineno for node in ast.walk(ast.parse(text))
                  if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node)}
    prose, code = [], []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_prose = token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.start[0] in docstrings)
        (prose if is_prose else code).append(token.string)
    return "\n".join(prose), " ".join(code)


def hash_parts(text):
    """The same of a shell script or a makefile."""
    comment = re.compile(r"(?:^|(?<=\s))#(?!include|define|if|e).*$", re.M)
    return "\n".join(comment.findall(text)), comment.sub("", text)


def markdown_parts(text):
    """The same of a document: its code is between fences."""
    fence = re.compile(r"^```.*?^```$", re.M | re.S)
    return fence.sub("", text), "\n".join(fence.findall(text))


def split():
    """(path, prose) of all files, and the code of all files in one string."""
    prose, code = [], []
    python, shell = set(scripts("python")), set(scripts("sh"))
    in_c = set(sources(suffixes=(".c", ".h", ".S", ".ld", ".pml")))
    for path in files():
        if path in in_c:
            text = read(path)
            prose.append((path, c_comments(text)))
            code.append(re.sub(r"/\*.*?\*/", " ", text, flags=re.S))
        elif path in python or path in shell or path == "Makefile" or path.endswith((".mk", ".yml", ".tbl")):
            comments, rest = (python_parts if path in python else hash_parts)(read(path))
            prose.append((path, comments))
            code.append(rest)
        elif path.endswith(".md"):
            text, examples = markdown_parts(read(path))
            prose.append((path, text))
            code.append(examples)
    return prose, "\n".join(code)


def main():
    prose, code = split()
    paths = files() + re.findall(r"\bcat >(\S+) <<", code)  # a recipe makes these
    endings = {"/".join(path.split("/")[i:]) for path in paths for i in range(path.count("/") + 1)}
    directories = {"/".join(path.split("/")[:n]) for path in endings for n in range(path.count("/") + 1)}
    directories |= {name + "/" for name in directories} | {os.path.splitext(path)[0] for path in endings}
    words = set(re.findall(r"\w+", code))
    structures = set(re.findall(r"\bstruct (\w+)", code_of(code)))
    options = set(OPTION.findall(code))
    report = Report()
    kinds = {"file": (FILE, endings | MADE), "directory": (DIRECTORY, endings | directories | MADE),
             "function": (FUNCTION, words), "structure": (STRUCTURE, structures), "option": (OPTION, options)}
    for kind, (pattern, known) in kinds.items():
        report.check("every %s that is named exists" % kind,
                     ["%s: %s" % (path, name)
                      for path, text in prose for name in sorted(set(pattern.findall(text)) - known)])
    report.end()


if __name__ == "__main__":
    main()
