// Words before a question that move a router: how often they succeed against each learned policy, and what
// bounds it.
//
// Per kind of estimator: fitted on half of the recorded questions, attacked on questions it has not seen. The
// attacker knows the router (white box) and looks for one text that works before any question: words of the
// training prompts, added one at a time, each the one that moves most of 40 search questions. Success is then
// counted on others.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>

#include "estimate/estimator.h"
#include "estimate/features.h"
#include "learn/choice.h"
#include "learn/experiments.h"
#include "learn/recorded.h"
#include "learn/upgrade_limit.h"
#include "text/static_table.h"

namespace baton::learn::bench {
namespace {

constexpr double kDear = 3;  // this much dearer than what the clean question gets: pushed up
constexpr std::size_t kSearch = 40, kAttacked = 300, kCandidates = 60, kWords = 4;

struct Prefix {
  std::string family, text;
};

struct Target {
  const World& world;
  const estimate::Featurizer& features;
  std::unique_ptr<estimate::Estimator> estimator;
  std::vector<double> usual, mean;  // per worker: dollars per call, quality in training
  double value = 0;
  double clip = 1;  // an estimate stays within this of the worker's mean

  std::size_t Choose(const std::string& prompt, double dearest = INFINITY) const {
    std::vector<float> x(features.width());
    features.Compute(estimate::AskedOf(prompt), x);
    std::vector<estimate::Estimate> e(world.workers.size());
    estimator->Predict(x, e);
    std::size_t best = 0;
    double most = -INFINITY;
    for (std::size_t a = 0; a < e.size(); ++a) {
      const double q = std::clamp(static_cast<double>(e[a].quality), mean[a] - clip, mean[a] + clip);
      const double u = q * value - usual[a];
      if (usual[a] <= dearest && u > most) most = u, best = a;
    }
    return best;
  }
};

std::vector<Prefix> ReadPrefixes(const std::string& path) {
  std::vector<Prefix> all;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const auto tab = line.find('\t');
    if (!line.starts_with('#') && tab != std::string::npos)
      all.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  return all;
}

std::string Typos(const std::string& text, Random& random) {
  std::string out = text;
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const bool letters = std::isalpha(static_cast<unsigned char>(out[i])) &&
                         std::isalpha(static_cast<unsigned char>(out[i + 1]));
    if (letters && random.Below(15) == 0) std::swap(out[i], out[i + 1]), ++i;
  }
  return out;
}

// Share of questions that the text moves to a worker at least kDear times as dear (up) or to one whose
// recorded answer is worse (down).
struct Effect {
  double up = 0, down = 0, quality = 0, usd = 0;
};

Effect Measure(const Target& t, const std::vector<std::size_t>& rows,
               const std::function<std::string(const Request&)>& attack) {
  Effect e;
  const double n = static_cast<double>(rows.size());
  for (std::size_t row : rows) {
    const Request& r = t.world.requests[row];
    const std::size_t clean = t.Choose(r.prompt), moved = t.Choose(attack(r));
    e.up += (t.usual[moved] > kDear * t.usual[clean]) / n;
    e.down += (r.quality[moved] + 0.01F < r.quality[clean]) / n;
    e.quality += static_cast<double>(r.quality[moved] - r.quality[clean]) / n;
    e.usd += t.usual[moved] / n;
  }
  return e;
}

std::string SearchGadget(const Target& t, const std::vector<std::size_t>& rows,
                         const std::vector<std::string>& words, bool up, Random& random) {
  std::string gadget;
  for (std::size_t step = 0; step < kWords; ++step) {
    std::string best;
    double most = -1;
    for (std::size_t c = 0; c < kCandidates; ++c) {
      const std::string tried = gadget + words[random.Below(words.size())] + " ";
      const Effect e = Measure(t, rows, [&](const Request& r) { return tried + r.prompt; });
      const double reached = up ? e.up : -e.quality;
      if (reached > most) most = reached, best = tried;
    }
    gadget = best;
  }
  return gadget;
}

std::vector<std::string> WordsOf(const World& w, std::size_t rows) {
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < rows; ++i) {
    std::string word;
    for (char c : w.requests[i].prompt) {
      if (std::isalpha(static_cast<unsigned char>(c))) {
        word += c;
      } else {
        if (word.size() > 3) ++seen[word];
        word.clear();
      }
    }
  }
  std::vector<std::string> words;
  for (const auto& [word, n] : seen) {
    if (n >= 3) words.push_back(word);
  }
  return words;
}

// The value of a point at which about a third of the clean questions go to a dear worker: where there is most
// to push.
double ValueFor(Target& t, const std::vector<std::size_t>& rows) {
  const double cheapest = *std::min_element(t.usual.begin(), t.usual.end());
  double best = 0, gap = 2;
  for (double value = cheapest; value < 1e4 * cheapest; value *= 1.5) {
    t.value = value;
    double dear = 0;
    for (std::size_t row : rows)
      dear += (t.usual[t.Choose(t.world.requests[row].prompt)] > kDear * cheapest) /
              static_cast<double>(rows.size());
    if (std::abs(dear - 0.33) < gap) gap = std::abs(dear - 0.33), best = value;
  }
  return best;
}

void Print(const std::string& kind, const std::string& attack, const Effect& e) {
  fmt::print("| {} | {} | {:.1f} % | {:.1f} % | {:+.3f} | {:.3f} |\n", kind, attack, 100 * e.up, 100 * e.down,
             e.quality, 1000 * e.usd);
}

