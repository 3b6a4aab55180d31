"""What the official Python client sees of one Baton: client.py BASE_URL FEATURE... prints one JSON object."""
import base64
import json
import sys

import openai
import pydantic

URL = sys.argv[1]
client = openai.OpenAI(base_url=URL, api_key="none", max_retries=0, timeout=60)
MODEL = "conformance"
PNG = base64.b64encode(bytes.fromhex("89504e470d0a1a0a") + bytes(50)).decode()
WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Current weather of a city", "strict": True,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}}}


class Person(pydantic.BaseModel):
    name: str
    age: int


def user(text):
    return [{"role": "user", "content": text}]


def chat():
    r = client.chat.completions.create(model=MODEL, messages=user("What is 6 * 7?"))
    m = r.choices[0].message
    return {"text": m.content, "role": m.role, "finish": r.choices[0].finish_reason, "object": r.object,
            "usage": r.usage.prompt_tokens > 0 and r.usage.total_tokens == r.usage.prompt_tokens + r.usage.completion_tokens,
            "tool_calls": m.tool_calls, "request_id": bool(r._request_id)}


def streaming():
    chunks = list(client.chat.completions.create(model=MODEL, messages=user("What is 6 * 7?"), stream=True))
    return {"text": "".join(c.choices[0].delta.content or "" for c in chunks), "role": chunks[0].choices[0].delta.role,
            "finish": [c.choices[0].finish_reason for c in chunks if c.choices[0].finish_reason],
            "one_id": len({c.id for c in chunks}) == 1, "object": chunks[0].object, "usage": any(c.usage for c in chunks)}


def stream_usage():
    chunks = list(client.chat.completions.create(model=MODEL, messages=user("What is 6 * 7?"), stream=True, stream_options={"include_usage": True}))
    last = chunks[-1]
    return {"choices": len(last.choices), "usage": last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens > 0,
            "others": any(c.usage for c in chunks[:-1])}


def call_of(c):
    return {"name": c.function.name, "arguments": json.loads(c.function.arguments), "type": c.type, "id": bool(c.id)}


def tool_loop(text):
    messages = user(text)
    r = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    calls = r.choices[0].message.tool_calls
    messages.append(r.choices[0].message.model_dump(exclude_none=True))
    messages += [{"role": "tool", "tool_call_id": c.id, "content": "rain"} for c in calls]
    end = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    return {"calls": [call_of(c) for c in calls], "finish": r.choices[0].finish_reason, "content": r.choices[0].message.content or None,
            "distinct_ids": len({c.id for c in calls}) == len(calls), "end": end.choices[0].message.content}


def tools():
    return tool_loop("What is the weather in Paris?")


def parallel_tools():
    return tool_loop("What is the weather in Paris and in Tokyo?")


def streamed_tools():
    with client.chat.completions.stream(model=MODEL, messages=user("What is the weather in Paris and in Tokyo?"), tools=[WEATHER]) as stream:
        for _ in stream:
            pass
        choice = stream.get_final_completion().choices[0]
    return {"calls": [call_of(c) for c in choice.message.tool_calls], "finish": choice.finish_reason}


def structured():
    r = client.chat.completions.parse(model=MODEL, messages=user("Extract: Alice Martin is 34."), response_format=Person)
    return r.choices[0].message.parsed.model_dump()


def streamed_structured():
    with client.chat.completions.stream(model=MODEL, messages=user("Extract: Alice Martin is 34."), response_format=Person) as stream:
        for _ in stream:
            pass
        return stream.get_final_completion().choices[0].message.parsed.model_dump()


def images():
    content = [{"type": "text", "text": "What is in this image?"}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]
    r = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": content}])
    return {"text": r.choices[0].message.content}


def embeddings():
    r = client.embeddings.create(model=MODEL, input=["a b", "c"])
    return {"count": len(r.data), "index": [d.index for d in r.data], "same_length": len({len(d.embedding) for d in r.data}) == 1,
            "numbers": all(isinstance(x, float) for x in r.data[0].embedding), "long": len(r.data[0].embedding) > 4}


def embedding():
    r = client.embeddings.create(model=MODEL, input="a b")
    return {"count": len(r.data), "numbers": all(isinstance(x, float) for x in r.data[0].embedding), "long": len(r.data[0].embedding) > 4}


def models():
    names = [m.id for m in client.models.list()]
    return {"listed": MODEL in names and "baton" in names, "one": client.models.retrieve(MODEL).id}


def abort():
    stream = client.chat.completions.create(model=MODEL, messages=user("slow, please"), stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()
    return {"began": True}


def error_of(**request):
    try:
        client.chat.completions.create(model=MODEL, **request) if "model" not in request else client.chat.completions.create(**request)
    except openai.APIStatusError as e:
        body = e.body or {}
        return {"class": type(e).__name__, "status": e.status_code, "type": body.get("type"), "code": body.get("code"),
                "message": bool(body.get("message")), "request_id": bool(e.request_id)}
    return "no error"


def error_400():
    return error_of(messages=user("x"), temperature=99)


def error_404():
    return error_of(model="no-such-model", messages=user("x"))


def provider_400():
    found = error_of(messages=user("refuse-400"))
    return {k: found[k] for k in ("class", "status", "type")}


def provider_500():
    found = error_of(messages=user("refuse-500"))
    return {"class": found["class"], "over_500": found["status"] >= 500, "type": found["type"]}


def provider_429():
    found = error_of(messages=user("refuse-429"))
    return {k: found[k] for k in ("class", "status")}


def retries():
    r = client.with_options(max_retries=3).chat.completions.create(model="flaky", messages=user("flaky"))
    return {"text": r.choices[0].message.content}


def timeouts():
    try:
        client.with_options(timeout=0.3).chat.completions.create(model=MODEL, messages=user("late, please"))
    except openai.APITimeoutError:
        return {"class": "timeout"}
    return "no error"


if __name__ == "__main__":
    results = {}
    for name in sys.argv[2:]:
        try:
            results[name] = globals()[name]()
        except Exception as e:  # one broken feature must not hide the others
            results[name] = f"{type(e).__name__}: {e}"
    print(json.dumps(results))
