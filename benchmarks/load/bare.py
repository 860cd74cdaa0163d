"""The reference: a FastAPI route that takes a question and returns a constant, without any of the service's layers."""

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Question(BaseModel):
    """A question."""

    question: str


class Reply(BaseModel):
    """A constant."""

    text: str = "found"


@app.post("/v1/search")
async def search(body: Question) -> Reply:
    """Return the constant."""
    return Reply()


@app.get("/ready")
async def ready() -> dict[str, str]:
    """Return that it is ready, as the service does."""
    return {"status": "ready"}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
