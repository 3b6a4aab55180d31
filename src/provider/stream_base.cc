#include "provider/stream_base.h"

#include "provider/openai.h"
#include "provider/upstream_error.h"

namespace baton::provider {
namespace {

Error BadEvent(std::string_view why) {
  return Fail(Code::kBadUpstream,
              "The worker's stream holds an event that cannot be read: " + std::string(why),
              "malformed_stream");
}

}  // namespace

Status StreamBase::OnData(std::string_view data) {
  if (OnKnown(data, out_)) return {};
  if (complete_ && data.find_first_not_of(" \t\r\n") == std::string_view::npos) return {};
  const auto doc = JsonDoc::Parse(data, JsonDoc::Surrogates::kReplace);
  if (!doc) return BadEvent(doc.error().message);
  JsonView root = doc->root();
  // Google sends a stream's error as a list of one.
  if (root.is_array() && !root.empty()) root = *root.items().begin();
  if (!root.is_object()) return BadEvent("it is " + std::string(JsonKindName(root.kind())) + ".");
  return OnJson(root, out_);
}

void StreamBase::OnEvent(const net::SseEvent& event) {
  if (error_) return;
  const std::size_t before = out_->size();
  if (event.has_data && !event.data.empty()) {
    if (auto status = OnData(event.data); !status) {
      error_ = std::move(status).error();
      return;
    }
  }
  if (event.raw.empty()) return;
  if (out_->size() == before) out_->emplace_back().kind = chat::Event::Kind::kPassthrough;
  (*out_)[before].raw = event.raw;
}

Status StreamBase::Feed(std::string_view bytes, std::vector<chat::Event>* out) {
  if (error_) return *error_;
  out_ = out;
  if (auto fed = parser_.Feed(bytes, [this](const net::SseEvent& e) { OnEvent(e); }); !fed) {
    Error e = std::move(fed).error();
    e.code = Code::kBadUpstream;
    error_ = std::move(e);
  }
  out_ = nullptr;
  if (error_) return *error_;
  return {};
}

Status StreamBase::Finish(std::vector<chat::Event>* out) {
  if (error_) return *error_;
  out_ = out;
  parser_.Finish([this](const net::SseEvent& e) { OnEvent(e); });
  out_ = nullptr;
  if (complete_) return {};
  // A last event cut in the middle is the same failure as a missing one.
  return Fail(Code::kBadUpstream, "The worker's stream ended before the answer did.", "stream_truncated");
}

}  // namespace baton::provider
