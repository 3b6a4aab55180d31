// Whatever a worker says and however its stream is cut: what a redacting guard lets through holds nothing
// that the guard finds, and nothing is lost beside it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "guard/held_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton;
  static const auto classifier = rails::Classifier::Build({}).value();
  static const guard::Rules rules = [] {
    guard::Rule r;
    r.name = "all";
    r.classes = {"personal", "secret"};
    r.deed = guard::Deed::kRedact;
    r.window = 64;
    return guard::Rules({r}, classifier, nullptr);
  }();
  if (size < 2) return 0;
  const std::size_t step = 1 + data[0] % 31;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  guard::HeldText held(rules, false);
  std::vector<std::pair<const guard::Rule*, std::string>> seen;
  std::size_t out = 0, altered = 0;
  for (std::size_t at = 0; at < text.size(); at += step) {
    chat::Event e;
    e.kind = chat::Event::Kind::kText;
    e.text = text.substr(at, step);
    held.Add(std::move(e));
    const auto r = held.Release(false, &seen);
    if (r.blocked) return 0;
    out += r.text.size();
    altered += r.altered;
  }
  const auto last = held.Release(true, &seen);
  if (last.blocked) return 0;
  out += last.text.size();
  altered += last.altered;
  if (altered == 0 && out != text.size()) __builtin_trap();
  return 0;
}
