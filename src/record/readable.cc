#include "record/readable.h"

#include <nlohmann/json.hpp>

#include "audit/event.h"
#include "record/encode.h"
#include "record/recorder.h"

namespace baton::record {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& j) {
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json EventJson(const audit::Event& e) {
  return {{"at_unix_ns", e.at_unix_ns},
          {"actor", e.actor},
          {"action", e.action},
          {"target", e.target},
          {"detail", e.detail}};
}

Json FeedbackJson(const Feedback& f) {
  return {{"id", FeedbackId(f)}, {"exchange", FormatExchangeId(f.exchange)},
          {"tenant", f.tenant},  {"by", f.by},
          {"source", f.source},  {"label", f.label},
          {"score", f.score()},  {"at_unix_ns", f.at_unix_ns}};
}

Json ContentJson(const Content& c) {
  Json j{{"exchange", FormatExchangeId(c.exchange)}, {"tenant", c.tenant}, {"bytes", c.data.size()}};
  if (c.form == ContentForm::kPlain) j["text"] = c.data;
  return j;
}

template <class T>
std::string OrNothing(const Result<T>& decoded, Json (*to_json)(const T&)) {
  return decoded ? Dump(to_json(*decoded)) : std::string();
}

}  // namespace

std::string Readable(audit::Kind kind, const std::string& canonical) {
  switch (kind) {
    case audit::Kind::kExchange: {
      Provenance p;
      return Decode(canonical, p) ? ToJson(p) : std::string();
    }
    case audit::Kind::kEvent:
      return OrNothing(audit::DecodeEvent(canonical), EventJson);
    case audit::Kind::kFeedback:
      return OrNothing(DecodeFeedback(canonical), FeedbackJson);
    case audit::Kind::kContent:
      return OrNothing(DecodeContent(canonical), ContentJson);
  }
  return {};
}

bool ReadableAgrees(audit::Kind kind, const std::string& canonical, const std::string& readable) {
  // As values: numbers may have been written in another way on the path through another program.
  const auto ours = nlohmann::json::parse(Readable(kind, canonical), nullptr, false);
  return !ours.is_discarded() && ours == nlohmann::json::parse(readable, nullptr, false);
}

}  // namespace baton::record
