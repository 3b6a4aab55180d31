// How good and how dear the data scan is. Prints docs/results/data_classes.md:
//   build/release/bench/data_classes_report > docs/results/data_classes.md
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cpu_clock.h"
#include "data_samples.h"
#include "question_sets.h"
#include "rails/classifier.h"

namespace {

using namespace baton;
using Place = std::pair<std::size_t, std::size_t>;

struct Tally {
  int labelled = 0, caught = 0, reported = 0, right = 0;
  double precision() const { return reported == 0 ? 0 : 1.0 * right / reported; }
  double recall() const { return labelled == 0 ? 0 : 1.0 * caught / labelled; }
  double f1() const {
    return precision() + recall() == 0 ? 0 : 2 * precision() * recall() / (precision() + recall());
  }
};
using Tallies = std::map<std::string, Tally>;

bool Overlap(Place a, Place b) {
  return a.first < b.second && b.first < a.second;
}

// Labels count characters, findings bytes.
std::size_t ByteOf(const std::string& text, std::size_t character) {
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 && character-- == 0) break;
  }
  return i;
}

void Count(const std::map<std::string, std::vector<Place>>& gold,
           const std::map<std::string, std::vector<Place>>& found, Tallies* tallies) {
  const auto any = [](const std::vector<Place>& all, Place p) {
    return std::any_of(all.begin(), all.end(), [p](Place q) { return Overlap(p, q); });
  };
  static const std::vector<Place> kNone;
  const auto of = [](const auto& map, const std::string& type) -> const std::vector<Place>& {
    const auto at = map.find(type);
    return at == map.end() ? kNone : at->second;
  };
  for (const auto& [type, places] : gold) {
    for (Place p : places) {
      auto& t = (*tallies)[type];
      ++t.labelled;
      t.caught += any(of(found, type), p);
    }
  }
  for (const auto& [type, places] : found) {
    for (Place p : places) {
      auto& t = (*tallies)[type];
      ++t.reported;
      t.right += any(of(gold, type), p) || (type == "address" && any(of(gold, "(place)"), p));
    }
  }
}

std::map<std::string, std::vector<Place>> FoundIn(const rails::Classifier& c, const std::string& text) {
  std::map<std::string, std::vector<Place>> found;
  for (const auto& s : c.ClassifyText(text).spans) found[s.type].emplace_back(s.begin, s.end);
  return found;
}

void PrintTallies(const Tallies& tallies) {
  fmt::print("| type | labelled | reported | precision | recall | F1 |\n|---|---|---|---|---|---|\n");
  for (const auto& [type, t] : tallies) {
    if (type.front() == '(' || t.labelled == 0) continue;
    fmt::print("| {} | {} | {} | {:.2f} | {:.2f} | {:.2f} |\n", type, t.labelled, t.reported, t.precision(),
               t.recall(), t.f1());
  }
}

const std::map<std::string, std::string> kPresidio = {
    {"EMAIL_ADDRESS", "email"}, {"CREDIT_CARD", "card"},
    {"IBAN_CODE", "iban"},      {"US_SSN", "us_ssn"},
    {"PHONE_NUMBER", "phone"},  {"IP_ADDRESS", "ip"},
    {"PERSON", "name"},         {"STREET_ADDRESS", "address"},
    {"ADDRESS", "address"},     {"US_DRIVER_LICENSE", "document_id"}};

void Presidio(const rails::Classifier& c) {
  Tallies tallies;
  std::map<std::string, int> unmapped;
  int texts = 0;
  for (const char* set : {"pii_presidio_synth_v2", "pii_presidio_generated_large"}) {
    for (const auto& row : QuestionRows(set)) {
      const std::string text = row["prompt"];
      std::map<std::string, std::vector<Place>> gold;
      for (const auto& s : row["spans"]) {
        const std::string label = s["type"];
        const auto type = kPresidio.find(label);
        if (type == kPresidio.end()) ++unmapped[label];
        // Towns and countries are no addresses, and to touch one is no mistake either.
        const std::string name = type != kPresidio.end()                 ? type->second
                                 : label == "LOCATION" || label == "GPE" ? "(place)"
                                                                         : "(other)";
        gold[name].emplace_back(ByteOf(text, s["start"]), ByteOf(text, s["end"]));
      }
      Count(gold, FoundIn(c, text), &tallies);
      ++texts;
    }
  }
  if (texts == 0) {
    fmt::print("Not measured: no labelled texts under {} (set BATON_SHARED_DATA), or no zstd program.\n",
               QuestionFolder());
    return;
  }
  PrintTallies(tallies);
  fmt::print(
      "\n{} texts. Labels of these sets that no type of ours stands for, and that are therefore all missed:",
      texts);
  for (const auto& [label, n] : unmapped) fmt::print(" {} {};", label, n);
  fmt::print("\n");
}

void Generated(const rails::Classifier& c) {
  Tallies tallies;
  int misses = 0, alarms = 0;
  for (const auto& s : data_samples::Make(400, 20260)) {
    std::map<std::string, std::vector<Place>> gold;
    const auto found = FoundIn(c, s.text);
    if (s.type.empty()) {
      ++misses;
      // A private address is reported as internal, which is what it is.
      alarms += std::any_of(found.begin(), found.end(), [&](const auto& f) {
        return f.first != "ip" || s.text.find("192.168.") == std::string::npos;
      });
      continue;
    }
    gold[s.type].emplace_back(s.begin, s.end);
    // Types that say the same of one place: a credential that is an issued key, a name in an address of mail.
    auto counted = found;
    std::erase_if(counted, [&](const auto& f) { return f.first != s.type; });
    Count(gold, counted, &tallies);
  }
  PrintTallies(tallies);
  fmt::print(
      "\nOf {} near misses (wrong check digits, dates, versions, hashes, placeholders, sums, code) {} "
      "({:.1f} %) are "
      "reported as something.\n",
      misses, alarms, 100.0 * alarms / misses);
}

