// One look at every byte of a request, in two halves that run over the same text.
//
// - Vectorscan looks for some four hundred literal words and prefixes at once. Where one ends, a hand-written
// finder
//   looks at what stands around it (words.cc, secrets.cc). Literals only: the loose patterns (an e-mail is
//   "some characters, @, some characters") are what makes a pattern engine slow, and it refuses to report
//   where a match *begins* for a set of this size, so a second step is needed in any case.
// - Sixteen bytes at a time are searched for digits, '@' and ':', which go to numbers.cc and addresses.cc.
//
// The operator's own patterns are regular expressions in a database of their own, scanned only where there
// are any. For them the second step is a small database per pattern with start-of-match on, run when the
// large one hit.
//
// Vectorscan needs scratch space per scan in progress. It is kept in a few slots of the classifier itself,
// each taken and given back with one atomic exchange: nothing outlives the classifier (as thread-local space
// would, one per thread and reloaded configuration), and no lock is held while scanning.

#include "rails/classifier.h"

#include <fmt/format.h>
#include <hs/hs.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/lanes.h"
#include "rails/databases.h"
#include "rails/finding.h"

namespace baton::rails {
namespace {

struct CustomPattern {
  std::string name;
  DataClass data_class;
  Database with_start;  // null where Vectorscan cannot report starts
};

// ':' stands right behind the digits.
Lanes Triggers(Lanes v) {
  return InRange(v, '0', ':') | IsByte(v, '@');
}

void ScanBytes(std::string_view t, Findings* out) {
  std::size_t next = 0;  // what a finder has looked at already
  ForEachIn(t, Triggers, [&](std::size_t i) {
    if (i < next) return;
    next = t[i] == '@' ? FindEmail(t, i, out) : t[i] == ':' ? FindIpv6(t, i, out) : FindNumber(t, i, out);
  });
}

const std::string& LevelName(Sensitivity s) {
  static const std::string kNames[] = {"internal", "personal", "secret"};
  return kNames[static_cast<std::size_t>(s)];
}

class VectorscanClassifier final : public Classifier {
 public:
  VectorscanClassifier(DataClass default_class, std::vector<Anchor> anchors, Database words, Database custom,
                       std::vector<CustomPattern> patterns, Scratch scratch)
      : default_class_(std::move(default_class)),
        anchors_(std::move(anchors)),
        words_(std::move(words)),
        custom_(std::move(custom)),
        patterns_(std::move(patterns)),
        scratch_(std::move(scratch)) {}

  Classification Classify(const chat::Request& request) const override;
  Classification ClassifyText(std::string_view text) const override {
    Classification c;
    Scan(text, 0, 0, &c);
    return Finish(std::move(c));
  }

 private:
  void Scan(std::string_view text, std::size_t message, std::size_t part, Classification* c) const;
  void ScanCustom(std::string_view text, std::size_t message, std::size_t part, hs_scratch_t* scratch,
                  Classification* c) const;
  void ScanPart(const chat::Part& p, std::size_t message, std::size_t part, Classification* c) const;
  void ScanMedia(const chat::Media& m, std::size_t message, std::size_t part, Classification* c) const;
  void ScanOutside(const chat::Request& request, Classification* c) const;
  Classification Finish(Classification c) const {
    if (c.classes.empty()) c.classes.insert(default_class_);
    return c;
  }
  static void Add(Classification* c, Span span) {
    c->classes.insert(span.data_class);
    if (c->spans.size() < Classification::kMaxSpans) {
      c->spans.push_back(std::move(span));
    } else {
      c->truncated = true;
    }
  }

