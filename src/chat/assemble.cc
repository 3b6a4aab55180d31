#include "chat/assemble.h"

#include <algorithm>

namespace baton::chat {
namespace {

// OpenAI streams log-probabilities as {"content":[...],"refusal":null} per chunk; the whole is their content
// arrays joined. Both are text here, so joining means splicing the arrays' insides.
std::string_view ArrayInside(std::string_view json) {
  const auto key = json.find("\"content\"");
  if (key == std::string_view::npos) return {};
  const auto open = json.find('[', key);
  const auto close = json.rfind(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close <= open) return {};
  return json.substr(open + 1, close - open - 1);
}

void JoinLogprobs(Json& whole, const Json& piece) {
  if (whole.empty()) {
    whole = piece;
    return;
  }
  const std::string_view inside = ArrayInside(piece.text);
  const auto close = whole.text.rfind(']');
  if (inside.empty() || close == std::string::npos) return;
  const bool first = ArrayInside(whole.text).empty();
  whole.text.insert(close, (first ? "" : ",") + std::string(inside));
}

}  // namespace

Choice& Assembler::At(std::int64_t index) {
  for (auto& c : response_.choices) {
    if (c.index == index) return c;
  }
  auto& c = response_.choices.emplace_back();
  c.index = index;
  c.message.role = Role::kAssistant;
  return c;
}

void Assembler::Add(const Event& e) {
  const auto opened = [&](bool tool) -> Part* {
    for (auto& o : open_) {
      if (o.choice == e.choice && o.index == e.index && o.tool == tool)
        return &At(e.choice).message.parts[o.part];
    }
    return nullptr;
  };
  const auto open = [&](bool tool, Part part) -> Part& {
    auto& parts = At(e.choice).message.parts;
    parts.push_back(std::move(part));
    open_.push_back({e.choice, e.index, tool, parts.size() - 1});
    return parts.back();
  };
  switch (e.kind) {
    case Event::Kind::kStart:
      response_.id = e.id;
      response_.model = e.model;
      response_.created = e.created;
      break;
    case Event::Kind::kText: {
      auto& parts = At(e.choice).message.parts;
      if (parts.empty() || !std::holds_alternative<Text>(parts.back())) parts.emplace_back(Text{});
      std::get<Text>(parts.back()).text += e.text;
      has_content_ |= !e.text.empty();
      break;
    }
    case Event::Kind::kRefusal: {
      auto& parts = At(e.choice).message.parts;
      if (parts.empty() || !std::holds_alternative<Refusal>(parts.back())) parts.emplace_back(Refusal{});
      std::get<Refusal>(parts.back()).text += e.text;
      has_content_ |= !e.text.empty();
      break;
    }
    case Event::Kind::kReasoning:
    case Event::Kind::kReasoningSignature: {
      Part* at = opened(false);
      auto& r = std::get<Reasoning>(at ? *at : open(false, Reasoning{}));
      r.origin = e.dialect;
      (e.kind == Event::Kind::kReasoning ? r.text : r.signature) += e.text;
      r.encrypted += e.encrypted;
      has_content_ = true;
      break;
    }
    case Event::Kind::kToolCall: {
      Part* at = opened(true);
      if (!at) {
        open(true, e.tool);
      } else {  // some servers repeat or complete id and name later
        auto& t = std::get<ToolCall>(*at);
        if (t.id.empty()) t.id = e.tool.id;
        if (t.name.empty()) t.name = e.tool.name;
        if (t.signature.empty()) t.signature = e.tool.signature;
      }
      has_content_ = true;
      break;
    }
    case Event::Kind::kToolArguments: {
      Part* at = opened(true);
      std::get<ToolCall>(at ? *at : open(true, ToolCall{})).arguments += e.text;
      has_content_ = true;
      break;
    }
    case Event::Kind::kLogprobs:
      JoinLogprobs(At(e.choice).logprobs, e.json);
      break;
    case Event::Kind::kFinish: {
      auto& c = At(e.choice);
      c.finish = e.finish;
      c.finish_raw = e.text;
      finished_ = true;
      break;
    }
    case Event::Kind::kUsage:
      response_.usage = e.usage;
      break;
    case Event::Kind::kOpaque:
      At(e.choice).message.parts.emplace_back(Opaque{e.dialect, e.json});
      break;
    case Event::Kind::kPassthrough:
      break;
  }
}

Response Assembler::Take() {
  std::sort(response_.choices.begin(), response_.choices.end(),
            [](const Choice& a, const Choice& b) { return a.index < b.index; });
  open_.clear();
  has_content_ = finished_ = false;
  return std::exchange(response_, {});
}

std::string TextOf(const Message& message) {
  std::string out;
  for (const auto& p : message.parts) {
    if (const auto* t = std::get_if<Text>(&p)) out += t->text;
  }
  return out;
}

}  // namespace baton::chat
