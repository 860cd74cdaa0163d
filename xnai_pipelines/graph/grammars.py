"""The programming languages whose symbols are read by a tree-sitter grammar. To add one, add an entry.

A query names what a syntax tree has: `@defines`, `@inherits`, `@imports`, `@calls` and `@raises` are symbols with
that relation to their owner. `@scope` is the node whose inner symbols are owned by what its pattern defines or
`@owner` names. `@receiver` stands before a symbol and belongs to it if both are a dotted name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Query


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language that a grammar reads.

    Attributes:
        name: The language as people write it.
        module: The package of the grammar.
        extensions: Extensions of its files.
        fences: What fenced code in Markdown calls it, beside its extensions.
        query: What its trees have.
        function: The function of the module that returns the grammar.
    """

    name: str
    module: str
    extensions: tuple[str, ...]
    fences: tuple[str, ...]
    query: str
    function: str = "language"


_JAVASCRIPT = """
[(function_declaration name: (_) @defines)
 (generator_function_declaration name: (_) @defines)
 (class_declaration name: (_) @defines)
 (method_definition name: (_) @defines)
 (variable_declarator name: (identifier) @defines value: [(arrow_function) (function_expression) (class)])] @scope
(import_statement source: (string (string_fragment) @imports))
(export_statement source: (string (string_fragment) @imports))
(call_expression function: (identifier) @_require arguments: (arguments . (string (string_fragment) @imports))
  (#eq? @_require "require"))
(call_expression function: [(identifier) (member_expression)] @calls)
(new_expression constructor: [(identifier) (member_expression)] @calls)
(throw_statement (new_expression constructor: (_) @raises))
"""
_COMPONENTS = """
(jsx_opening_element name: [(identifier) (member_expression)] @calls (#match? @calls "^[A-Z]"))
(jsx_self_closing_element name: [(identifier) (member_expression)] @calls (#match? @calls "^[A-Z]"))
"""
_TYPESCRIPT = f"""{_JAVASCRIPT}
[(abstract_class_declaration name: (_) @defines)
 (interface_declaration name: (_) @defines)
 (enum_declaration name: (_) @defines)
 (type_alias_declaration name: (_) @defines)
 (internal_module name: (_) @defines)
 (function_signature name: (_) @defines)
 (method_signature name: (_) @defines)
 (abstract_method_signature name: (_) @defines)] @scope
(extends_clause value: (_) @inherits)
(implements_clause [(type_identifier) (nested_type_identifier)] @inherits)
(implements_clause (generic_type name: (_) @inherits))
(extends_type_clause type: [(type_identifier) (nested_type_identifier)] @inherits)
(extends_type_clause type: (generic_type name: (_) @inherits))
"""
_JAVA = """
[(class_declaration name: (_) @defines)
 (interface_declaration name: (_) @defines)
 (enum_declaration name: (_) @defines)
 (record_declaration name: (_) @defines)
 (annotation_type_declaration name: (_) @defines)
 (constructor_declaration name: (_) @defines)
 (method_declaration name: (_) @defines)] @scope
(superclass [(type_identifier) (scoped_type_identifier)] @inherits)
(superclass (generic_type . (_) @inherits))
(type_list [(type_identifier) (scoped_type_identifier)] @inherits)
(type_list (generic_type . (_) @inherits))
(import_declaration [(identifier) (scoped_identifier)] @imports)
(method_invocation !object name: (_) @calls)
(method_invocation object: (_) @receiver name: (_) @calls)
(object_creation_expression type: [(type_identifier) (scoped_type_identifier)] @calls)
(object_creation_expression type: (generic_type . (_) @calls))
(throw_statement (object_creation_expression type: (_) @raises))
(throws (_) @raises)
"""
_GO = """
(function_declaration name: (_) @defines) @scope
(method_declaration
  receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @owner
    (pointer_type (type_identifier) @owner)
    (generic_type type: (_) @owner)
    (pointer_type (generic_type type: (_) @owner))]))
  name: (_) @defines) @scope
(type_spec name: (_) @defines) @scope
(method_elem name: (_) @defines) @scope
(field_declaration !name type: [(type_identifier) (qualified_type)] @inherits)
(field_declaration !name type: (pointer_type [(type_identifier) (qualified_type)] @inherits))
(interface_type (type_elem . [(type_identifier) (qualified_type)] @inherits .))
(import_spec path: (interpreted_string_literal (interpreted_string_literal_content) @imports))
(call_expression function: [(identifier) (selector_expression)] @calls)
"""
_RUST = """
[(function_item name: (_) @defines)
 (function_signature_item name: (_) @defines)
 (struct_item name: (_) @defines)
 (enum_item name: (_) @defines)
 (union_item name: (_) @defines)
 (trait_item name: (_) @defines)
 (type_item name: (_) @defines)
 (mod_item name: (_) @defines)
 (macro_definition name: (_) @defines)] @scope
(impl_item type: [(type_identifier) @owner (generic_type type: (_) @owner)]) @scope
(impl_item trait: [(type_identifier) (scoped_type_identifier)] @inherits)
(impl_item trait: (generic_type type: (_) @inherits))
(trait_bounds [(type_identifier) (scoped_type_identifier)] @inherits)
(use_declaration argument: [(identifier) (scoped_identifier)] @imports)
(use_declaration argument: (scoped_use_list path: (_) @imports))
(use_declaration argument: (use_as_clause path: (_) @imports))
(use_declaration argument: (use_wildcard (_) @imports))
(call_expression function: [(identifier) (scoped_identifier) (field_expression)] @calls)
(call_expression function: (generic_function function: (_) @calls))
(macro_invocation macro: (_) @calls)
"""
_C = """
(function_definition declarator: [
  (function_declarator declarator: (_) @defines)
  (pointer_declarator declarator: (function_declarator declarator: (_) @defines))
  (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (_) @defines)))
]) @scope
(declaration declarator: [
  (function_declarator declarator: (identifier) @defines)
  (pointer_declarator declarator: (function_declarator declarator: (identifier) @defines))
  (pointer_declarator
    declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @defines)))])
[(struct_specifier name: (_) @defines body: (_))
 (union_specifier name: (_) @defines body: (_))
 (enum_specifier name: (_) @defines body: (_))] @scope
(type_definition declarator: (type_identifier) @defines)
(preproc_function_def name: (_) @defines)
(preproc_include path: (string_literal (string_content) @imports))
(preproc_include path: (system_lib_string) @imports)
(call_expression function: [(identifier) (field_expression)] @calls)
"""
_CPP = f"""{_C}
[(class_specifier name: (_) @defines body: (_))
 (namespace_definition name: (_) @defines)
 (concept_definition name: (_) @defines)] @scope
(function_definition declarator: (reference_declarator (function_declarator declarator: (_) @defines))) @scope
(field_declaration declarator: [
  (function_declarator declarator: (field_identifier) @defines)
  (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @defines))
  (reference_declarator (function_declarator declarator: (field_identifier) @defines))])
(alias_declaration name: (_) @defines)
(base_class_clause [(type_identifier) (qualified_identifier)] @inherits)
(base_class_clause (template_type name: (_) @inherits))
(call_expression function: (qualified_identifier) @calls)
(call_expression function: (template_function name: (_) @calls))
(new_expression type: [(type_identifier) (qualified_identifier)] @calls)
(throw_statement (call_expression function: (_) @raises))
"""
_C_SHARP = """
[(class_declaration name: (_) @defines)
 (interface_declaration name: (_) @defines)
 (struct_declaration name: (_) @defines)
 (enum_declaration name: (_) @defines)
 (record_declaration name: (_) @defines)
 (delegate_declaration name: (_) @defines)
 (namespace_declaration name: (_) @defines)
 (constructor_declaration name: (_) @defines)
 (method_declaration name: (_) @defines)
 (local_function_statement name: (_) @defines)] @scope
(file_scoped_namespace_declaration name: (_) @defines)
(base_list [(identifier) (qualified_name)] @inherits)
(base_list (generic_name . (_) @inherits))
(using_directive [(identifier) (qualified_name)] @imports .)
(invocation_expression function: [(identifier) (member_access_expression)] @calls)
(invocation_expression function: (generic_name . (_) @calls))
(object_creation_expression type: [(identifier) (qualified_name)] @calls)
(object_creation_expression type: (generic_name . (_) @calls))
(throw_statement (object_creation_expression type: (_) @raises))
(throw_expression (object_creation_expression type: (_) @raises))
"""

