// A mock provider written by others (@copilotkit/aimock), with the answers that the conformance cases ask for.
// Prints its port on the first line; ends on SIGTERM.
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: 0, host: "127.0.0.1" });
const call = (city, id) => ({ name: "get_weather", arguments: JSON.stringify({ city }), id });
const lastIsTool = { hasToolResult: true };
// Left alone it reports zero tokens in two of the dialects; each dialect takes the names it knows.
const usage = { prompt_tokens: 11, completion_tokens: 7, input_tokens: 11, output_tokens: 7, promptTokenCount: 11, candidatesTokenCount: 7 };
const answer = (match, response, options) => mock.on(match, { ...response, usage }, options);

answer({ userMessage: /weather in Paris and/, ...lastIsTool }, { content: "Rain in both." });
answer({ userMessage: /weather in Paris/, ...lastIsTool }, { content: "It rains in Paris." });
answer({ userMessage: /weather in Paris and/ }, { toolCalls: [call("Paris", "call_paris"), call("Tokyo", "call_tokyo")] });
answer({ userMessage: /weather in Paris/ }, { toolCalls: [call("Paris", "call_paris")] });
answer({ userMessage: /Extract/ }, { content: JSON.stringify({ name: "Alice Martin", age: 34 }) });
answer({ userMessage: /image/ }, { content: "I was given 1 image." });
answer({ userMessage: /6 \* 7/ }, { content: "6 * 7 = 42." });
mock.on({ userMessage: /refuse-400/ }, { error: { message: "That is wrong.", type: "invalid_request_error" }, status: 400 });
mock.on({ userMessage: /refuse-429/ }, { error: { message: "Too fast.", type: "rate_limit_error" }, status: 429 });
mock.on({ userMessage: /refuse-500/ }, { error: { message: "Broken.", type: "server_error" }, status: 500 });

await mock.start();
console.log(new URL(mock.url).port);
process.on("SIGTERM", async () => {
  await mock.stop();
  process.exit(0);
});
