// What the official Node client sees of one Baton: client.mjs BASE_URL FEATURE... prints one JSON object. The same
// features with the same results as client.py.
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const [baseURL, ...wanted] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0, timeout: 60_000 });
const model = "conformance";
const user = (content) => [{ role: "user", content }];
const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(50)]).toString("base64");
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Current weather of a city",
    strict: true,
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
  },
};
const Person = z.object({ name: z.string(), age: z.number().int() });
const callOf = (c) => ({ name: c.function.name, arguments: JSON.parse(c.function.arguments), type: c.type, id: Boolean(c.id) });

async function all(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

async function toolLoop(text) {
  const messages = user(text);
  const r = await client.chat.completions.create({ model, messages, tools: [weather] });
  const calls = r.choices[0].message.tool_calls;
  messages.push(r.choices[0].message, ...calls.map((c) => ({ role: "tool", tool_call_id: c.id, content: "rain" })));
  const end = await client.chat.completions.create({ model, messages, tools: [weather] });
  return {
    calls: calls.map(callOf),
    finish: r.choices[0].finish_reason,
    content: r.choices[0].message.content || null,
    distinct_ids: new Set(calls.map((c) => c.id)).size === calls.length,
    end: end.choices[0].message.content,
  };
}

async function errorOf(request) {
  try {
    await client.chat.completions.create({ model, ...request });
  } catch (e) {
    if (!(e instanceof OpenAI.APIError)) throw e;
    return {
      class: e.constructor.name,
      status: e.status,
      type: e.type ?? null,
      code: e.code ?? null,
      message: Boolean(e.error?.message),
      request_id: Boolean(e.requestID),
    };
  }
  return "no error";
}

const pick = (object, ...keys) => Object.fromEntries(keys.map((k) => [k, object[k]]));

const features = {
  async chat() {
    const r = await client.chat.completions.create({ model, messages: user("What is 6 * 7?") });
    const m = r.choices[0].message;
    return {
      text: m.content,
      role: m.role,
      finish: r.choices[0].finish_reason,
      object: r.object,
      usage: r.usage.prompt_tokens > 0 && r.usage.total_tokens === r.usage.prompt_tokens + r.usage.completion_tokens,
      tool_calls: m.tool_calls ?? null,
      request_id: Boolean(r._request_id),
    };
  },
  async streaming() {
    const chunks = await all(await client.chat.completions.create({ model, messages: user("What is 6 * 7?"), stream: true }));
    return {
      text: chunks.map((c) => c.choices[0].delta.content ?? "").join(""),
      role: chunks[0].choices[0].delta.role,
      finish: chunks.map((c) => c.choices[0].finish_reason).filter(Boolean),
      one_id: new Set(chunks.map((c) => c.id)).size === 1,
      object: chunks[0].object,
      usage: chunks.some((c) => c.usage),
    };
  },
  async stream_usage() {
    const chunks = await all(
      await client.chat.completions.create({ model, messages: user("What is 6 * 7?"), stream: true, stream_options: { include_usage: true } }),
    );
    const last = chunks.at(-1);
    const sum = last.usage.prompt_tokens + last.usage.completion_tokens;
    return { choices: last.choices.length, usage: last.usage.total_tokens === sum && sum > 0, others: chunks.slice(0, -1).some((c) => c.usage) };
  },
  tools: () => toolLoop("What is the weather in Paris?"),
  parallel_tools: () => toolLoop("What is the weather in Paris and in Tokyo?"),
  async streamed_tools() {
    const stream = client.chat.completions.stream({ model, messages: user("What is the weather in Paris and in Tokyo?"), tools: [weather] });
    const choice = (await stream.finalChatCompletion()).choices[0];
    return { calls: choice.message.tool_calls.map(callOf), finish: choice.finish_reason };
  },
  async structured() {
    const r = await client.chat.completions.parse({ model, messages: user("Extract: Alice Martin is 34."), response_format: zodResponseFormat(Person, "person") });
    return r.choices[0].message.parsed;
  },
  async streamed_structured() {
    const stream = client.chat.completions.stream({ model, messages: user("Extract: Alice Martin is 34."), response_format: zodResponseFormat(Person, "person") });
    return (await stream.finalChatCompletion()).choices[0].message.parsed;
  },
  async images() {
    const content = [{ type: "text", text: "What is in this image?" }, { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } }];
    const r = await client.chat.completions.create({ model, messages: [{ role: "user", content }] });
    return { text: r.choices[0].message.content };
  },
  async embeddings() {
    const r = await client.embeddings.create({ model, input: ["a b", "c"] });
    return {
      count: r.data.length,
      index: r.data.map((d) => d.index),
      same_length: new Set(r.data.map((d) => d.embedding.length)).size === 1,
      numbers: r.data[0].embedding.every((x) => typeof x === "number"),
      long: r.data[0].embedding.length > 4,
    };
  },
  async embedding() {
    const r = await client.embeddings.create({ model, input: "a b" });
    return { count: r.data.length, numbers: r.data[0].embedding.every((x) => typeof x === "number"), long: r.data[0].embedding.length > 4 };
  },
  async models() {
    const names = [];
    for await (const m of client.models.list()) names.push(m.id);
    return { listed: names.includes(model) && names.includes("baton"), one: (await client.models.retrieve(model)).id };
  },
  async abort() {
    const controller = new AbortController();
    const stream = await client.chat.completions.create({ model, messages: user("slow, please"), stream: true }, { signal: controller.signal });
    for await (const chunk of stream) {
      if (chunk.choices[0].delta.content) break;
    }
    controller.abort();
    return { began: true };
  },
  error_400: () => errorOf({ messages: user("x"), temperature: 99 }),
  error_404: () => errorOf({ model: "no-such-model", messages: user("x") }),
  provider_400: async () => pick(await errorOf({ messages: user("refuse-400") }), "class", "status", "type"),
  async provider_500() {
    const e = await errorOf({ messages: user("refuse-500") });
    return { class: e.class, over_500: e.status >= 500, type: e.type };
  },
  provider_429: async () => pick(await errorOf({ messages: user("refuse-429") }), "class", "status"),
  async retries() {
    const r = await client.chat.completions.create({ model: "flaky", messages: user("flaky") }, { maxRetries: 3 });
    return { text: r.choices[0].message.content };
  },
  async timeouts() {
    try {
      await client.chat.completions.create({ model, messages: user("late, please") }, { timeout: 300 });
    } catch (e) {
      if (e instanceof OpenAI.APIConnectionTimeoutError) return { class: "timeout" };
      throw e;
    }
    return "no error";
  },
};

const results = {};
for (const name of wanted) {
  try {
    results[name] = await features[name]();
  } catch (e) {
    results[name] = `${e.constructor.name}: ${e.message}`; // one broken feature must not hide the others
  }
}
console.log(JSON.stringify(results));
process.exit(0);
