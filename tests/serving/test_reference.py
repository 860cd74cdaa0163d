"""The page /docs."""

import re

from tests.support.served import bearer
from xnai_pipelines.serving.reference import example_of, reference_page, request_of


def test_the_page_names_every_route_and_loads_nothing_from_elsewhere(client):
    page = client.get("/docs")
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code></h2>" in page.text
    assert all(found.startswith(("/", "#")) for found in re.findall(r'(?:src|href)="([^"]*)"', page.text))
    assert "<script" not in page.text
    assert client.get("/page/docs.css").status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_every_example_is_a_request_that_its_route_takes(tenants, client):
    description, headers = client.get("/openapi.json").json(), bearer(tenants.home, "red")
    taken = {}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            body = request_of(operation, description)
            if body is not None:
                taken[path] = client.request(method, path, json=body, headers=headers).status_code
    assert set(taken) > {"/v1/search", "/v1/answer", "/v1/context", "/v1/chat/completions", "/v1/rerank"}
    assert {path: status for path, status in taken.items() if status != 200} == {"/v1/feedback": 404}  # its document


def test_what_a_description_says_is_text(client):
    parts = {"q": {"type": "string", "description": "<script>", "examples": ["a'b"]}}
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": parts}}}}
    operation = {"requestBody": body, "responses": {}, "description": "Use `a<b`."}
    page = reference_page({"info": {"title": "<i>"}, "paths": {"/<b>": {"post": operation}}})
    assert "<script>" not in page
    assert "<i>" not in page
    assert "/&lt;b&gt;" in page
    assert "<code>a&lt;b</code>" in page


def test_an_example_has_what_is_required_and_what_has_an_example():
    parts = {"a": {"type": "integer", "minimum": 3}, "b": {"$ref": "#/components/schemas/B"}, "c": {"type": "string"}}
    schema = {"type": "object", "properties": parts, "required": ["a", "b"]}
    description = {"components": {"schemas": {"B": {"enum": ["x", "y"]}}}}
    assert example_of(schema, description) == {"a": 3, "b": "x"}
