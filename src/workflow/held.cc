#include "workflow/held.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/random.h"

namespace baton::workflow {
namespace {

constexpr std::string_view kPrefix = "baton_";

std::size_t BytesOf(const chat::Message& m) {
  std::size_t sum = sizeof(m);
  for (const auto& p : m.parts) {
    sum += sizeof(p);
    if (const auto* t = std::get_if<chat::Text>(&p)) sum += t->text.size();
    if (const auto* t = std::get_if<chat::Media>(&p)) sum += t->data.size() + t->url.size();
    if (const auto* t = std::get_if<chat::Reasoning>(&p))
      sum += t->text.size() + t->signature.size() + t->encrypted.size();
    if (const auto* t = std::get_if<chat::ToolCall>(&p)) sum += t->arguments.size() + t->signature.size();
    if (const auto* t = std::get_if<chat::ToolResult>(&p)) {
      for (const auto& c : t->content) {
        if (const auto* text = std::get_if<chat::Text>(&c)) sum += text->text.size();
        if (const auto* media = std::get_if<chat::Media>(&c)) sum += media->data.size();
      }
    }
  }
  return sum;
}

std::size_t BytesOf(const HeldRun& run) {
  std::size_t sum = sizeof(run);
  for (const Step& s : run.plan.steps) sum += sizeof(s) + s.instruction.size() + s.arguments.size();
  for (const StepState& s : run.states) {
    sum += sizeof(s) + s.text.size() + s.evidence.size() + s.calls.size() * sizeof(pool::CallRecord);
    for (const auto& m : s.own) sum += BytesOf(m);
    for (const auto& c : s.response.choices) sum += BytesOf(c.message);
  }
  return sum;
}

}  // namespace

HeldTurns::HeldTurns(const Clock& clock, Options options, Metrics* metrics)
    : clock_(clock), options_(options) {
  if (!metrics) return;
  waiting_ = metrics->GetGauge("baton_held_turns", "Workflows waiting for the results of a client's tools");
  expired_ = metrics->GetCounter("baton_held_turns_expired_total", "Held workflows whose results never came");
}

std::string HeldTurns::NewToken() {
  // Not from a seeded generator, whose next token could be computed from the last ones.
  return fmt::format("{:016x}{:016x}", EntropySeed(), EntropySeed());
}

bool HeldTurns::Keep(const std::string& token, HeldRun run) {
  const std::size_t bytes = BytesOf(run);
  if (bytes > options_.max_bytes / 10) return false;
  const TimePoint now = clock_.Now();
  MutexLock lock(m_);
  Evict(now);
  while (!order_.empty() && (runs_.size() >= options_.max_runs || bytes_ + bytes > options_.max_bytes))
    Drop(runs_.find(order_.front()));
  order_.push_back(token);
  Entry entry;
  entry.run = std::make_shared<const HeldRun>(std::move(run));
  entry.bytes = bytes;
  entry.until = now + options_.ttl;
  entry.order = std::prev(order_.end());
  bytes_ += bytes;
  runs_.emplace(token, std::move(entry));
  waiting_.Set(static_cast<double>(runs_.size()));
  return true;
}

std::shared_ptr<const HeldRun> HeldTurns::Find(std::string_view token, std::string_view tenant) {
  MutexLock lock(m_);
  Evict(clock_.Now());
  const auto at = runs_.find(std::string(token));
  if (at == runs_.end() || at->second.run->tenant != tenant) return nullptr;
  return at->second.run;
}

std::size_t HeldTurns::size() {
  MutexLock lock(m_);
  Evict(clock_.Now());
  return runs_.size();
}

void HeldTurns::Drop(std::unordered_map<std::string, Entry>::iterator at) {
  bytes_ -= at->second.bytes;
  order_.erase(at->second.order);
  runs_.erase(at);
  waiting_.Set(static_cast<double>(runs_.size()));
}

void HeldTurns::Evict(TimePoint now) {
  while (!order_.empty()) {
    const auto oldest = runs_.find(order_.front());
    if (oldest->second.until > now) return;
    Drop(oldest);
    expired_.Add();
  }
}

std::string ClientCallId(std::string_view token, StepId step, std::string_view own) {
  return fmt::format("{}{}_{}_{}", kPrefix, token, step, own);
}

std::optional<CallIdParts> ReadCallId(std::string_view id) {
  if (!id.starts_with(kPrefix)) return std::nullopt;
  id.remove_prefix(kPrefix.size());
  const std::size_t first = id.find('_');
  if (first != 32) return std::nullopt;
  CallIdParts parts;
  parts.token = id.substr(0, first);
  id.remove_prefix(first + 1);
  const std::size_t second = id.find('_');
  if (second == std::string_view::npos || second > 3) return std::nullopt;
  const auto [end, error] = std::from_chars(id.data(), id.data() + second, parts.step);
  if (error != std::errc() || end != id.data() + second || parts.step < 0) return std::nullopt;
  parts.own = id.substr(second + 1);
  return parts;
}

std::string ReturnedToken(const chat::Request& conversation) {
  for (auto m = conversation.messages.rbegin(); m != conversation.messages.rend(); ++m) {
    for (const auto& p : m->parts) {
      const auto* r = std::get_if<chat::ToolResult>(&p);
      const auto id = r ? ReadCallId(r->call_id) : std::nullopt;
      if (id) return std::string(id->token);
    }
  }
  return {};
}

Returned TakeReturned(const std::string& token, chat::Request* conversation) {
  Returned out;
  std::vector<chat::Message> kept;
  for (auto& m : conversation->messages) {
    std::vector<chat::Part> parts;
    bool ours = false;
    for (auto& p : m.parts) {
      if (const auto* call = std::get_if<chat::ToolCall>(&p); call && ReadCallId(call->id)) {
        ours = true;
        continue;
      }
      auto* result = std::get_if<chat::ToolResult>(&p);
      const auto id = result ? ReadCallId(result->call_id) : std::nullopt;
      if (!id) {
        parts.push_back(std::move(p));
        continue;
      }
      ours = true;
      if (id->token != token) continue;
      const StepId step = id->step;
      std::string own(id->own);
      chat::Message message;
      message.role = chat::Role::kTool;
      result->call_id = std::move(own);
      message.parts.push_back(std::move(p));
      out.results.push_back({step, std::move(message)});
    }
    m.parts = std::move(parts);
    if (!ours || !m.parts.empty()) kept.push_back(std::move(m));
  }
  conversation->messages = std::move(kept);
  conversation->raw.clear();
  return out;
}

}  // namespace baton::workflow
