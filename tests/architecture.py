"""The rules of the house, each a function from one parsed module of app/ to its breaches; `test_architecture.py` runs them.

Why they are as they are: docs/decisions/0001-house-of-floors.md.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

# From the top down: a room imports only from floors below its own.
FLOORS = (
    ("cli",),
    ("main", "seed"),
    ("api",),
    ("explorer",),
    ("web",),
    ("workers",),
    ("actions",),
    ("sources",),
    ("queries",),
    ("formats",),
    ("charts",),
    ("models",),
    ("schemas",),
    ("synthesis",),
    ("matching", "database"),
    ("actor", "errors", "identifiers", "settings"),
    ("vocabulary",),
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

MAX_FUNCTION_LINES = 50
MAX_FILE_LINES = 400
DOORS = frozenset({"web", "api", "explorer", "main"})
STRANGERS = frozenset({"api", "explorer", "workers"})
WITHOUT_TABLES = frozenset({"schemas", "formats", "charts", "sources"})
SHAPES_OF_SQLMODEL = frozenset({"SQLModel", "Field"})
SESSION_WRITES = frozenset({"add", "add_all", "flush", "commit", "delete", "merge", "bulk_save_objects", "bulk_insert_mappings"})
WRITING_STATEMENTS = frozenset({"insert", "update", "delete"})
SQL_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER", "TRUNCATE")
COMMITTING = frozenset({"commit", "begin"})
LATE_IMPORTS = {
    "app.synthesis.distributions": {"scipy"},
    "app.cli.database": {"alembic"},
    "app.formats.xlsx_table": {"openpyxl", "xlsxwriter"},
}


class Breach(NamedTuple):
    line: int
    text: str


class Import(NamedTuple):
    """One imported thing: `from a.b import c` is module `a.b`, name `c`; `import a.b` has no name."""

    line: int
    module: str
    name: str | None
    at_top: bool
    for_types_only: bool

    @property
    def package(self) -> str:
        return self.module.split(".")[0]

    @property
    def full(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass(frozen=True)
class Module:
    """One file of app/, parsed."""

    name: str
    path: str
    source: str

    @classmethod
    def read(cls, root: Path, file: Path) -> "Module":
        parts = file.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        return cls(name, file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, self.path)

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(_imports(self.tree, at_top=True, for_types_only=False))

    @property
    def room(self) -> str:
        """`app.queries.studies` lies in the room `queries`; the package `app` itself in none."""
        return room_of(self.name)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _imports(node: ast.AST, *, at_top: bool, for_types_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(child.lineno, alias.name, None, at_top, for_types_only) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            yield from (Import(child.lineno, module, alias.name, at_top, for_types_only) for alias in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            yield from _imports(child, at_top=at_top, for_types_only=True)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, at_top=at_top and not inside, for_types_only=for_types_only)


def _rooms_imported(module: Module) -> Iterator[tuple[Import, str]]:
    for imported in module.imports:
        if imported.module == "app" and imported.name:
            yield imported, imported.name
        elif imported.package == "app":
            yield imported, room_of(imported.module)


def _calls(module: Module) -> Iterator[tuple[ast.Call, str, str]]:
    """Every call of a method, with the last name of what it is called on, and the method's name."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Call):
                owner = owner.func
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            yield node, name, node.func.attr


def _is_a_session(name: str) -> bool:
    return name.lower().rstrip("_").endswith(("session", "connection")) or name in {"conn", "Session"}


def floors(module: Module) -> Iterator[Breach]:
    """A room imports only from rooms further down."""
    if module.room and module.room not in FLOOR_OF:
        yield Breach(1, f"room {module.room!r} stands on no floor: add it to FLOORS and to docs/decisions")
        return
    for imported, room in _rooms_imported(module):
        if module.room and room != module.room and FLOOR_OF.get(room, -1) <= FLOOR_OF[module.room]:
            yield Breach(imported.line, f"{module.room} imports {imported.full}, which does not lie on a floor below")


def synthesis_stands_alone(module: Module) -> Iterator[Breach]:
    """`synthesis` imports NumPy, the standard library and the vocabulary, nothing else."""
    if module.room != "synthesis":
        return
    allowed = {"numpy", *sys.stdlib_module_names}
    if module.name == "app.synthesis.distributions":
        allowed.add("scipy")
    for imported in module.imports:
        ours = imported.full.startswith(("app.vocabulary", "app.synthesis"))
        if not ours and imported.package not in allowed:
            yield Breach(imported.line, f"synthesis imports {imported.full}")


def scipy_in_distributions_only(module: Module) -> Iterator[Breach]:
    """Only `synthesis/distributions.py` imports SciPy."""
    if module.name != "app.synthesis.distributions":
        yield from (Breach(found.line, f"imports {found.full}") for found in module.imports if found.package == "scipy")


def no_tables_in_shapes(module: Module) -> Iterator[Breach]:
    """`schemas`, `formats`, `charts` and `sources` know no table and no session."""
    if module.room not in WITHOUT_TABLES:
        return
    for imported in module.imports:
        if imported.package == "sqlalchemy" or imported.full.startswith(("app.models", "app.database")):
            yield Breach(imported.line, f"{module.room} imports {imported.full}")
        if imported.package == "sqlmodel" and imported.name not in SHAPES_OF_SQLMODEL:
            yield Breach(imported.line, f"{module.room} imports {imported.full}; only {sorted(SHAPES_OF_SQLMODEL)} are shapes")


