// Everything that can only be told from a word in front of it, or from an issuer's prefix, is found by one
// Vectorscan pass over all such words at once; digits, '@' and ':' are found by one pass over the bytes,
// because patterns for them are either wrong (a card number is not a number with sixteen digits) or cost more
// than the whole rest: measured, a pattern for e-mail addresses alone doubles the scan. Each candidate is
// then checked by a small function that looks at that place only (numbers.cc, words.cc, addresses.cc,
// secrets.cc), so the cost stays linear in the text.
//
// What those passes find in the text as it stands is not all: disguise.h says what else a text may say, and
// the same passes look at that too. Where texts of the same side meet, a number may have been cut in two.
//
// Vectorscan wants a scratch space per thread. A few stand ready, behind atomics; a scan takes one, and makes
// one when more threads scan at once than ever before. No lock is held while scanning.

#include "rails/classifier.h"

#include <fmt/format.h>
#include <hs/hs.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/lanes.h"
#include "rails/databases.h"
#include "rails/disguise.h"
#include "rails/finding.h"
#include "rails/texts.h"

namespace baton::rails {
namespace {

constexpr int kMostLayers = 2;                     // of base64 in base64
constexpr std::size_t kMostDecoded = 256 * 1024;   // bytes per text and layer
constexpr std::size_t kMostContent = 1024 * 1024;  // bytes of an attached text file
constexpr std::size_t kMostHits = 4 * Classification::kMaxSpans;
constexpr std::size_t kSeam = 64;  // bytes of each side where two texts meet

struct CustomPattern {
  std::string name;
  DataClass data_class;
  Database with_start;  // null where Vectorscan cannot report starts
};

// What was found in one text. Views are of static text or of the classifier's own.
struct Hit {
  std::string_view type, data_class;
  std::size_t begin, end;
};
using Hits = std::vector<Hit>;

// ':' stands right behind the digits.
inline Lanes Triggers(Lanes v) {
  return InRange(v, '0', ':') | IsByte(v, '@');
}

void ScanBytes(std::string_view t, Findings* out) {
  std::size_t next = 0;  // what a finder has looked at already
  ForEachIn(t, Triggers, [&](std::size_t i) {
    if (i < next) return;
    next = t[i] == '@' ? FindEmail(t, i, out) : t[i] == ':' ? FindIpv6(t, i, out) : FindNumber(t, i, out);
  });
}

std::string_view LevelName(Sensitivity s) {
  constexpr std::string_view kNames[] = {"internal", "personal", "secret"};
  return kNames[static_cast<std::size_t>(s)];
}

// Proved by digits, letters and checks of their own: no chance meeting of two messages makes one.
bool IsStrong(std::string_view type) {
  constexpr std::string_view kStrong[] = {"card",    "iban", "us_ssn",      "email",
                                          "api_key", "jwt",  "private_key", "url_credentials"};
  return std::find(std::begin(kStrong), std::end(kStrong), type) != std::end(kStrong);
}

void Add(Classification* c, const Hit& hit, const Place& place) {
  c->classes.emplace(hit.data_class);
  if (c->spans.size() < Classification::kMaxSpans) {
    c->spans.push_back({std::string(hit.type), DataClass(hit.data_class), place, hit.begin, hit.end});
  } else {
    c->truncated = true;
  }
}

class VectorscanClassifier final : public Classifier {
 public:
  struct Parts {
    ClassifierOptions options;
    std::vector<Anchor> anchors;
    Database words, custom, dictionary;
    std::vector<CustomPattern> patterns;
    std::vector<Entry> entries;
    Scratch scratch;
  };
  explicit VectorscanClassifier(Parts parts) : p_(std::move(parts)), scratch_(std::move(p_.scratch)) {}

  Classification Classify(const chat::Request& request) const override;
  Classification ClassifyText(std::string_view text) const override {
    Classification c;
    Scan(text, {0, 0, Field::kText, 0}, &c);
    return Finish(std::move(c));
  }

