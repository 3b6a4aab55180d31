// What rails and features cost a request: 2 KB of prose, of code, and of text full of personal data.
#include <benchmark/benchmark.h>

#include <string>

#include "rails/classifier.h"
#include "route/features.h"
#include "route/rules.h"

namespace {

using namespace baton;

std::string Fill(const std::string& piece) {
  std::string text;
  while (text.size() < 2048) text += piece;
  text.resize(2048);
  return text;
}

const std::string& TextOf(int kind) {
  static const std::string kTexts[] = {
      Fill("The committee met twice during the spring to discuss how the old harbour might be used once the "
           "ferries move to "
           "the new terminal. Several members asked for a study of traffic, and everyone agreed that the "
           "1912 warehouse "
           "should stay. A decision is expected before the end of the year, when the budget has been "
           "approved. "),
      Fill("def merge(a, b):\n    out = []\n    i = j = 0\n    while i < len(a) and j < len(b):\n        if "
           "a[i] <= b[j]:\n"
           "            out.append(a[i]); i += 1\n        else:\n            out.append(b[j]); j += 1\n    "
           "return out + a[i:] + b[j:]\n\n"),
      Fill("My name is Maria Lopez, born on 12 March 1984, 221B Baker Street. Call +49 89 1234567 or write "
           "to m.lopez@example.org. "
           "Card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00, SSN 536-90-4399. I was diagnosed "
           "with asthma. "),
  };
  return kTexts[kind];
}

chat::Request Ask(int kind) {
  chat::Request r;
  chat::Message m;
  m.parts.push_back(chat::Text{TextOf(kind), {}});
  r.messages.push_back(m);
  return r;
}

rails::Catalogue MakeCatalogue() {
  auto w = std::make_shared<pool::Worker>();
  w->name = "w";
  w->data.classes = {"public", "internal", "personal", "secret"};
  return {{w}};
}

void Classify(benchmark::State& state) {
  auto classifier = rails::Classifier::Build({}).value();
  const std::string& text = TextOf(static_cast<int>(state.range(0)));
  std::size_t found = 0;
  for (auto _ : state) {
    auto c = classifier->ClassifyText(text);
    found = c.spans.size();
    benchmark::DoNotOptimize(c);
  }
  state.counters["spans"] = static_cast<double>(found);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(Classify)->Arg(0)->Arg(1)->Arg(2)->Unit(benchmark::kMicrosecond);

void Features(benchmark::State& state) {
  auto catalogue = MakeCatalogue();
  rails::Rails rails({}, rails::Classifier::Build({}).value());
  auto request = Ask(static_cast<int>(state.range(0)));
  auto permit = rails.Admit({}, {}, request, catalogue, TimePoint());
  for (auto _ : state) {
    auto f = route::Compute(request, *permit);
    benchmark::DoNotOptimize(f);
  }
}
BENCHMARK(Features)->Arg(0)->Arg(1)->Arg(2)->Unit(benchmark::kMicrosecond);

// Admit, Compute and Choose: what stands between parsing and the pool.
void WholeDecision(benchmark::State& state) {
  auto catalogue = MakeCatalogue();
  rails::Rails rails({}, rails::Classifier::Build({}).value());
  route::Rules rules({});
  auto request = Ask(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto permit = rails.Admit({}, {}, request, catalogue, TimePoint());
    auto features = route::Compute(request, *permit);
    auto route = rules.Choose("baton", features, *permit, catalogue);
    benchmark::DoNotOptimize(route);
  }
}
BENCHMARK(WholeDecision)->Arg(0)->Arg(1)->Arg(2)->Unit(benchmark::kMicrosecond);

void BuildClassifier(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(rails::Classifier::Build({}));
}
BENCHMARK(BuildClassifier)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
