"""A YAML file with the lines of its fields. What is not plain YAML is refused in words for authors."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.error import YAMLError
from ruamel.yaml.tokens import AliasToken, AnchorToken, DirectiveToken, TagToken

from domain.errors import Explained
from domain.places import Place

# What YAML's own words mean for somebody who writes a playbook; the first that is found.
_WORDS = (
    (r"found duplicate key", "this field is given twice in one place: keep one of them"),
    (r"character '\\t'|tabs? ", "there is a tab: indent with blanks"),
    (r"cannot start any token", "a text that begins with such a sign needs quotes around it"),
    (r"unexpected end of stream", "a quote is opened here and never closed"),
    (r"while parsing a flow|expected ',' or|expected the node content", "a [ or { is not closed"),
    (r"mapping values are not allowed", 'a text with ": " in it needs quotes around it'),
    (r"could not find expected ':'|expected <block end>", "the indentation or a colon is wrong"),
    (r"special characters|control characters", "there is a sign that no text may hold: delete it"),
    (r"expected a single document", "one file is one playbook: take the line `---` out"),
)
_NOT_PLAIN = {
    AliasToken: "a text that begins with * needs quotes around it (aliases are not read here)",
    AnchorToken: "a text that begins with & needs quotes around it (anchors are not read here)",
    TagToken: "a text that begins with ! needs quotes around it (YAML's types are not read here)",
    DirectiveToken: "a line that begins with % is not read here: take it out",
}


class PlaybookError(Explained):
    """A file that cannot be used: one line per problem, each `file:line: field: what to do`."""


@dataclass(frozen=True)
class Source:
    """One file as its author wrote it."""

    path: Path
    tree: Any

    def line(self, at: Place) -> int:
        """The line of a field, or of the nearest thing around it that is in the file."""
        here = self.tree
        line = here.lc.line + 1 if isinstance(here, CommentedBase) else 1
        for part in at:
            if not isinstance(here, CommentedBase):
                break
            try:
                found = here.lc.item(part) if isinstance(part, int) else here.lc.key(part)
                line, here = found[0] + 1, here[part]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                break
        return line

    def written(self, at: Place) -> Place:
        """A place as far as the author wrote it: not the `duration` that `wait: 3d` stands for."""
        here = self.tree
        for number, part in enumerate(at):
            if not isinstance(here, Mapping | list):
                return at[:number]
            if isinstance(part, int) != isinstance(here, list):
                return at[:number]
            try:
                here = here[part]
            except (KeyError, IndexError):
                return at
        return at

    def value(self, at: Place) -> Any:
        """What stands at a place; None where nothing does."""
        here = self.tree
        for part in at:
            try:
                here = here[part]
            except (KeyError, IndexError, TypeError):
                return None
        return here

    def problem(self, at: Place, text: str) -> str:
        at = self.written(at)
        return f"{self.path}:{self.line(at)}: {dotted(at)}: {text}"


def dotted(at: Place) -> str:
    """A place in one word: `nurture.0.send.text`."""
    return ".".join(map(str, at)) or "the file"


def suggest(word: object, known: Iterable[str]) -> str:
    """`; did you mean …?` for a word that is nearly a known one, else nothing."""
    by_fold = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(str(word).casefold(), list(by_fold), n=1)
    return f"; did you mean {by_fold[close[0]]!r}?" if close else ""


def read_source(path: Path, fields: Iterable[str]) -> Source:
    """A file that holds one mapping, of `fields` at least. Raises PlaybookError with one problem."""
    text = _text(path)
    try:
        _refuse_what_is_not_plain(path, text)
        tree = YAML(typ="rt").load(text)
    except YAMLError as error:
        raise PlaybookError(_not_yaml(path, text, error)) from None
    except RecursionError:
        raise PlaybookError(f"{path}:1: the file: not YAML: it is nested too deeply") from None
    if not isinstance(tree, Mapping):
        wanted = f"a mapping is expected, with fields such as {', '.join(fields)}"
        raise PlaybookError(f"{path}:1: the file: {wanted}{_colon(text.splitlines()[:1])}")
    return Source(path, tree)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PlaybookError(f"{path}:1: the file: cannot be read: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig")  # some editors begin a file with a mark of their own
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PlaybookError(
            f"{path}:{line}: the file: cannot be read: it is not UTF-8 (perhaps GBK or UTF-16): "
            "save it as UTF-8"
        ) from None


def _refuse_what_is_not_plain(path: Path, text: str) -> None:
    """Anchors and the like would give one line two meanings."""
    for token in YAML(typ="rt").scan(text):
        for kind, problem in _NOT_PLAIN.items():
            if isinstance(token, kind):
                line = token.start_mark.line + 1
                raise PlaybookError(f"{path}:{line}: the file: not YAML: {problem}")


def _not_yaml(path: Path, text: str, error: YAMLError) -> str:
    said = " ".join(str(error).split())
    words = next((words for found, words in _WORDS if re.search(found, said)), said)
    mark = getattr(error, "problem_mark", None)
    if "unexpected end of stream" in said:  # where it begins, not where the file ends
        mark = getattr(error, "context_mark", None) or mark
    lines = text.splitlines()
    number = min(mark.line if mark else 0, max(len(lines) - 1, 0))
    if key := re.search(r'found duplicate key "(.+?)"', said):
        return f"{path}:{number + 1}: {key[1]}: not YAML: {words}"
    near = lines[max(number - 1, 0) : number + 1]
    before = lines[number][: mark.column] if lines and mark else ""
    if "mapping values are not allowed" in said and re.fullmatch(r"\s*(- )?\w+", before):
        words = "the indentation is wrong: fields that belong together begin below each other"
    if any(re.search(r"[:-]\s+\{\{", line) for line in near):
        words = "a text that begins with {{ needs double quotes around it"
    chinese = [n for n, line in enumerate(near, max(number - 1, 0)) if _colon([line])]
    number = chinese[0] if chinese else number
    return f"{path}:{number + 1}: the file: not YAML: {words}{_colon(near)}"


def _colon(lines: list[str]) -> str:
    """Chinese keyboards make other signs than YAML wants."""
    if any(re.match(r"\s*(- )?\w+：", line) for line in lines):
        return "; the colon behind a field is `: `, not `：`"
    return ""
