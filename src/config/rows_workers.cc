// Rows of a worker.

#include "config/draft.h"
#include "config/rows_shapes.h"

namespace baton::config {
namespace {

const Shape& PriceShape() {
  using P = budget::PriceRow;
  static const Shape kShape{
      "price",
      "USD per million tokens, read as exact decimals. A kind that is not given is charged like the kind it "
      "is part of.",
      {
          MakeRow(Kind::kMoney, "input", Into<&PriceDraft::v, &P::input>,
                  "Input tokens; needed, but by a tool."),
          MakeRow(Kind::kMoney, "output", Into<&PriceDraft::v, &P::output>,
                  "Output tokens; needed, but by a tool."),
          MakeRow(Kind::kMoney, "cached_input", Into<&PriceDraft::v, &P::cached_input>,
                  "Input read from the provider's cache; else as input."),
          MakeRow(Kind::kMoney, "cache_write", Into<&PriceDraft::v, &P::cache_write>,
                  "Input written to it; else as input."),
          MakeRow(Kind::kMoney, "cache_write_1h", Into<&PriceDraft::v, &P::cache_write_1h>,
                  "The same for one hour; else as cache_write."),
          MakeRow(Kind::kMoney, "reasoning", Into<&PriceDraft::v, &P::reasoning>,
                  "Reasoning tokens; else as output."),
          MakeRow(Kind::kMoney, "audio_input", Into<&PriceDraft::v, &P::audio_input>,
                  "Audio in; else as input."),
          MakeRow(Kind::kMoney, "audio_output", Into<&PriceDraft::v, &P::audio_output>,
                  "Audio out; else as output."),
          MakeRow(Kind::kMoney, "call", Into<&PriceDraft::v, &P::call>,
                  "USD for each call, whatever it moves."),
          MakeRow(Kind::kDate, "valid_from", Into<&PriceDraft::v, &P::valid_from>,
                  "From this day on, midnight UTC; a row without holds from the beginning."),
      }};
  return kShape;
}

const Shape& ProfileShape() {
  using D = pool::DataProfile;
  static const Shape kShape{
      "data",
      "What happens to data that this worker sees, and which data it may see.",
      {
          MakeRow(Kind::kText, "region", Into<&ProfileDraft::v, &D::region>,
                  "Where it is processed; `here` means that it never leaves this machine.")
              .Default("unknown"),
          MakeRow(Kind::kText, "retention", Into<&ProfileDraft::v, &D::retention>,
                  "How long the provider keeps it, in its own words.")
              .Default("unknown"),
          MakeRow(Kind::kFlag, "trains", Into<&ProfileDraft::v, &D::trains>,
                  "Whether the provider may train on it; the worst is assumed.")
              .Default("true"),
          MakeRow(Kind::kTexts, "classes", Into<&ProfileDraft::v, &D::classes>,
                  "Data classes it may see: every class found in a request must be listed.")
              .Default("[public, internal]"),
      }};
  return kShape;
}

const Shape& PromptShape() {
  using P = pool::PromptRules;
  static const Shape kShape{
      "prompt",
      "How this worker wants to be spoken to, so that it can stand in for another.",
      {
          MakeWords(Kind::kWord, "system", "keep|system|developer|user", Into<&PromptDraft::system>,
                    "What becomes of instructions: as they come, all `system`, all `developer`, or put "
                    "before the first "
                    "user message.")
              .Default("keep"),
          MakeRow(Kind::kText, "before", Into<&PromptDraft::v, &P::before>,
                  "Stands before the instructions."),
          MakeRow(Kind::kText, "after", Into<&PromptDraft::v, &P::after>, "Stands after the instructions."),
          MakeRow(Kind::kText, "reasoning_on", Into<&PromptDraft::v, &P::reasoning_on>,
                  "Put after the last user message when the request wants reasoning, like `/think`."),
          MakeRow(Kind::kText, "reasoning_off", Into<&PromptDraft::v, &P::reasoning_off>,
                  "The same when it wants none (`reasoning_effort: none`)."),
          MakeRow(
              Kind::kText, "json", Into<&PromptDraft::v, &P::json>,
              "Put after the instructions when a JSON form is asked for; {schema} stands for the schema."),
      }};
  return kShape;
}

const Shape& TimeoutsShape() {
  using T = pool::Timeouts;
  static const Shape kShape{
      "timeouts",
      "Patience with this worker, per phase.",
      {
          MakeRow(Kind::kDuration, "connect", Into<&TimeoutsDraft::v, &T::connect>,
                  "Connection and TLS handshake.")
              .Between(0.01, 600)
              .Default("5s"),
          MakeRow(Kind::kDuration, "first_byte", Into<&TimeoutsDraft::v, &T::first_byte>,
                  "Request sent to first byte of the answer.")
              .Between(0.01, 86400)
              .Default("2m"),
          MakeRow(Kind::kDuration, "between_bytes", Into<&TimeoutsDraft::v, &T::between_bytes>,
                  "Silence inside the answer.")
              .Between(0.01, 86400)
              .Default("60s"),
          MakeRow(Kind::kDuration, "whole", Into<&TimeoutsDraft::v, &T::whole>, "The whole call.")
              .Between(0.01, 86400)
              .Default("10m"),
      }};
  return kShape;
}

const Shape& BreakerShape() {
  using B = pool::BreakerOptions;
  static const Shape kShape{
      "breaker",
      "When to stop asking a failing worker, and when to try it again.",
      {
          MakeRow(Kind::kInteger, "failures", Into<&BreakerDraft::v, &B::failures>,
                  "Failures in a row (its own, not a client's) that open it.")
              .Between(1, 1000)
              .Default("5"),
          MakeRow(Kind::kNumber, "error_rate", Into<&BreakerDraft::v, &B::error_rate>,
                  "Or this share of the last `window` calls.")
              .Between(0.01, 1)
              .Default("0.5"),
          MakeRow(Kind::kInteger, "window", Into<&BreakerDraft::v, &B::window>, "Calls looked at.")
              .Between(1, 10000)
              .Default("20"),
          MakeRow(Kind::kDuration, "open_for", Into<&BreakerDraft::v, &B::open_for>,
                  "First pause; doubles with every failed probe.")
              .Between(0.01, 3600)
              .Default("10s"),
          MakeRow(Kind::kDuration, "open_max", Into<&BreakerDraft::v, &B::open_max>, "Longest pause.")
              .Between(0.01, 86400)
              .Default("2m"),
          MakeRow(Kind::kDuration, "retry_after_max", Into<&BreakerDraft::v, &B::retry_after_max>,
                  "Cap on a provider's own Retry-After.")
              .Between(0, 86400)
              .Default("1m"),
      }};
  return kShape;
}

void Environment(Node* node, const Tree& tree, Problems* problems) {
  auto* worker = static_cast<WorkerDraft*>(node);
  if (tree.kind != Tree::Kind::kMap)
    return problems->Add(tree.place, "env must be a map, like {PATH: env:PATH, API_KEY: file:key.txt}");
  for (std::size_t i = 0; i < tree.keys.size(); ++i) {
    const Tree& value = tree.items[i];
    if (value.kind != Tree::Kind::kScalar) {
      problems->Add(value.place, "what stands in env must be env:NAME or file:PATH");
      continue;
    }
    worker->env.emplace_back(tree.keys[i].first, value.scalar);
  }
}

}  // namespace

const Shape& WorkerShape() {
  using W = WorkerDraft;
  static const Shape kShape{
      "worker",
      "One model behind one endpoint, or in this process.",
      {
          MakeRow(Kind::kText, "name", Into<&W::name>,
                  "How routes and clients call it: letters, digits and . _ : / - .")
              .Required(),
          MakeWords(Kind::kWord, "dialect", "openai|anthropic|gemini|local|tool|exact", Into<&W::dialect>,
                    "Wire format; `local` runs a GGUF file in this process, `tool` is an MCP server "
                    "(docs/tools.md), `exact` computes (docs/exact_workers.md).")
              .Required(),
          MakeRow(Kind::kText, "base_url", Into<&W::base_url>,
                  "Where the provider's API begins, with its version: `https://api.example.com/v1`."),
          MakeRow(Kind::kText, "model", Into<&W::model>,
                  "The provider's name of the model; of an exact worker calculator, sql, python or search."),
          MakeRow(Kind::kText, "key", Into<&W::key>, "`env:NAME` or `file:PATH`; never the key itself."),
          MakeRow(Kind::kText, "path", Into<&W::path>,
                  "GGUF file of a local worker, or folder of an exact one, relative to the config file."),
          MakeRow(Kind::kText, "adapter", Into<&W::adapter>,
                  "GGUF LoRA laid over a local worker's model, relative to the config file; a reload with "
                  "another "
                  "one changes it while the model serves."),
          MakeRow(Kind::kText, "sha256", Into<&W::sha256>, "Hash that the file must have, lower-case hex."),
          MakeRow(Kind::kTexts, "command", Into<&W::command>,
                  "Program of a tool worker and its arguments; without it, the server is at base_url."),
          MakeCustom("env", Environment, "map of `NAME: env:NAME` or `NAME: file:PATH`",
                     R"({"type":"object","additionalProperties":{"type":"string"}})",
                     "All that the program of a tool worker finds in its environment."),
          MakeRow(Kind::kTexts, "tools", Into<&W::tools>,
                  "Tools of a tool worker that may be called; without the key, all it offers."),
          MakeChild(
              Kind::kOneOrList, "price", Append<&W::price>, PriceShape,
              "USD per million tokens; one row, or dated rows. Without it costs are unknown, not zero."),
          MakeChild(
              Kind::kOneOrList, "budget", Append<&W::budget>, BudgetShape,
              "What all requests together may spend at this worker; when it is used up, others are asked."),
          MakeRow(Kind::kInteger, "context", Into<&W::context>, "Tokens the model can take; 0: unknown.")
              .Between(0, 100000000)
              .Default("0"),
          MakeRow(Kind::kInteger, "max_output", Into<&W::max_output>,
                  "Cap on an answer where the dialect demands one and the client gave none.")
              .Between(1, 10000000)
              .Default("4096"),
          MakeWords(Kind::kWords, "can",
                    "tools|vision|audio|files|json_schema|reasoning|logprobs|embeddings|embeddings_only",
                    Into<&W::can>,
                    "Exactly what it can do. Without the key: everything but audio; a local worker: tools, "
                    "json_schema, logprobs, embeddings. `embeddings_only` is an encoder."),
          MakeChild(Kind::kMap, "data", Inside<&W::data>, ProfileShape,
                    "What happens to data, and which data it may see."),
          MakeRow(Kind::kFlag, "simulated", Into<&W::simulated>,
                  "Labelled as simulated wherever it is shown.")
              .Default("false"),
          MakeRow(Kind::kFlag, "private", Into<&W::private_address>,
                  "Its address may be on this machine or in a private network.")
              .Default("false"),
          MakeRow(Kind::kInteger, "max_concurrency", Into<&W::max_concurrency>, "Calls at the same time.")
              .Between(1, 100000)
              .Default("64"),
          MakeRow(Kind::kInteger, "queue", Into<&W::queue>,
                  "Calls waiting for a place; beyond, the worker counts as overloaded.")
              .Between(0, 1000000)
              .Default("256"),
          MakeChild(Kind::kMap, "prompt", Inside<&WorkerDraft::prompt>, PromptShape,
                    "How it wants to be spoken to."),
          MakeChild(Kind::kMap, "timeouts", Inside<&W::timeouts>, TimeoutsShape, "Patience per phase."),
          MakeChild(Kind::kMap, "breaker", Inside<&W::breaker>, BreakerShape, "When to stop asking."),
          MakeRow(Kind::kDuration, "hedge_after", Into<&W::hedge_after>,
                  "After this long without a first byte, ask the next candidate too. Without the key: never.")
              .Between(0.01, 3600),
          MakeWords(Kind::kWord, "on_client_gone", "cancel|drain_for_usage", Into<&W::on_client_gone>,
                    "When the client leaves: cancel the call, or read on for its usage.")
              .Default("cancel"),
          MakeRow(Kind::kDuration, "drain_limit", Into<&W::drain_limit>, "How long to read on.")
              .Between(0, 3600)
              .Default("20s"),
          MakeRow(Kind::kFlag, "strict", Into<&W::strict>,
                  "Refuse a parameter that it cannot honour instead of dropping it with a declared loss.")
              .Default("false"),
          MakeRow(Kind::kTexts, "rejects", Into<&W::rejects>,
                  "Parameters it does not accept (`seed`, `temperature`): dropped and declared."),
          MakeRow(Kind::kInteger, "threads", Into<&W::threads>,
                  "Threads of a local model; 0: the physical cores.")
              .Between(0, 1024)
              .Default("0"),
          MakeRow(Kind::kInteger, "parallel", Into<&W::parallel>,
                  "Requests that a local model decodes together.")
              .Between(1, 256)
              .Default("8"),
      }};
  return kShape;
}

}  // namespace baton::config