def queries_never_write(module: Module) -> Iterator[Breach]:
    """`queries` read."""
    if module.room != "queries":
        return
    for imported in module.imports:
        if imported.package in {"sqlalchemy", "sqlmodel"} and imported.name in WRITING_STATEMENTS:
            yield Breach(imported.line, f"imports {imported.full}")
        if imported.full == "app.database.transaction":
            yield Breach(imported.line, "opens a transaction")
    for call, owner, method in _calls(module):
        if method in SESSION_WRITES and _is_a_session(owner):
            yield Breach(call.lineno, f"calls {owner}.{method}()")
        if method in WRITING_STATEMENTS and owner in {"sa", "sqlalchemy", "sqlmodel", "postgresql", "sqlite"}:
            yield Breach(call.lineno, f"builds {owner}.{method}()")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"text", "exec_driver_sql"} and node.args:
            words = node.args[0]
            if isinstance(words, ast.Constant) and str(words.value).lstrip().upper().startswith(SQL_WRITES):
                yield Breach(node.lineno, f"writes by {ast.unparse(node)[:60]}")


def web_frameworks_at_the_doors_only(module: Module) -> Iterator[Breach]:
    """Only `web`, `api`, `explorer` and `main` import FastAPI and Starlette; only `cli` starts uvicorn."""
    for imported in module.imports:
        if imported.package in {"fastapi", "starlette"} and module.room not in DOORS:
            yield Breach(imported.line, f"{module.room} imports {imported.full}")
        if imported.package == "uvicorn" and module.room != "cli":
            yield Breach(imported.line, f"{module.room} imports {imported.full}")


def actions_never_speak_http(module: Module) -> Iterator[Breach]:
    """`actions` never speak HTTP: what they need from outside was fetched before the transaction."""
    if module.room == "actions":
        clients = {"httpx", "urllib.request", "http.client"}
        for imported in module.imports:
            if imported.package in clients or imported.module in clients or imported.full in clients:
                yield Breach(imported.line, f"imports {imported.full}")


def doors_are_strangers(module: Module) -> Iterator[Breach]:
    """`api`, `explorer` and `workers` never import each other."""
    for imported, room in _rooms_imported(module):
        if module.room in STRANGERS and room in STRANGERS and room != module.room:
            yield Breach(imported.line, f"{module.room} imports {imported.full}")


def only_settings_reads_the_environment(module: Module) -> Iterator[Breach]:
    """Only `settings` reads the environment."""
    if module.room == "settings":
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv", "os.environb"}:
            yield Breach(node.lineno, f"reads {ast.unparse(node)}")
    for imported in module.imports:
        if imported.module == "os" and imported.name in {"environ", "getenv", "environb"}:
            yield Breach(imported.line, f"imports {imported.full}")


def imports_stand_on_top(module: Module) -> Iterator[Breach]:
    """No import inside a function, but for libraries that would make every start slower: `LATE_IMPORTS`."""
    for imported in module.imports:
        if not imported.at_top and imported.package not in LATE_IMPORTS.get(module.name, ()):
            yield Breach(imported.line, f"imports {imported.full} inside a function")


def functions_are_short(module: Module) -> Iterator[Breach]:
    """A function has 50 lines at most, its docstring included."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield Breach(node.lineno, f"{node.name} has {lines} lines")


def files_are_short(module: Module) -> Iterator[Breach]:
    """A file has 400 lines at most."""
    lines = len(module.source.splitlines())
    if lines > MAX_FILE_LINES:
        yield Breach(lines, f"has {lines} lines")


def only_transaction_commits(module: Module) -> Iterator[Breach]:
    """Only `database.transaction()` begins and commits a write."""
    if module.name == "app.database":
        return
    for call, owner, method in _calls(module):
        if method in COMMITTING and (_is_a_session(owner) or "engine" in owner.lower()):
            yield Breach(call.lineno, f"calls {owner}.{method}()")


Rule = Callable[[Module], Iterator[Breach]]
RULES: tuple[Rule, ...] = (
    floors,
    synthesis_stands_alone,
    scipy_in_distributions_only,
    no_tables_in_shapes,
    queries_never_write,
    web_frameworks_at_the_doors_only,
    actions_never_speak_http,
    doors_are_strangers,
    only_settings_reads_the_environment,
    imports_stand_on_top,
    functions_are_short,
    files_are_short,
    only_transaction_commits,
)


def import_graph(modules: list[Module]) -> dict[str, set[str]]:
    """Which module of app/ needs which others before it can be imported (what only mypy reads, left out)."""
    names = {module.name for module in modules}
    graph: dict[str, set[str]] = {name: set() for name in names}
    for module in modules:
        for imported in module.imports:
            if imported.for_types_only or not imported.at_top:
                continue
            target = imported.full if imported.full in names else imported.module
            if target in names and target != module.name:
                graph[module.name].add(target)
    return graph
