"""Agents search and read by the Model Context Protocol: over HTTP as their caller, or over standard input."""

import os
import sys

import anyio
import httpx2
import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.serving.conftest import DOCUMENTS
from tests.support.pipeline import variables
from tests.support.served import bearer
from tests.support.waiting import NEVER_SECONDS

TOOLS = {"search", "ask", "read_document", "list_sources", "status"}


def over_http(client, headers, conversation):
    async def talk():
        async with (
            httpx2.AsyncClient(headers=headers, timeout=NEVER_SECONDS, trust_env=False) as http,
            Client(streamable_http_client(f"{client.base_url}/mcp", http_client=http)) as agent,
        ):
            return await conversation(agent)

    return anyio.run(talk)


async def everything(agent):
    """Use each tool once and return what it said."""
    names = {tool.name for tool in (await agent.list_tools()).tools}
    found = await agent.call_tool("search", {"question": "bonus of the board"})
    sources = await agent.call_tool("list_sources", {})
    ids = sources.structured_content["sources"]
    texts = {source: (await agent.call_tool("read_document", {"document_id": ids[source]})) for source in ids}
    return names, found.structured_content, texts, await agent.read_resource(f"document://{ids['holidays.md']}")


def test_an_agent_uses_the_tools_as_its_caller(tenants, client):
    names, found, texts, resource = over_http(client, bearer(tenants.home, "blue"), everything)
    assert names == TOOLS
    assert found["hits"][0]["source"] == "blue/pay.md"
    assert set(texts) == {"blue/pay.md", "blue/office.md", "holidays.md"}
    assert all(one.structured_content["text"].strip() == DOCUMENTS[source] for source, one in texts.items())
    assert resource.contents[0].text.strip() == DOCUMENTS["holidays.md"]


def test_what_fails_reaches_the_agent_as_a_sentence(tenants, client):
    async def fail(agent):
        return [
            await agent.call_tool("read_document", {"document_id": "0" * 32}),
            await agent.call_tool("search", {"question": "?!"}),
        ]

    unknown, empty = over_http(client, bearer(tenants.home), fail)
    assert unknown.is_error
    assert unknown.content[0].text.endswith("There is no such document.")
    assert empty.is_error
    assert "no letter or digit" in empty.content[0].text


def test_a_fault_of_the_service_shows_an_agent_no_path(tenants, client, unreadable, caplog):
    sources = client.get("/v1/sources", headers=bearer(tenants.home)).json()["sources"]

    async def fail(agent):
        told = await agent.call_tool("read_document", {"document_id": sources["holidays.md"]})
        with pytest.raises(MCPError) as resource:
            await agent.read_resource(f"document://{sources['holidays.md']}")
        return told.content[0].text, str(resource.value)

    told, resource = over_http(client, bearer(tenants.home), fail)
    assert "cannot answer this now" in told
    assert "documents.lance" not in told + resource
    faults = [record for record in caplog.records if record.name.endswith("problems")]
    assert ["documents.lance" in record.getMessage() for record in faults] == [True, True]


def test_without_a_token_there_are_no_tools(client):
    assert client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).status_code == 401


def test_no_stream_is_held_open_for_messages_that_never_come(tenants, client):
    response = client.get("/mcp", headers={**bearer(tenants.home), "Accept": "text/event-stream"})
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.mark.slow
def test_over_standard_input_the_agent_reads_what_its_groups_may(tenants):
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "xnai_pipelines.cli", "mcp", "--group", "red"],
        env={**os.environ, **variables(tenants)},
    )

    async def talk():
        async with Client(command) as agent:
            return await everything(agent)

    names, found, texts, _ = anyio.run(talk)
    assert names == TOOLS
    assert found["hits"]
    assert set(texts) == {"holidays.md", "red/pay.md"}
