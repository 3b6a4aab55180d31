// Streams of OpenAI-compatible servers. The specified form is simple; most of this file is what servers make
// of it: tool call deltas without index (take the current call), with index 0 for every parallel call (a new
// id with a new name is a new call), with the id repeated on each fragment, usage in the last content chunk
// or in `x_groq`, reasoning under three names, no [DONE].
//
// Nearly all chunks of an answer are the same bytes around another piece of text. A chunk that is like the
// last one in all but its text is not parsed again: comparing costs some hundred instructions, parsing ten
// thousand.
#include <algorithm>

#include "provider/call_id.h"
#include "provider/fields.h"
#include "provider/openai.h"
#include "provider/stream_base.h"

namespace baton::provider::openai {
namespace {

using chat::Event;

class Decoder final : public StreamBase {
 protected:
  bool OnKnown(std::string_view data, std::vector<Event>* out) override {
    if (data.starts_with("[DONE]")) {
      Complete();
      return true;
    }
    const std::size_t around = before_text_.size() + behind_text_.size();
    if (around == 0 || data.size() <= around || !data.starts_with(before_text_) ||
        !data.ends_with(behind_text_))
      return false;
    const std::string_view text = data.substr(before_text_.size(), data.size() - around);
    if (!IsPlainText(text)) return false;
    Add(Event::Kind::kText, text_choice_, out).text = text;
    return true;
  }

  Status OnJson(JsonView root, std::vector<Event>* out) override {
    if (const JsonView error = root["error"]; !error.missing() && !error.is_null()) return InBandError(error);
    const JsonView choices = root["choices"];
    if (choices.missing() && root["usage"].missing() && root["object"].str() == "error")
      return InBandError(root);
    const std::size_t before = out->size();
    text_ = {};
    Start(root, choices, out);
    for (const auto choice : choices.items()) OnChoice(choice, out);
    JsonView usage = root["usage"];
    if (!usage.is_object()) usage = root["x_groq"]["usage"];
    if (usage.is_object()) {
      // An event that is nothing but usage must be recognisable as such: see the encoder.
      if (out->size() == before && !choices.empty()) Add(Event::Kind::kPassthrough, 0, out);
      Add(Event::Kind::kUsage, 0, out).usage = DecodeUsage(usage);
    }
    if (out->size() == before + 1) NoteText(root, out->back());
    return {};
  }

 private:
  struct Call {
    std::int64_t choice, wire_index, index;
    std::string id;
    bool named;
  };

  static Event& Add(Event::Kind kind, std::int64_t choice, std::vector<Event>* out) {
    Event& e = out->emplace_back();
    e.kind = kind;
    e.choice = choice;
    e.dialect = chat::Dialect::kOpenAi;
    return e;
  }

  // A chunk that said one piece of text and nothing else is what the next ones are compared with.
  void NoteText(JsonView root, const Event& only) {
    const bool plain = !text_.missing() && text_.raw().size() == only.text.size() + 2;  // no escapes
    if (only.kind != Event::Kind::kText || !plain || root.offset() != 0) return;
    const std::string_view all = root.raw();
    before_text_ = all.substr(0, text_.offset() + 1);
    behind_text_ = all.substr(text_.offset() + 1 + only.text.size());
    text_choice_ = only.choice;
  }

  // Azure begins with a chunk about the prompt that has no id, model or choices.
  void Start(JsonView root, JsonView choices, std::vector<Event>* out) {
    if (started_ || (root["id"].str().empty() && choices.empty())) return;
    started_ = true;
    Event& e = Add(Event::Kind::kStart, 0, out);
    e.id = id_ = root["id"].str();
    e.model = root["model"].str();
    e.created = root["created"].integer().value_or(0);
  }

  void OnChoice(JsonView v, std::vector<Event>* out) {
    const std::int64_t index = v["index"].integer().value_or(0);
    if (const JsonView logprobs = v["logprobs"]; logprobs.is_object()) {
      Add(Event::Kind::kLogprobs, index, out).json = RawOf(logprobs);
    }
    JsonView delta = v["delta"];
    if (!delta.is_object()) delta = v["message"];  // some servers end with, or only send, a whole message
    OnDelta(delta, index, out);
    if (const JsonView finish = v["finish_reason"]; finish.is_string() && !finish.str().empty()) {
      Event& e = Add(Event::Kind::kFinish, index, out);
      e.finish = FinishOf(finish.str());
      e.text = finish.str();
      Complete();
    }
  }

  void OnDelta(JsonView delta, std::int64_t choice, std::vector<Event>* out) {
    Reasoning(delta, choice, out);
    const JsonView content = delta["content"];
    if (const auto text = content.str(); !text.empty()) {
      Add(Event::Kind::kText, choice, out).text = text;
      text_ = content;
    } else {
      for (const auto part : content.items()) {  // Mistral sends parts
        if (const auto t = part["text"].str(); !t.empty()) Add(Event::Kind::kText, choice, out).text = t;
      }
    }
    if (const auto text = delta["refusal"].str(); !text.empty())
      Add(Event::Kind::kRefusal, choice, out).text = text;
    for (const auto call : delta["tool_calls"].items()) OnCall(call, choice, out);
    for (const auto name : {"function_call", "audio", "annotations"}) {
      const JsonView v = delta[name];
      if (v.missing() || v.is_null() || v.empty()) continue;
      std::string json;
      JsonWriter(&json).BeginObject().RawField(name, v.raw()).EndObject();
      Add(Event::Kind::kOpaque, choice, out).json.text = std::move(json);
    }
  }