void Clean(const rails::Classifier& c) {
  fmt::print("| set | questions | called personal | called secret |\n|---|---|---|---|\n");
  for (const char* name : {"gsm8k_test", "math500", "humaneval", "mbpp", "mt_bench", "mmlu_test",
                           "arc_challenge_test", "arena_hard_v2.0", "banking77_test", "xstest_prompts"}) {
    int n = 0, personal = 0, secret = 0;
    for (const auto& row : QuestionRows(name)) {
      const auto found = c.ClassifyText(row["prompt"].get<std::string>());
      ++n;
      personal += found.classes.contains("personal");
      secret += found.classes.contains("secret");
    }
    if (n > 0)
      fmt::print("| {} | {} | {:.1f} % | {:.1f} % |\n", name, n, 100.0 * personal / n, 100.0 * secret / n);
  }
}

std::string Fill(const std::string& piece, std::size_t size) {
  std::string text;
  while (text.size() < size) text += piece;
  text.resize(size);
  return text;
}

// Median and spread of the best of several runs each.
void Time(const char* what, const rails::Classifier& c, const std::string& text) {
  const int calls = text.size() > 100'000 ? 3 : 300;
  std::vector<double> runs;
  std::size_t found = 0;
  for (int run = 0; run < 15; ++run) {
    const double from = ThreadMicroseconds();
    for (int i = 0; i < calls; ++i) found = c.ClassifyText(text).spans.size();
    runs.push_back((ThreadMicroseconds() - from) / calls);
  }
  std::sort(runs.begin(), runs.end());
  fmt::print("| {} | {} | {} | {:.1f} | {:.1f} |\n", what, text.size(), found, runs.front(),
             runs[runs.size() / 2]);
}

std::shared_ptr<const rails::Classifier> Everything() {
  rails::ClassifierOptions o;
  for (int i = 0; i < 50; ++i)
    o.custom.push_back(
        {fmt::format("p{}", i), fmt::format("PRJ{}-[0-9]{{4,6}}|K{}[A-Z]{{3}}[0-9]+", i, i), "confidential"});
  rails::ClassifierOptions::Dictionary d{"names", "confidential", {}, true};
  for (int i = 0; i < 1000; ++i) d.words.push_back(fmt::format("codename{}", i * 7919 % 100003));
  o.dictionaries.push_back(std::move(d));
  return rails::Classifier::Build(o).value();
}

void Cost(const rails::Classifier& standard) {
  const std::string prose =
      "The committee met twice during the spring to discuss how the old harbour might be used once the "
      "ferries move to "
      "the new terminal. Several members asked for a study of traffic, and everyone agreed that the 1912 "
      "warehouse "
      "should stay. A decision is expected before the end of the year, when the budget has been approved. ";
  const std::string code =
      "def merge(a, b):\n    out = []\n    i = j = 0\n    while i < len(a) and j < len(b):\n        if a[i] "
      "<= b[j]:\n"
      "            out.append(a[i]); i += 1\n        else:\n            out.append(b[j]); j += 1\n    return "
      "out + a[i:] + b[j:]\n\n";
  const std::string packed =
      "My name is Maria Lopez, born on 12 March 1984, 221B Baker Street. Call +49 89 1234567 or write to "
      "m.lopez@example.org. "
      "Card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00, SSN 536-90-4399. I was diagnosed with "
      "asthma. ";
  const std::string german =
      "Der Ausschuss hat im Fr\xc3\xbc"
      "hjahr zweimal \xc3\xbc"
      "ber den alten Hafen beraten; \xc3\xa4ltere Mitglieder m\xc3\xb6"
      "chten, dass "
      "das Lagerhaus bleibt. ";
  const auto all = Everything();
  fmt::print("| text | bytes | findings | best us | median us |\n|---|---|---|---|---|\n");
  Time("prose, built-in patterns", standard, Fill(prose, 2048));
  Time("prose, with 50 patterns and 1,000 words of one's own", *all, Fill(prose, 2048));
  Time("code, the same", *all, Fill(code, 2048));
  Time("German prose, the same", *all, Fill(german, 2048));
  Time("packed with personal data, the same", *all, Fill(packed, 2048));
  Time("1 MB of prose, the same", *all, Fill(prose, 1 << 20));
  Time("1 MB packed with personal data, the same", *all, Fill(packed, 1 << 20));
}

}  // namespace

int main() {
  const auto built = rails::Classifier::Build({});
  if (!built) {
    fmt::print(stderr, "data_classes_report: {}\n", built.error().message);
    return 1;
  }
  const rails::Classifier& c = **built;
  fmt::print(
      "# Results: data classes\n\nWritten by `build/release/bench/data_classes_report > "
      "docs/results/data_classes.md`. A finding is right when it "
      "touches a label of its type.\n\n## Public labelled texts\n\nThe two sets of Microsoft's "
      "presidio-research (synthetic, not in this repository). The "
      "patterns were improved while looking at these texts: read the figures as those of a tuned set.\n\n");
  Presidio(c);
  fmt::print(
      "\n## Generated texts\n\n400 of each type from `bench/data_samples.cc`, seed 20260, for types that no "
      "public set here covers. Some of their "
      "contexts are ones the finders do not know, on purpose; check digits come from the validators "
      "themselves, so this measures the finding.\n\n");
  Generated(c);
  fmt::print("\n## Harmless questions\n\n");
  Clean(c);
  fmt::print("\n## Cost\n\nProcessor time of one thread, fifteen runs of 300 scans (of 3 for 1 MB).\n\n");
  Cost(c);
  return 0;
}
