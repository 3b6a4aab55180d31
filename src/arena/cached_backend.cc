#include "arena/cached_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "arena/forwarding.h"
#include "arena/single_flight.h"
#include "chat/assemble.h"

namespace baton::arena {
namespace {

using nlohmann::json;
using pool::Attempt;
using pool::AttemptResult;

std::string Write(const chat::Response& r) {
  const json out = {{"text", chat::TextOf(r.choices[0].message)},
                    {"finish", static_cast<int>(r.choices[0].finish)},
                    {"in", r.usage.input},
                    {"out", r.usage.output}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<chat::Response> Read(const std::string& text, const pool::Worker& worker) {
  const json in = json::parse(text, nullptr, false);
  if (!in.is_object() || !in.contains("text") || !in["text"].is_string()) return std::nullopt;
  chat::Response r;
  r.model = worker.target.model;
  r.id = "cached";
  chat::Choice& choice = r.choices.emplace_back();
  choice.message.role = chat::Role::kAssistant;
  choice.message.parts.emplace_back(chat::Text{in["text"].get<std::string>(), {}});
  choice.finish = static_cast<chat::Finish>(in.value("finish", static_cast<int>(chat::Finish::kStop)));
  r.usage.input = in.value("in", std::int64_t{0});
  r.usage.output = in.value("out", std::int64_t{0});
  r.usage.known = true;
  return r;
}

bool PlainText(const chat::Response& r) {
  return r.choices.size() == 1 && r.usage.known &&
         std::all_of(r.choices[0].message.parts.begin(), r.choices[0].message.parts.end(),
                     [](const chat::Part& p) { return std::holds_alternative<chat::Text>(p); });
}

class Cached : public Forwarding {
 public:
  Cached(std::shared_ptr<const pool::Worker> worker, Loop& loop, Memo& memo,
         std::unique_ptr<pool::Backend> inner)
      : Forwarding(std::move(inner)), worker_(std::move(worker)), memo_(memo), flight_(loop) {}

  Task<AttemptResult> Chat(const Attempt& attempt) override;

 private:
  bool Replay(const std::string& key, AttemptResult* out);

  const std::shared_ptr<const pool::Worker> worker_;
  Memo& memo_;
  SingleFlight flight_;
};

bool Cached::Replay(const std::string& key, AttemptResult* out) {
  const auto kept = memo_.Find(key);
  auto response = kept ? Read(*kept, *worker_) : std::nullopt;
  if (!response) return false;
  out->response = std::move(*response);
  out->response.system_fingerprint = "cached";
  out->sent = out->first_byte_seen = true;
  return true;
}

Task<AttemptResult> Cached::Chat(const Attempt& attempt) {
  const std::string key = attempt.sink ? std::string() : KeyOf(*worker_, *attempt.request);
  if (key.empty()) {
    AttemptResult through = co_await inner_->Chat(attempt);
    co_return through;
  }
  AttemptResult out;
  if (Replay(key, &out)) co_return out;
  const bool mine = co_await flight_.Enter(key, attempt.cancel);
  if (!Replay(key, &out)) {
    out = co_await inner_->Chat(attempt);
    if (!out.failure && PlainText(out.response)) memo_.Keep(key, Write(out.response));
  }
  if (mine) flight_.Leave(key);
  co_return out;
}

}  // namespace

std::string KeyOf(const pool::Worker& worker, const chat::Request& r) {
  const bool repeatable = r.seed.has_value() || (r.temperature && *r.temperature <= 0);
  if (!repeatable || !r.tools.empty() || r.n.value_or(1) > 1) return {};
  std::string key =
      fmt::format("{}\x1f{}\x1f{}\x1f{}", worker.name, worker.dialect, worker.target.model, worker.path);
  if (!worker.adapter.empty()) key += "\x1f" + worker.adapter;
  key += fmt::format("\x1f{}\x1f{}\x1f{}\x1f{}\x1f{}\x1f{}\x1f{}", r.temperature.value_or(-1),
                     r.top_p.value_or(-1), r.seed.value_or(-1), r.max_tokens.value_or(-1),
                     fmt::join(r.stop, "\x1e"), r.response_format.schema.text, r.logprobs.value_or(false));
  for (const auto& m : r.messages) {
    key += fmt::format("\x1f{}", static_cast<int>(m.role));
    for (const auto& p : m.parts) {
      const auto* text = std::get_if<chat::Text>(&p);
      if (!text) return {};
      key += "\x1e" + text->text;
    }
  }
  return key;
}

std::unique_ptr<pool::Backend> CachedBackend(std::shared_ptr<const pool::Worker> worker, Loop& loop,
                                             Memo& memo, std::unique_ptr<pool::Backend> inner) {
  return std::make_unique<Cached>(std::move(worker), loop, memo, std::move(inner));
}

}  // namespace baton::arena
