"""What a study says of its graders."""

from pydantic import Field

from micota.common.settings import EXECUTION, Closed, Name


class JudgeModel(Closed):
    """The second step of the paper's evaluation: a language model looks at the boxes that the string rule rejects."""

    model: Name = Field(description="a model of `bases`")
    prompt: Name = Field(description="its text holds {problem}, {answer} (the gold answer) and {extracted}")
    max_tokens: int = Field(20, ge=1)


class Grading(Closed):
    timeout: float = Field(10.0, gt=0, description="seconds an answer may take, enforced by killing the worker")
    workers: int = Field(1, ge=1, description="processes that judge answers", json_schema_extra=EXECUTION)
    repeating_from: float | None = Field(
        None,
        gt=0,
        le=1,
        description="share of its text from which on a truncated trace that ends in one phrase over and over counts as"
        " a loop in tables/repetition; none: no such table",
    )
    texts: bool = Field(
        True,
        description="tables/errors and tables/styles, made of what the traces say; false: neither, for logs without"
        " texts",
    )
    judge: JudgeModel | None = Field(None, description="no judge, no score by rule and judge in tables/scores")