 private:
  class Seams;
  void Scan(std::string_view text, const Place& place, Classification* c) const;
  // False: the text could not be looked at.
  bool Look(std::string_view text, hs_scratch_t* scratch, Hits* out) const;
  bool LookBehind(std::string_view text, hs_scratch_t* scratch, int layer, Hits* out) const;
  bool LookAtWords(std::string_view text, hs_scratch_t* scratch, Hits* out) const;
  bool LookForCustom(std::string_view text, hs_scratch_t* scratch, Hits* out) const;
  bool LookForEntries(std::string_view text, hs_scratch_t* scratch, Hits* out) const;
  Classification Finish(Classification c) const {
    if (c.classes.empty()) c.classes.insert(p_.options.default_class);
    return c;
  }

  Parts p_;
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

bool VectorscanClassifier::LookAtWords(std::string_view text, hs_scratch_t* scratch, Hits* out) const {
  Findings found;
  WordScan scan{text, &p_.anchors, &found};
  const bool ok = hs_scan(p_.words.get(), text.data(), static_cast<unsigned>(text.size()), 0, scratch, OnWord,
                          &scan) == HS_SUCCESS;
  ScanBytes(text, &found);
  if (found.empty()) return ok;
  std::sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
    return std::pair(a.begin, b.end) < std::pair(b.begin, a.end);
  });
  const Finding* last = nullptr;
  for (const auto& f : found) {
    bool repeated = last != nullptr && f.begin < last->end && f.type == std::string_view(last->type);
    if (!repeated) out->push_back({f.type, LevelName(f.level), f.begin, f.end});
    last = repeated ? last : &f;
  }
  return ok;
}

int OnCustom(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  (*static_cast<std::vector<bool>*>(context))[id] = true;
  return 0;
}

using Extents = std::vector<std::pair<std::size_t, std::size_t>>;  // begin, end

int OnCustomPlace(unsigned, unsigned long long from, unsigned long long to, unsigned, void* context) {
  auto& places = *static_cast<Extents*>(context);
  auto begin = static_cast<std::size_t>(from), end = static_cast<std::size_t>(to);
  // Every longer match from the same start is reported too: keep the longest.
  if (!places.empty() && begin < places.back().second) {
    places.back().second = std::max(places.back().second, end);
  } else {
    places.emplace_back(begin, end);
  }
  return places.size() > Classification::kMaxSpans ? 1 : 0;
}

bool VectorscanClassifier::LookForCustom(std::string_view text, hs_scratch_t* scratch, Hits* out) const {
  if (!p_.custom) return true;
  std::vector<bool> hit(p_.patterns.size());
  auto length = static_cast<unsigned>(text.size());
  if (hs_scan(p_.custom.get(), text.data(), length, 0, scratch, OnCustom, &hit) != HS_SUCCESS) return false;
  Extents places;
  for (std::size_t i = 0; i < p_.patterns.size(); ++i) {
    if (!hit[i]) continue;
    const auto& p = p_.patterns[i];
    places.clear();
    if (p.with_start) {
      (void)hs_scan(p.with_start.get(), text.data(), length, 0, scratch, OnCustomPlace, &places);
    } else {
      places.emplace_back(0, text.size());  // somewhere in this text
    }
    for (auto [begin, end] : places) out->push_back({p.name, p.data_class, begin, end});
  }
  return true;
}

struct EntryScan {
  std::string_view text;
  const std::vector<Entry>* entries;
  const std::vector<ClassifierOptions::Dictionary>* dictionaries;
  Hits* out;
};

int OnEntry(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  auto& scan = *static_cast<EntryScan*>(context);
  const Entry& entry = (*scan.entries)[id];
  const auto end = static_cast<std::size_t>(to), begin = end - entry.size;
  if (!BoundaryBefore(scan.text, begin) || !BoundaryAfter(scan.text, end)) return 0;
  const auto& dictionary = (*scan.dictionaries)[entry.dictionary];
  scan.out->push_back({dictionary.name, dictionary.data_class, begin, end});
  return scan.out->size() > kMostHits ? 1 : 0;
}

bool VectorscanClassifier::LookForEntries(std::string_view text, hs_scratch_t* scratch, Hits* out) const {
  if (!p_.dictionary) return true;
  EntryScan scan{text, &p_.entries, &p_.options.dictionaries, out};
  const auto status = hs_scan(p_.dictionary.get(), text.data(), static_cast<unsigned>(text.size()), 0,
                              scratch, OnEntry, &scan);
  return status == HS_SUCCESS || status == HS_SCAN_TERMINATED;
}

bool VectorscanClassifier::Look(std::string_view text, hs_scratch_t* scratch, Hits* out) const {
  const bool words = LookAtWords(text, scratch, out);
  const bool custom = LookForCustom(text, scratch, out);
  return LookForEntries(text, scratch, out) && words && custom;
}

bool Known(const Hits& hits, const Hit& hit) {
  return std::any_of(hits.begin(), hits.end(), [&](const Hit& h) {
    return h.type == hit.type && h.begin < hit.end && hit.begin < h.end;
  });
}

// `out` holds what was found in the text as it stands.
bool VectorscanClassifier::LookBehind(std::string_view text, hs_scratch_t* scratch, int layer,
                                      Hits* out) const {
  bool ok = true;
  Hits behind;
  if (const auto plain = Unmask(text)) {
    ok = Look(plain->text, scratch, &behind);
    for (Hit hit : behind) {
      hit.begin = plain->from[hit.begin];
      hit.end = std::max<std::size_t>(plain->from[hit.end], hit.begin);
      if (out->size() < kMostHits && !Known(*out, hit)) out->push_back(hit);
    }
  }
  if (layer >= kMostLayers) return ok;
  for (const Decoded& run : DecodeRuns(text, kMostDecoded)) {
    behind.clear();
    ok = Look(run.text, scratch, &behind) && LookBehind(run.text, scratch, layer + 1, &behind) && ok;
    // What is hidden is the whole run: nobody can say which of its letters mean what.
    for (Hit hit : behind) {
      hit.begin = run.begin;
      hit.end = run.end;
      if (out->size() < kMostHits && !Known(*out, hit)) out->push_back(hit);
    }
  }
  return ok;
}

void VectorscanClassifier::Scan(std::string_view text, const Place& place, Classification* c) const {
  if (text.empty()) return;
  std::optional<std::string> content;
  if (place.field == Field::kContent) {
    content = DecodeValue(text, kMostContent);
    if (!content) return;  // a picture, a recording, an archive
    text = *content;
  }
  Scratch scratch = scratch_.Take();
  Hits hits;
  // Without memory for scratch space nothing can be vouched for: the most sensitive class is the safe answer.
  const bool seen = scratch && Look(text, scratch.get(), &hits) &&
                    (!p_.options.unmask || LookBehind(text, scratch.get(), 0, &hits));
  if (!seen) c->classes.insert("secret");
  for (const Hit& hit : hits) Add(c, hit, place);
  if (scratch) scratch_.GiveBack(std::move(scratch));
}

// ---- where texts meet ----

// A number may be split over two messages of one side, with an answer of the other between them. Looked at:
// the last bytes of each text and the first of the next one of the same role, joined; only what crosses the
// seam and needs no context counts.
class VectorscanClassifier::Seams {
 public:
  Seams(const VectorscanClassifier& classifier, Classification* c) : classifier_(classifier), c_(c) {}