// All requests of one caller carry the gadget; the caller's upgrades are a share of its requests.
Effect Limited(const Target& t, const std::vector<std::size_t>& rows, const std::string& gadget,
               double share) {
  UpgradeLimit limit({.share = share, .burst = 5, .factor = kDear});
  const double cheapest = *std::min_element(t.usual.begin(), t.usual.end());
  Effect e;
  const double n = static_cast<double>(rows.size());
  for (std::size_t row : rows) {
    const Request& r = t.world.requests[row];
    double factor = kDear;
    const bool may = limit.MayUpgrade("attacker", &factor);
    const std::size_t clean = t.Choose(r.prompt),
                      moved = t.Choose(gadget + r.prompt, may ? INFINITY : kDear * cheapest);
    if (may && t.usual[moved] > factor * cheapest) limit.Upgraded("attacker");
    e.up += (t.usual[moved] > kDear * t.usual[clean]) / n;
    e.down += (r.quality[moved] + 0.01F < r.quality[clean]) / n;
    e.quality += static_cast<double>(r.quality[moved] - r.quality[clean]) / n;
    e.usd += t.usual[moved] / n;
  }
  return e;
}

void AttackKind(const World& w, const estimate::Featurizer& features, std::string_view kind,
                const std::vector<Prefix>& prefixes) {
  const std::size_t half = w.requests.size() / 2;
  estimate::Table table;
  table.rows = half, table.features = features.width(), table.workers = w.workers.size();
  std::vector<std::string_view> prompts;
  for (std::size_t i = 0; i < half; ++i) {
    prompts.push_back(w.requests[i].prompt);
    table.quality.insert(table.quality.end(), w.requests[i].quality.begin(), w.requests[i].quality.end());
  }
  table.embedded = features.embedded();
  table.x = features.OfPrompts(prompts);
  auto fitted = estimate::Fit(kind, table, {});
  if (!fitted) return fmt::print("| {} | not fitted: {} | | | | |\n", kind, fitted.error().message);
  Target t{w,
           features,
           std::move(*fitted),
           std::vector<double>(w.workers.size(), 0),
           std::vector<double>(w.workers.size(), 0),
           0,
           1};
  for (std::size_t a = 0; a < w.workers.size(); ++a) {
    for (std::size_t i = 0; i < half; ++i) {
      t.usual[a] += static_cast<double>(w.requests[i].cost[a]) / static_cast<double>(half);
      t.mean[a] += static_cast<double>(w.requests[i].quality[a]) / static_cast<double>(half);
    }
  }
  std::vector<std::size_t> search, rows;
  for (std::size_t i = half; i < w.requests.size() && rows.size() < kAttacked; ++i)
    (search.size() < kSearch ? search : rows).push_back(i);
  t.value = ValueFor(t, rows);
  Random random(7);
  const std::string name(kind);
  Print(name, "none", Measure(t, rows, [](const Request& r) { return r.prompt; }));
  std::map<std::string, std::vector<Effect>> families;
  for (const Prefix& p : prefixes)
    families[p.family].push_back(Measure(t, rows, [&](const Request& r) { return p.text + r.prompt; }));
  for (const auto& [family, effects] : families) {
    const auto worst = std::max_element(effects.begin(), effects.end(), [](const Effect& a, const Effect& b) {
      return a.up + a.down < b.up + b.down;
    });
    Print(name, fmt::format("{} (worst of {})", family, effects.size()), *worst);
  }
  Print(name, "typos, 1 letter in 15",
        Measure(t, rows, [&](const Request& r) { return Typos(r.prompt, random); }));
  const auto words = WordsOf(w, half);
  const std::string up = SearchGadget(t, search, words, true, random),
                    down = SearchGadget(t, search, words, false, random);
  Print(name, "searched gadget, up: `" + up + "`",
        Measure(t, rows, [&](const Request& r) { return up + r.prompt; }));
  Print(name, "searched gadget, down: `" + down + "`",
        Measure(t, rows, [&](const Request& r) { return down + r.prompt; }));
  t.clip = 0.2;
  Print(name, "up, estimates kept within 0.2 of the worker's mean",
        Measure(t, rows, [&](const Request& r) { return up + r.prompt; }));
  t.clip = 1;
  Print(name, "up, upgrades at most 35 % of a caller's requests", Limited(t, rows, up, 0.35));
}

}  // namespace

int Attack(const Settings& settings) {
  auto table = text::StaticTable::Load("models/minilm-static.table");
  if (!table) {
    fmt::print("Not run: {} (`baton models pull minilm-static` makes it)\n", table.error().message);
    return 0;
  }
  const estimate::Featurizer features(std::move(*table));
  const auto prefixes = ReadPrefixes("test/attacks/router/prefixes.txt");
  for (World& w : RecordedWorlds(settings.shared)) {
    Random random(5);
    for (std::size_t i = w.requests.size(); i-- > 1;)
      std::swap(w.requests[i], w.requests[random.Below(i + 1)]);
    fmt::print(
        "\n### {}\n\n{} questions attacked, {} prefixes, gadgets of {} words searched on {} other "
        "questions.\n\n"
        "| policy | attack | pushed to a worker {}x as dear | to a worse answer | quality | USD per 1,000 "
        "|\n|---|---|---|---|---|---|\n",
        w.name, kAttacked, prefixes.size(), kWords, kSearch, kDear);
    for (const std::string_view kind : estimate::EstimatorKinds()) AttackKind(w, features, kind, prefixes);
  }
  return 0;
}

}  // namespace baton::learn::bench
