#include "report/dataset.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "exchange/keep.h"
#include "record/chain_source.h"

namespace baton::report {
namespace {

using Json = nlohmann::ordered_json;

// A message's text, whichever of the two forms its content has.
std::string TextOf(const Json& message) {
  const auto content = message.is_object() ? message.find("content") : message.end();
  if (!message.is_object() || content == message.end()) return {};
  if (content->is_string()) return content->get<std::string>();
  return content->is_null() ? std::string() : content->dump();
}

// The conversation as one text; a single message is its text alone.
std::string PromptOf(const Json& messages) {
  if (!messages.is_array()) return {};
  if (messages.size() == 1) return TextOf(messages[0]);
  std::string prompt;
  for (const Json& m : messages) {
    const std::string role = m.is_object() ? m.value("role", std::string("user")) : "user";
    prompt += fmt::format("{}{}: {}", prompt.empty() ? "" : "\n", role, TextOf(m));
  }
  return prompt;
}

std::optional<double> ScoreOf(const record::Provenance& r) {
  if (r.feedback.empty()) return std::nullopt;
  double sum = 0;
  for (const auto& f : r.feedback) sum += f.score();
  return sum / static_cast<double>(r.feedback.size());
}

std::string LineOf(const record::Provenance& r, const Json& content, std::optional<double> score) {
  Json outcome;
  if (score) outcome["score"] = *score;
  if (content.contains("answer")) outcome["response"] = TextOf(content["answer"]);
  outcome["prompt_tokens"] = r.input_tokens;
  outcome["completion_tokens"] = r.output_tokens;
  if (!r.unpriced) outcome["cost"] = static_cast<double>(r.cost.v) * 1e-9;
  const Json line{{"id", FormatExchangeId(r.id)},
                  {"benchmark", "baton-log"},
                  {"slice", r.contract.empty() ? r.task : r.contract},
                  {"prompt", PromptOf(content["messages"])},
                  {"keep", content.value("keep", std::string())},
                  {"models", {{r.worker, std::move(outcome)}}}};
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Result<DatasetTotals> WriteDataset(const std::string& path, const record::Recorder& store,
                                   const DatasetOptions& options, std::FILE* to) {
  DatasetTotals totals;
  TRY_VOID(record::EachContent(path, [&](const record::Content& c) -> Status {
    auto text = exchange::OpenContent(c, options.vault);
    if (!text) {
      ++(text.error().reason == "content_sealed" ? totals.sealed : totals.unreadable);
      return {};
    }
    const Json content = Json::parse(*text, nullptr, false);
    auto record = store.Find(c.exchange);
    if (!content.is_object() || !content.contains("messages") || !record || record->worker.empty()) return {};
    const auto score = ScoreOf(*record);
    totals.without_score += !score;
    if (!score && !options.all) return {};
    const std::string line = LineOf(*record, content, score);
    if (std::fwrite(line.data(), 1, line.size(), to) != line.size())
      return Fail(Code::kUnavailable, fmt::format("cannot write: {}", std::strerror(errno)), "store_io");
    ++totals.rows;
    return {};
  }));
  return totals;
}

}  // namespace baton::report