  void Note(chat::Role role, std::string_view text, const Place& place) {
    Side& before = sides_[role == chat::Role::kUser ? 0 : role == chat::Role::kTool ? 1 : 2];
    std::size_t skipped = 0;
    while (skipped < text.size() && IsSpace(text[skipped])) ++skipped;
    const std::string_view head = text.substr(skipped, kSeam);
    if (!before.tail.empty() && !head.empty() && Joins(before.tail.back()) && Joins(head.front()))
      Look(before, head, skipped, place);
    std::size_t end = text.size();
    while (end > 0 && IsSpace(text[end - 1])) --end;
    const std::size_t from = end > kSeam ? end - kSeam : 0;
    if (end > 0) before = {text.substr(from, end - from), from, place};
  }

 private:
  struct Side {
    std::string_view tail;
    std::size_t from = 0;
    Place place;
  };
  static bool Joins(char c) { return IsAlnum(c) || c == '@' || c == '-' || c == '.' || c == '_' || c == '+'; }

  bool Found(std::string_view type, const Place& place, std::size_t begin, std::size_t end) const {
    return std::any_of(c_->spans.begin(), c_->spans.end(), [&](const Span& s) {
      return s.place == place && s.type == type && s.begin < end && begin < s.end;
    });
  }

  void Look(const Side& before, std::string_view head, std::size_t skipped, const Place& place) {
    std::string joined(before.tail);
    joined += head;
    Scratch scratch = classifier_.scratch_.Take();
    Hits hits;
    if (scratch) (void)classifier_.Look(joined, scratch.get(), &hits);
    const std::size_t seam = before.tail.size();
    for (const Hit& hit : hits) {
      if (hit.begin >= seam || hit.end <= seam || !IsStrong(hit.type)) continue;
      // What stands complete on one side is no half of anything.
      if (Found(hit.type, before.place, before.from + hit.begin, before.from + seam) ||
          Found(hit.type, place, skipped, skipped + hit.end - seam))
        continue;
      Add(c_, {hit.type, hit.data_class, before.from + hit.begin, before.from + seam}, before.place);
      Add(c_, {hit.type, hit.data_class, skipped, skipped + hit.end - seam}, place);
    }
    if (scratch) classifier_.scratch_.GiveBack(std::move(scratch));
  }