  static void Reasoning(JsonView delta, std::int64_t choice, std::vector<Event>* out) {
    bool details = false;
    for (const auto v : delta["reasoning_details"].items()) {
      details |= Detail(v, choice, out);
    }
    if (details) return;  // the plain field repeats the same text
    for (const auto name : {"reasoning_content", "reasoning"}) {
      const auto text = delta[name].str();
      if (text.empty()) continue;
      Add(Event::Kind::kReasoning, choice, out).text = text;
      return;
    }
  }

  static bool Detail(JsonView v, std::int64_t choice, std::vector<Event>* out) {
    const std::int64_t index = v["index"].integer().value_or(0);
    bool any = false;
    const auto piece = [&](Event::Kind kind, std::string_view text, std::string_view encrypted) {
      if (text.empty() && encrypted.empty()) return;
      Event& e = Add(kind, choice, out);
      e.index = index;
      e.text = text;
      e.encrypted = encrypted;
      e.json = Marks(v);
      any = true;
    };
    piece(Event::Kind::kReasoning, v["text"].str(), {});
    piece(Event::Kind::kReasoning, v["summary"].str(), {});
    piece(Event::Kind::kReasoningSignature, v["signature"].str(), v["data"].str());
    return any;
  }

  // What a detail says besides its content (type, format, id), for the way back.
  static chat::Json Marks(JsonView v) {
    chat::Json out;
    JsonWriter w(&out.text);
    w.BeginObject();
    for (const auto m : v.members()) {
      if (m.key == "text" || m.key == "summary" || m.key == "signature" || m.key == "data" ||
          m.key == "index")
        continue;
      if (!m.value.is_null()) w.RawField(m.key, m.value.raw());
    }
    w.EndObject();
    return out;
  }

  // The call a delta belongs to, or null when it begins a new one.
  Call* Find(JsonView v, std::int64_t choice) {
    const auto wire = v["index"].integer();
    const std::string_view id = v["id"].str(), name = v["function"]["name"].str();
    Call* last = nullptr;
    for (auto& call : calls_) {
      if (call.choice != choice) continue;
      if (!id.empty() && call.id == id) return &call;
      if (!wire || call.wire_index == *wire) last = &call;
    }
    if (!last) return nullptr;
    const bool other_id = !id.empty() && !last->id.empty() && id != last->id;
    // Another id alone may be noise (a fresh id per chunk); with another name it is another call. Without an
    // index an id is all there is to tell calls apart.
    if (other_id && (!wire || !name.empty())) return nullptr;
    // Without id and index, a name begins a call.
    if (!wire && id.empty() && !name.empty() && last->named) return nullptr;
    return last;
  }

  void OnCall(JsonView v, std::int64_t choice, std::vector<Event>* out) {
    const bool custom = v["type"].str() == "custom" || v["custom"].is_object();
    const JsonView body = v[custom ? "custom" : "function"];
    Call* call = Find(v, choice);
    const bool fresh = call == nullptr;
    if (fresh) {
      if (calls_.size() >= 4096) return;  // no model makes as many; the memory of a stream stays bounded
      const auto next =
          std::count_if(calls_.begin(), calls_.end(), [&](const Call& c) { return c.choice == choice; });
      std::string id(v["id"].str());
      if (id.empty()) id = StableCallId(id_, choice, next);
      calls_.push_back(
          {choice, v["index"].integer().value_or(next), next, std::move(id), !body["name"].str().empty()});
      call = &calls_.back();
    }
    if (fresh) {
      Event& e = Add(Event::Kind::kToolCall, choice, out);
      e.index = call->index;
      e.tool.id = call->id;
      e.tool.name = body["name"].str();
      e.tool.custom = custom;
      Signature(v["extra_content"], &e.tool);
    } else if (!call->named && !body["name"].str().empty()) {  // the name comes late: say it again
      call->named = true;
      Event& e = Add(Event::Kind::kToolCall, choice, out);
      e.index = call->index;
      e.tool.id = call->id;
      e.tool.name = body["name"].str();
    }
    const JsonView arguments = body[custom ? "input" : "arguments"];
    const std::string_view text = arguments.is_object() ? arguments.raw() : arguments.str();
    if (text.empty()) return;
    Event& e = Add(Event::Kind::kToolArguments, choice, out);
    e.index = call->index;
    e.text = text;
  }

  static void Signature(JsonView extra, chat::ToolCall* tool) {
    tool->signature = extra["google"]["thought_signature"].str();
    if (tool->signature.empty()) return;
    tool->signature_origin =
        extra["origin"].str() == kGeminiMark ? chat::Dialect::kGemini : chat::Dialect::kOpenAi;
  }

  bool started_ = false;
  std::string id_;
  std::vector<Call> calls_;
  JsonView text_;  // of the chunk being read
  std::string before_text_, behind_text_;
  std::int64_t text_choice_ = 0;
};

}  // namespace

std::unique_ptr<StreamDecoder> NewStreamDecoder() {
  return std::make_unique<Decoder>();
}

}  // namespace baton::provider::openai
