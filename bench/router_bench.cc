// What learned routing costs, in processor time.
//   router_bench decide models/minilm-static.table    features and decision for a 2 KB prompt, p50 and p99
//   router_bench train 100000 20                      fitting a stack on made-up rows: seconds and memory
//   router_bench encode models/all-minilm-l6-v2.gguf  the sentence encoder, 128 tokens
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <future>
#include <string>
#include <vector>

#include "base/random.h"
#include "estimate/router_model.h"
#include "lm/engine.h"
#include "route/rules.h"
#include "route/testing.h"

namespace baton {
namespace {

// Processor time of the whole process, so that whatever else the machine does stays out of it.
double ProcessorMicroseconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return 1e6 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_nsec);
}

template <class F>
void Report(const char* what, int rounds, F&& once) {
  std::vector<double> us;
  for (int i = 0; i < rounds / 10; ++i) once(i);  // warm
  for (int i = 0; i < rounds; ++i) {
    const double start = ProcessorMicroseconds();
    once(i);
    us.push_back(ProcessorMicroseconds() - start);
  }
  std::sort(us.begin(), us.end());
  auto at = [&](double q) { return us[static_cast<std::size_t>(q * static_cast<double>(us.size() - 1))]; };
  fmt::print("{:44} p50 {:8.1f} us   p99 {:8.1f} us   n {}\n", what, at(0.5), at(0.99), rounds);
}

// Prose, a little code, figures: 2 KB, another one each time.
std::string Prompt(Random& random, std::size_t bytes = 2048) {
  static constexpr const char* kWords[] = {
      "the",      "report",         "explains",   "why",       "customers",  "of",          "our",
      "northern", "branch",         "return",     "more",      "parcels",    "than",        "others",
      "and",      "which",          "measures",   "were",      "considered", "in",          "March",
      "2024",     "before",         "management", "decided",   "to",         "renegotiate", "contracts;",
      "compute",  "sum(x) / 17.5,", "please",     "summarise", "it",         "for",         "engineers.\n"};
  std::string text;
  while (text.size() < bytes) text += std::string(kWords[random.Below(std::size(kWords))]) + " ";
  return text;
}

// Two groups of skills over features like those of prompts.
estimate::Table MadeUp(std::size_t rows, std::size_t workers, std::size_t width, std::size_t embedded) {
  Random random(7);
  estimate::Table t;
  t.rows = rows, t.workers = workers, t.features = width, t.embedded = embedded;
  t.x.resize(rows * width);
  t.quality.resize(rows * workers);
  t.out_tokens.resize(rows * workers);
  for (std::size_t r = 0; r < rows; ++r) {
    double squares = 1e-9;
    for (std::size_t i = 0; i < width; ++i) {
      t.x[r * width + i] = static_cast<float>(random.Unit() - 0.5);
      if (i < embedded) squares += t.x[r * width + i] * t.x[r * width + i];
    }
    for (std::size_t i = 0; i < embedded; ++i) t.x[r * width + i] /= static_cast<float>(std::sqrt(squares));
    for (std::size_t w = 0; w < workers; ++w) {
      const double p = 0.3 + 0.02 * static_cast<double>(w) + (t.x[r * width + w % width] > 0 ? 0.25 : 0);
      t.quality[r * workers + w] = random.Unit() < p ? 1 : 0;
      t.out_tokens[r * workers + w] = static_cast<float>(50 + random.Below(500));
    }
  }
  return t;
}