  const VectorscanClassifier& classifier_;
  Classification* c_;
  Side sides_[3];
};

Classification VectorscanClassifier::Classify(const chat::Request& request) const {
  Classification c;
  Seams seams(*this, &c);
  ForEachText(request, [&](const std::string& text, const Place& place, Form) {
    Scan(text, place, &c);
    const bool said = place.field == Field::kText || place.field == Field::kResult;
    if (p_.options.unmask && said && place.message != Place::kOutside)
      seams.Note(request.messages[place.message].role, text, place);
  });
  return Finish(std::move(c));
}

}  // namespace

Status Classifier::CheckPatterns(const ClassifierOptions& options) {
  TRY_VOID(CheckCustom(options.custom));
  TRY_VOID(CheckDictionaries(options.dictionaries));
  if (options.custom.empty()) return {};
  TRY(Database compiled, CompileCustom(options.custom));
  return {};
}

Result<std::shared_ptr<const Classifier>> Classifier::Build(const ClassifierOptions& options) {
  TRY_VOID(CheckCustom(options.custom));
  TRY_VOID(CheckDictionaries(options.dictionaries));
  if (!CpuFits()) return Fail(Code::kUnsupported, "this CPU lacks SSE4.2, which the data classifier needs");
  VectorscanClassifier::Parts parts;
  parts.options = options;
  AppendWordAnchors(&parts.anchors);
  AppendSecretAnchors(&parts.anchors);
  TRY(parts.words, CompileWords(parts.anchors));
  bool ok = MakeScratch(parts.words, &parts.scratch);
  if (!options.custom.empty()) {
    TRY(parts.custom, CompileCustom(options.custom));
    ok = ok && MakeScratch(parts.custom, &parts.scratch);
    for (const auto& p : options.custom) {
      parts.patterns.push_back({p.name, p.data_class, CompileWithStart(p.pattern)});
      if (parts.patterns.back().with_start)
        ok = ok && MakeScratch(parts.patterns.back().with_start, &parts.scratch);
    }
  }
  if (!options.dictionaries.empty()) {
    TRY(parts.dictionary, CompileDictionaries(options.dictionaries, &parts.entries));
    ok = ok && MakeScratch(parts.dictionary, &parts.scratch);
  }
  if (!ok) return Fail(Code::kInternal, "out of memory for the data classifier");
  return std::shared_ptr<const Classifier>(std::make_shared<VectorscanClassifier>(std::move(parts)));
}

}  // namespace baton::rails
