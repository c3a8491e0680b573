"""The site's files, for mkdocs (`make docs`): the pages of mkdocs.yml and what they link to, each at its own place.

mkdocs takes one folder; ours are README.md, docs/, CHANGELOG.md and others. Here the site's tree is made the project's:
a link that leads somewhere in the project leads there in the site, and no page is copied or changed. What is no page (a
configuration, a licence) is put beside it as it stands. A link to what is not there ends the build (`--strict`).
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r'\]\((?!https?:|#)([^)#]+)|<img src="([^"]+)"')
ASSETS = ["docs/site/iframe-worker.js"]


def named(nav: Any) -> Iterator[str]:
    """The pages of mkdocs.yml's `nav`, at whatever depth."""
    if isinstance(nav, str):
        yield nav
    else:
        for part in nav.values() if isinstance(nav, dict) else nav:
            yield from named(part)


def linked(page: str) -> Iterator[str]:
    """The files of the project that a page links to or shows, by their paths in the project."""
    text = FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))
    for link in LINK.finditer(text):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(page), link[1] or link[2]))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put the project's own files in the place of those that mkdocs found in docs/."""
    for file in [file for file in files if file.src_dir == config.docs_dir]:
        files.remove(file)
    waiting, seen = [*named(config.nav), *ASSETS], set()
    while waiting:
        path = waiting.pop()
        if path in seen or not (ROOT / path).is_file():
            continue  # mkdocs names the link
        seen.add(path)
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
        if path.endswith(".md"):
            waiting += linked(path)
    return files
