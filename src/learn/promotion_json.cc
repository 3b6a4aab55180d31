#include <cmath>
#include <nlohmann/json.hpp>

#include "learn/promotion.h"

namespace baton::learn {
namespace {

using Json = nlohmann::ordered_json;

Json Of(const ArmComparison::State& s) {
  return {{"n", s.sequence.n}, {"sum", s.sequence.sum}, {"deviation", s.sequence.deviation},
          {"share", s.share},  {"n_a", s.n_a},          {"n_b", s.n_b},
          {"sum_a", s.sum_a},  {"sum_b", s.sum_b}};
}

// Reads what it finds and remembers whether all of it was there and of its kind.
class Reader {
 public:
  bool fine() const { return fine_; }
  template <class T>
  void operator()(const Json& from, const char* key, T& to) {
    const auto at = from.find(key);
    if (at == from.end() || !Fits<T>(*at)) {
      fine_ = false;
    } else {
      to = at->template get<T>();
    }
  }

 private:
  template <class T>
  static bool Fits(const Json& v) {
    if constexpr (std::is_same_v<T, std::string>) return v.is_string();
    if constexpr (std::is_same_v<T, bool>) return v.is_boolean();
    if constexpr (std::is_same_v<T, double>) return v.is_number();
    return v.is_number_integer();
  }
  bool fine_ = true;
};

ArmComparison::State StateOf(const Json& j, Reader& read) {
  ArmComparison::State s;
  read(j, "n", s.sequence.n);
  read(j, "sum", s.sequence.sum);
  read(j, "deviation", s.sequence.deviation);
  read(j, "share", s.share);
  read(j, "n_a", s.n_a);
  read(j, "n_b", s.n_b);
  read(j, "sum_a", s.sum_a);
  read(j, "sum_b", s.sum_b);
  return s;
}

bool Sound(const ArmComparison::State& s) {
  return s.share > 0 && s.share < 1 && s.n_a >= 0 && s.n_b >= 0 && s.sequence.n == s.n_a + s.n_b &&
         s.sequence.sum >= 0 && s.sequence.sum <= static_cast<double>(s.sequence.n) &&
         s.sequence.deviation >= 0 && std::isfinite(s.sequence.deviation);
}

bool ReadPlacement(const Json& from, const char* key, Placement& to) {
  const auto at = from.find(key);
  if (at == from.end() || !at->is_object()) return false;
  for (const auto& [slice, policy] : at->items()) {
    if (!policy.is_string()) return false;
    to[slice] = policy.get<std::string>();
  }
  return true;
}

Error Malformed() {
  return Fail(Code::kInvalidRequest, "the text is not the state of a promotion", "state_malformed");
}

}  // namespace

std::string ToJson(const Promotion& p) {
  Json slices = Json::object();
  for (const auto& [name, test] : p.slices)
    slices[name] = {{"in_place", Of(test.in_place)}, {"single", Of(test.single)}};
  const Json j = {{"version", 1},
                  {"stage", StageName(p.stage)},
                  {"candidate", p.candidate},
                  {"in_place", p.in_place},
                  {"before", p.before},
                  {"share", p.share},
                  {"with_single", p.with_single},
                  {"since_unix_ns", p.since_unix_ns},
                  {"slices", std::move(slices)}};
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Promotion> PromotionFromJson(std::string_view text) {
  const Json j = Json::parse(text, nullptr, false);
  if (!j.is_object() || j.value("version", Json()) != 1) return Malformed();
  Promotion p;
  Reader read;
  std::string stage;
  read(j, "stage", stage);
  read(j, "candidate", p.candidate);
  read(j, "share", p.share);
  read(j, "with_single", p.with_single);
  read(j, "since_unix_ns", p.since_unix_ns);
  const auto slices = j.find("slices");
  const auto known = StageOf(stage);
  if (!read.fine() || !known || slices == j.end() || !slices->is_object() ||
      !ReadPlacement(j, "in_place", p.in_place) || !ReadPlacement(j, "before", p.before)) {
    return Malformed();
  }
  p.stage = *known;
  for (const auto& [name, test] : slices->items()) {
    if (!test.is_object() || !test.contains("in_place") || !test.contains("single")) return Malformed();
    SliceTest& to = p.slices[name];
    to.in_place = StateOf(test["in_place"], read);
    to.single = StateOf(test["single"], read);
    if (!read.fine() || !Sound(to.in_place) || !Sound(to.single)) return Malformed();
  }
  return p;
}

}  // namespace baton::learn