  DataClass default_class_;
  std::vector<Anchor> anchors_;
  Database words_, custom_;
  std::vector<CustomPattern> patterns_;
  ScratchSlots scratch_;
};

struct WordScan {
  std::string_view text;
  const std::vector<Anchor>* anchors;
  Findings* out;
};

int OnWord(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  auto& scan = *static_cast<WordScan*>(context);
  const Anchor& anchor = (*scan.anchors)[id];
  auto end = static_cast<std::size_t>(to);
  anchor.find(scan.text, end - anchor.word.size(), end, scan.out);
  return 0;
}

void VectorscanClassifier::Scan(std::string_view text, std::size_t message, std::size_t part,
                                Classification* c) const {
  if (text.empty()) return;
  Findings found;
  Scratch scratch = scratch_.Take();
  WordScan scan{text, &anchors_, &found};
  // Without memory for scratch space nothing can be vouched for: the most sensitive class is the safe answer.
  if (!scratch || hs_scan(words_.get(), text.data(), static_cast<unsigned>(text.size()), 0, scratch.get(),
                          OnWord, &scan) != HS_SUCCESS) {
    c->classes.insert("secret");
  }
  ScanBytes(text, &found);
  if (!found.empty()) {
    std::sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
      return std::pair(a.begin, b.end) < std::pair(b.begin, a.end);
    });
    const Finding* last = nullptr;
    for (const auto& f : found) {
      bool repeated = last != nullptr && f.begin < last->end && f.type == std::string_view(last->type);
      if (!repeated) Add(c, {f.type, LevelName(f.level), message, part, f.begin, f.end});
      last = repeated ? last : &f;
    }
  }
  if (custom_ && scratch) ScanCustom(text, message, part, scratch.get(), c);
  if (scratch) scratch_.GiveBack(std::move(scratch));
}

struct CustomScan {
  std::vector<std::pair<std::size_t, std::size_t>>* places;  // begin, end
  std::vector<bool>* hit;
};

int OnCustom(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  (*static_cast<CustomScan*>(context)->hit)[id] = true;
  return 0;
}

int OnCustomPlace(unsigned, unsigned long long from, unsigned long long to, unsigned, void* context) {
  auto& places = *static_cast<CustomScan*>(context)->places;
  auto begin = static_cast<std::size_t>(from), end = static_cast<std::size_t>(to);
  // Every longer match from the same start is reported too: keep the longest.
  if (!places.empty() && begin < places.back().second) {
    places.back().second = std::max(places.back().second, end);
  } else {
    places.emplace_back(begin, end);
  }
  return places.size() > Classification::kMaxSpans ? 1 : 0;
}

void VectorscanClassifier::ScanCustom(std::string_view text, std::size_t message, std::size_t part,
                                      hs_scratch_t* scratch, Classification* c) const {
  std::vector<bool> hit(patterns_.size());
  std::vector<std::pair<std::size_t, std::size_t>> places;
  CustomScan scan{&places, &hit};
  auto length = static_cast<unsigned>(text.size());
  if (hs_scan(custom_.get(), text.data(), length, 0, scratch, OnCustom, &scan) != HS_SUCCESS)
    c->classes.insert("secret");
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    if (!hit[i]) continue;
    const auto& p = patterns_[i];
    places.clear();
    if (p.with_start) {
      (void)hs_scan(p.with_start.get(), text.data(), length, 0, scratch, OnCustomPlace, &scan);
    } else {
      places.emplace_back(0, text.size());  // somewhere in this text
    }
    for (auto [begin, end] : places) Add(c, {p.name, p.data_class, message, part, begin, end});
  }
}

// ---- what of a request is scanned ----

void VectorscanClassifier::ScanMedia(const chat::Media& m, std::size_t message, std::size_t part,
                                     Classification* c) const {
  Scan(m.filename, message, part, c);
  if (m.url.size() < 4096 || m.url.compare(0, 5, "data:") != 0) Scan(m.url, message, part, c);
}

void VectorscanClassifier::ScanPart(const chat::Part& p, std::size_t message, std::size_t part,
                                    Classification* c) const {
  if (const auto* text = std::get_if<chat::Text>(&p)) {
    Scan(text->text, message, part, c);
  } else if (const auto* media = std::get_if<chat::Media>(&p)) {
    ScanMedia(*media, message, part, c);
  } else if (const auto* call = std::get_if<chat::ToolCall>(&p)) {
    Scan(call->arguments, message, part, c);
  } else if (const auto* result = std::get_if<chat::ToolResult>(&p)) {
    for (const auto& content : result->content) {
      if (const auto* t = std::get_if<chat::Text>(&content)) Scan(t->text, message, part, c);
      if (const auto* m = std::get_if<chat::Media>(&content)) ScanMedia(*m, message, part, c);
    }
  } else if (const auto* reasoning = std::get_if<chat::Reasoning>(&p)) {
    Scan(reasoning->text, message, part, c);
  } else if (const auto* refusal = std::get_if<chat::Refusal>(&p)) {
    Scan(refusal->text, message, part, c);
  } else if (const auto* opaque = std::get_if<chat::Opaque>(&p)) {
    Scan(opaque->json.text, message, part, c);
  }
}