_SCRIPT = f"{_JAVASCRIPT}{_COMPONENTS}(class_heritage [(identifier) (member_expression)] @inherits)"
_TYPED = "tree_sitter_typescript"

GRAMMARS = (
    Grammar("JavaScript", "tree_sitter_javascript", ("js", "jsx"), ("javascript", "node", "mjs"), _SCRIPT),
    Grammar("TypeScript", _TYPED, ("ts",), ("typescript",), _TYPESCRIPT, "language_typescript"),
    Grammar("TSX", _TYPED, ("tsx",), (), _TYPESCRIPT + _COMPONENTS, "language_tsx"),
    Grammar("Java", "tree_sitter_java", ("java",), (), _JAVA),
    Grammar("Go", "tree_sitter_go", ("go",), ("golang",), _GO),
    Grammar("Rust", "tree_sitter_rust", ("rs",), ("rust",), _RUST),
    Grammar("C", "tree_sitter_c", ("c",), (), _C),
    Grammar("C++", "tree_sitter_cpp", ("cc", "cpp", "cxx", "h", "hh", "hpp", "hxx"), ("c++",), _CPP),
    Grammar("C#", "tree_sitter_c_sharp", ("cs",), ("csharp", "c#"), _C_SHARP),
)
BY_MEDIA_TYPE = {f"text/x-{extension}": grammar for grammar in GRAMMARS for extension in grammar.extensions}
BY_FENCE = {name: grammar for grammar in GRAMMARS for name in (*grammar.extensions, *grammar.fences)}


@cache
def versions() -> Mapping[str, str]:
    """Return the versions of the grammars that are installed, by module; none without tree-sitter itself."""
    found = {}
    for module in ("tree_sitter", *sorted({grammar.module for grammar in GRAMMARS})):
        try:
            found[module] = version(module.replace("_", "-"))
        except PackageNotFoundError:
            continue
    return found if "tree_sitter" in found else {}


def is_installed(grammar: Grammar) -> bool:
    """Return whether a language can be read here."""
    return grammar.module in versions()


@cache
def loaded(grammar: Grammar) -> tuple["Parser", "Query"]:
    """Return the parser of a language that is installed, and the query of its trees."""
    from tree_sitter import Language, Parser, Query

    language = Language(getattr(import_module(grammar.module), grammar.function)())
    return Parser(language), Query(language, grammar.query)
