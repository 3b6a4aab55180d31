#include "exchange/keep.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "chat/assemble.h"
#include "human/transcript.h"
#include "rails/redact.h"

namespace baton::exchange {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNames[] = {"none", "digest", "redacted", "full"};

std::string Keyed(const audit::Digest& key, const std::vector<chat::Message>& messages) {
  // One per thread: making one costs more than hashing a short prompt.
  thread_local audit::Hasher hasher;
  hasher.Add(audit::Bytes(key));
  const auto add = [&](char kind, std::string_view text) {
    // Lengths between the texts: "ab","c" is not "a","bc".
    const std::uint64_t size = text.size();
    hasher.Add({&kind, 1}).Add({reinterpret_cast<const char*>(&size), sizeof(size)}).Add(text);
  };
  for (const chat::Message& m : messages) {
    const char role = static_cast<char>(m.role);
    add('r', {&role, 1});
    for (const chat::Part& p : m.parts) {
      if (const auto* t = std::get_if<chat::Text>(&p)) add('t', t->text);
      if (const auto* c = std::get_if<chat::ToolCall>(&p)) add('c', c->arguments);
      if (const auto* media = std::get_if<chat::Media>(&p))
        add('m', media->url.empty() ? media->data : media->url);
      if (const auto* result = std::get_if<chat::ToolResult>(&p)) {
        for (const auto& inner : result->content) {
          if (const auto* t = std::get_if<chat::Text>(&inner)) add('o', t->text);
        }
      }
    }
  }
  const audit::Digest digest = hasher.Finish();
  return "k1:" + audit::Hex(std::span(digest).first(16));
}

const chat::Message* AnswerOf(const chat::Response* answer) {
  return answer && !answer->choices.empty() ? &answer->choices.front().message : nullptr;
}

// Every text of the conversation with what is not harmless replaced; the same value has the same mark in all.
void Hide(const rails::Classifier& classifier, rails::Marks& marks, std::vector<chat::Message>& messages) {
  const auto hide = [&](std::string& text) { text = marks.Hide(text, classifier.ClassifyText(text)); };
  for (chat::Message& m : messages) {
    for (chat::Part& p : m.parts) {
      if (auto* t = std::get_if<chat::Text>(&p)) hide(t->text);
      if (auto* c = std::get_if<chat::ToolCall>(&p)) hide(c->arguments);
      if (auto* media = std::get_if<chat::Media>(&p)) hide(media->filename);
      if (auto* result = std::get_if<chat::ToolResult>(&p)) {
        for (auto& inner : result->content) {
          if (auto* t = std::get_if<chat::Text>(&inner)) hide(t->text);
        }
      }
    }
  }
}

}  // namespace

std::optional<Keep> ParseKeep(std::string_view name) {
  const auto at = std::find(std::begin(kNames), std::end(kNames), name);
  if (at == std::end(kNames)) return std::nullopt;
  return static_cast<Keep>(at - std::begin(kNames));
}

bool KeepRules::any() const {
  return standard != Keep::kNone ||
         std::any_of(of.begin(), of.end(), [](const auto& rule) { return rule.second != Keep::kNone; });
}

Keeper::Keeper(KeepRules rules, const audit::Digest& key, audit::Vault* vault,
               std::shared_ptr<const rails::Classifier> classifier, Metrics* metrics)
    : rules_(std::move(rules)), key_(key), vault_(vault), classifier_(std::move(classifier)) {
  if (!metrics) return;
  const auto lost = [&](const char* reason) {
    return metrics->GetCounter("baton_audit_content_lost_total", "Contents that were to be kept and were not",
                               {{"reason", reason}});
  };
  too_large_ = lost("too_large");
  unsealed_ = lost("not_sealed");
}

Keep Keeper::For(const std::set<rails::DataClass>& classes) const {
  Keep keep = Keep::kFull;
  for (const auto& c : classes) {
    const auto rule = rules_.of.find(c);
    keep = std::min(keep, rule == rules_.of.end() ? rules_.standard : rule->second);
  }
  return classes.empty() ? rules_.standard : keep;
}

std::string Keeper::DigestOf(const std::vector<chat::Message>& messages) const {
  return Keyed(key_, messages);
}

std::string Keeper::Text(Keep keep, const chat::Request& request, const chat::Response* answer) const {
  const chat::Message* said = AnswerOf(answer);
  Json j{{"keep", kNames[static_cast<std::size_t>(keep)]}};
  if (said) j["answer_digest"] = Keyed(key_, {*said});
  if (keep == Keep::kDigest) return j.dump();
  std::vector<chat::Message> all = request.messages;
  if (said) all.push_back(*said);
  if (keep == Keep::kRedacted) {
    rails::Marks marks;
    Hide(*classifier_, marks, all);
  }
  Json messages = Json::parse(human::Transcript(all), nullptr, false);
  if (said && messages.is_array() && !messages.empty()) {
    j["answer"] = std::move(messages.back());
    messages.erase(messages.end() - 1);
  }
  j["messages"] = std::move(messages);
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<record::Content> Keeper::ContentOf(const record::Provenance& record,
                                                 const std::set<rails::DataClass>& classes,
                                                 const chat::Request& request,
                                                 const chat::Response* answer) const {
  const Keep keep = For(classes);
  if (keep == Keep::kNone) return std::nullopt;
  record::Content content;
  content.exchange = record.id;
  content.tenant = record.tenant;
  content.data = Text(keep, request, answer);
  if (content.data.size() > record::kMaxContent) {
    too_large_.Add();
    return std::nullopt;
  }
  if (keep == Keep::kDigest || (keep == Keep::kRedacted && !vault_)) return content;
  if (vault_) {
    auto sealed = vault_->Seal(content.tenant, FormatExchangeId(record.id), content.data);
    if (sealed) {
      content.form = record::ContentForm::kSealed;
      content.data = std::move(*sealed);
      return content;
    }
  }
  unsealed_.Add();
  return std::nullopt;
}

Result<std::string> OpenContent(const record::Content& content, audit::Vault* vault) {
  if (content.form == record::ContentForm::kPlain) return content.data;
  if (!vault)
    return Fail(Code::kPermissionDenied, "this content is sealed: the master key is needed to read it",
                "content_sealed");
  return vault->Open(content.tenant, FormatExchangeId(content.exchange), content.data);
}

}  // namespace baton::exchange