// A worker sees the whole request, not its messages only.
void VectorscanClassifier::ScanOutside(const chat::Request& r, Classification* c) const {
  for (const auto& tool : r.tools) {
    Scan(tool.description, Span::kOutside, 0, c);
    Scan(tool.parameters.text, Span::kOutside, 0, c);
    Scan(tool.opaque.text, Span::kOutside, 0, c);
  }
  Scan(r.response_format.schema.text, Span::kOutside, 0, c);
  Scan(r.response_format.description, Span::kOutside, 0, c);
  Scan(r.response_format.opaque.text, Span::kOutside, 0, c);
  Scan(r.user, Span::kOutside, 0, c);
  for (const auto& [name, value] : r.metadata) Scan(value, Span::kOutside, 0, c);
  for (const auto& [name, value] : r.extra) Scan(value.text, Span::kOutside, 0, c);
}

Classification VectorscanClassifier::Classify(const chat::Request& request) const {
  Classification c;
  for (std::size_t m = 0; m < request.messages.size(); ++m) {
    const auto& message = request.messages[m];
    for (std::size_t p = 0; p < message.parts.size(); ++p) ScanPart(message.parts[p], m, p, &c);
    Scan(message.name, m, 0, &c);
  }
  ScanOutside(request, &c);
  return Finish(std::move(c));
}

Status CheckCustom(const std::vector<ClassifierOptions::Custom>& custom) {
  if (custom.size() > 200)
    return Fail(Code::kInvalidRequest, "at most 200 patterns are allowed", "bad_pattern");
  for (const auto& p : custom) {
    if (p.name.empty() || p.data_class.empty()) {
      return Fail(Code::kInvalidRequest, "a pattern needs a name and a class", "bad_pattern");
    }
    if (p.pattern.empty() || p.pattern.size() > 1000 || p.pattern.find('\0') != std::string::npos) {
      return Fail(Code::kInvalidRequest, fmt::format("pattern '{}' must have 1 to 1000 characters", p.name),
                  "bad_pattern");
    }
  }
  return {};
}

}  // namespace

Status Classifier::CheckPatterns(const ClassifierOptions& options) {
  TRY_VOID(CheckCustom(options.custom));
  if (options.custom.empty()) return {};
  TRY(Database compiled, CompileCustom(options.custom));
  return {};
}

Result<std::shared_ptr<const Classifier>> Classifier::Build(const ClassifierOptions& options) {
  TRY_VOID(CheckCustom(options.custom));
  if (!CpuFits()) return Fail(Code::kUnsupported, "this CPU lacks SSE4.2, which the data classifier needs");
  std::vector<Anchor> anchors;
  AppendWordAnchors(&anchors);
  AppendSecretAnchors(&anchors);
  TRY(Database words, CompileWords(anchors));
  Database custom;
  std::vector<CustomPattern> patterns;
  Scratch scratch;
  bool ok = MakeScratch(words, &scratch);
  if (!options.custom.empty()) {
    TRY(custom, CompileCustom(options.custom));
    ok = ok && MakeScratch(custom, &scratch);
    for (const auto& p : options.custom) {
      patterns.push_back({p.name, p.data_class, CompileWithStart(p.pattern)});
      if (patterns.back().with_start) ok = ok && MakeScratch(patterns.back().with_start, &scratch);
    }
  }
  if (!ok) return Fail(Code::kInternal, "out of memory for the data classifier");
  return std::shared_ptr<const Classifier>(
      std::make_shared<VectorscanClassifier>(options.default_class, std::move(anchors), std::move(words),
                                             std::move(custom), std::move(patterns), std::move(scratch)));
}

}  // namespace baton::rails