int Decide(const std::string& path) {
  auto table = text::StaticTable::Load(path);
  if (!table) return fmt::print(stderr, "{}\n", table.error().message), 1;
  auto featurizer = std::make_shared<estimate::Featurizer>(*table);
  constexpr std::size_t kWorkers = 8;
  const estimate::Table rows = MadeUp(3000, kWorkers, featurizer->width(), featurizer->embedded());
  std::vector<std::string> names;
  rails::Catalogue catalogue;
  for (std::size_t w = 0; w < kWorkers; ++w) {
    names.push_back("worker" + std::to_string(w));
    catalogue.workers.push_back(route::MakeWorker(names.back(), 1.0 + static_cast<double>(w)));
  }
  auto model = estimate::FitRouter(rows, names, {}, *featurizer, "made up", {});
  route::RulesOptions options;
  options.featurizer = featurizer;
  options.classifiers = estimate::Classifiers::BuiltIn(featurizer->id());
  options.router = std::make_shared<route::Router>(std::make_shared<estimate::RouterModel>(std::move(*model)),
                                                   route::RouterSettings{}, catalogue, SystemClock());
  const route::Rules rules(options);
  auto permit = route::PermitFor(catalogue);
  Random random(1);
  std::vector<chat::Request> requests;
  for (int i = 0; i < 256; ++i) requests.push_back(route::Ask(Prompt(random)));
  auto request = [&](int i) -> const chat::Request& {
    return requests[static_cast<std::size_t>(i) % requests.size()];
  };
  fmt::print("8 workers, 2 KB prompts, classifiers {}\n", options.classifiers ? "on" : "absent");
  Report("features by words alone", 20000, [&](int i) { (void)route::Compute(request(i), *permit); });
  Report("features with vector", 20000,
         [&](int i) { (void)route::Compute(request(i), *permit, featurizer.get()); });
  Report("features with vector and classifiers", 20000, [&](int i) {
    (void)route::Compute(request(i), *permit, featurizer.get(), options.classifiers.get());
  });
  const route::Features f = route::Compute(request(0), *permit, featurizer.get());
  Report("decision of the router (stack)", 20000,
         [&](int) { (void)rules.Choose("baton", f, *permit, catalogue); });
  Report("both: from request to route", 20000, [&](int i) {
    const route::Features own =
        route::Compute(request(i), *permit, featurizer.get(), options.classifiers.get());
    (void)rules.Choose("baton", own, *permit, catalogue);
  });
  return 0;
}

int Train(std::size_t rows, std::size_t workers) {
  const estimate::Table table = MadeUp(rows, workers, 232, 192);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  for (std::string_view kind : estimate::EstimatorKinds()) {
    if (kind == "knn") continue;  // fitting it is keeping the rows
    const double start = ProcessorMicroseconds();
    auto fitted = estimate::Fit(kind, table, {});
    const double seconds = (ProcessorMicroseconds() - start) / 1e6;
    if (!fitted) return fmt::print(stderr, "{}\n", fitted.error().message), 1;
    getrusage(RUSAGE_SELF, &after);
    std::vector<estimate::Estimate> out(workers);
    fmt::print("{:10} {:7.1f} s   peak memory {} MB (rows alone: {} MB)\n", kind, seconds,
               after.ru_maxrss / 1024, before.ru_maxrss / 1024);
    std::size_t r = 0;
    Report("  its Predict", 2000, [&](int) { (*fitted)->Predict(table.X(r++ % rows), out); });
  }
  return 0;
}

int Encode(const std::string& path) {
  lm::EngineOptions options;
  options.path = path;
  options.threads = 1;
  auto engine = lm::Engine::Load(options);
  if (!engine) return fmt::print(stderr, "{}\n", engine.error().message), 1;
  std::string text;
  while (*(*engine)->CountTokens(text) < 126) text += "word and ";
  while (*(*engine)->CountTokens(text) > 126) text.resize(text.rfind(' ', text.size() - 2) + 1);
  Report("encoder, 128 tokens, one thread", 300, [&](int) {
    std::promise<void> done;
    (*engine)->Embed({text}, [&](auto) { done.set_value(); });
    done.get_future().wait();
  });
  return 0;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "decide" && argc == 3) return baton::Decide(argv[2]);
  if (what == "train" && argc == 4) return baton::Train(std::stoul(argv[2]), std::stoul(argv[3]));
  if (what == "encode" && argc == 3) return baton::Encode(argv[2]);
  fmt::print(stderr, "usage: router_bench decide TABLE | train ROWS WORKERS | encode GGUF\n");
  return 2;
}
