#include "guard/scan.h"

#include <algorithm>

namespace baton::guard {
namespace {

std::string MarkOf(const std::string& type) {
  std::string mark = "[";
  for (const char c : type)
    mark.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c == '-' ? '_' : c);
  return mark + " REMOVED]";
}

void Note(Judged* out, const Rule& rule, const std::string& type) {
  for (const auto& [r, t] : out->seen) {
    if (r == &rule && t == type) return;
  }
  out->seen.emplace_back(&rule, type);
}

void Block(Judged* out, const Rule& rule, std::size_t at, bool fault) {
  if (out->blocked && out->blocked_at <= at) return;
  out->blocked = &rule;
  out->blocked_at = at;
  out->fault = fault;
}

// Findings that overlap become one.
void Merge(std::vector<Cut>* cuts) {
  std::sort(cuts->begin(), cuts->end(), [](const Cut& a, const Cut& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < cuts->size(); ++i) {
    if ((*cuts)[i].begin < (*cuts)[kept].end) {
      (*cuts)[kept].end = std::max((*cuts)[kept].end, (*cuts)[i].end);
    } else if (++kept != i) {
      (*cuts)[kept] = std::move((*cuts)[i]);
    }
  }
  if (!cuts->empty()) cuts->resize(kept + 1);
}

}  // namespace

Judged Look(const Rules& rules, std::string_view text, std::size_t from) {
  Judged out;
  const rails::Classification found = rules.classifier().ClassifyText(text);
  // The classifier says "secret" without a place when it could not look; beyond its bound of findings nobody
  // knows where the rest stands.
  const bool unseen = found.truncated || (found.spans.empty() && found.classes.contains("secret"));
  for (const Rule& rule : rules.all()) {
    if (rule.asks()) continue;
    if (unseen) {
      rules.Count(rule, rule.on_fault == OnFault::kOpen ? Seen::kFaultOpen : Seen::kFaultClosed);
      if (rule.on_fault == OnFault::kClosed) Block(&out, rule, from, true);
    }
    for (const rails::Span& span : found.spans) {
      if (span.end <= from || !rule.Covers(span)) continue;
      Note(&out, rule, span.type);
      const std::size_t begin = std::max(span.begin, from);
      if (rule.deed == Deed::kBlock) Block(&out, rule, begin, false);
      if (rule.deed == Deed::kRedact) out.cuts.push_back({begin, span.end, MarkOf(span.type)});
    }
  }
  Merge(&out.cuts);
  return out;
}

std::string Apply(std::string_view text, const std::vector<Cut>& cuts) {
  std::string out;
  std::size_t at = 0;
  for (const Cut& cut : cuts) {
    out.append(text.substr(at, cut.begin - at)).append(cut.mark);
    at = cut.end;
  }
  return out.append(text.substr(at));
}

}  // namespace baton::guard
