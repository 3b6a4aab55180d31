#include "train/checkpoint.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "conduct/file.h"

namespace baton::train {
namespace {

using nlohmann::json;

constexpr std::string_view kMagic = "BATONCK1";
constexpr std::size_t kSum = 8;

std::uint64_t Sum(std::string_view bytes) {
  std::uint64_t h = 1469598103934665603ULL;
  for (const unsigned char c : bytes) h = (h ^ c) * 1099511628211ULL;
  return h;
}

Error Bad(const std::string& what) {
  return Fail(Code::kInvalidRequest, "the checkpoint cannot be used: " + what, "bad_checkpoint");
}

void Put(std::uint64_t v, std::string* out) {
  for (int i = 0; i < 8; ++i) out->push_back(static_cast<char>((v >> (8 * i)) & 0xff));
}
void Put(const std::vector<float>& v, std::string* out) {
  Put(v.size(), out);
  out->append(reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float));
}

class Bytes {
 public:
  explicit Bytes(std::string_view all) : left_(all) {}
  bool Take(std::size_t n, std::string_view* out) {
    if (n > left_.size()) return false;
    *out = left_.substr(0, n);
    left_.remove_prefix(n);
    return true;
  }
  bool Number(std::uint64_t* out) {
    std::string_view raw;
    if (!Take(8, &raw)) return false;
    *out = 0;
    for (int i = 7; i >= 0; --i)
      *out = *out << 8 | static_cast<unsigned char>(raw[static_cast<std::size_t>(i)]);
    return true;
  }
  bool Floats(std::vector<float>* out) {
    std::uint64_t n = 0;
    std::string_view raw;
    if (!Number(&n) || n > left_.size() / sizeof(float) || !Take(n * sizeof(float), &raw)) return false;
    out->resize(n);
    if (n > 0) std::memcpy(out->data(), raw.data(), raw.size());
    return true;
  }
  bool empty() const { return left_.empty(); }

 private:
  std::string_view left_;
};

// One list for CSV, JSON and back: names and places of a row's numbers.
struct Field {
  const char* name;
  double CurveRow::*real;
  std::int64_t CurveRow::*whole;
};
constexpr std::array<Field, 16> kFields = {{{"loss", &CurveRow::loss, nullptr},
                                            {"rate", &CurveRow::rate, nullptr},
                                            {"norm", &CurveRow::norm, nullptr},
                                            {"reward", &CurveRow::reward, nullptr},
                                            {"right", &CurveRow::right, nullptr},
                                            {"valid", &CurveRow::valid, nullptr},
                                            {"usd", &CurveRow::usd, nullptr},
                                            {"steps", &CurveRow::steps, nullptr},
                                            {"spread", &CurveRow::spread, nullptr},
                                            {"gap_mean", &CurveRow::gap_mean, nullptr},
                                            {"gap_most", &CurveRow::gap_most, nullptr},
                                            {"divergence", &CurveRow::divergence, nullptr},
                                            {"clipped", &CurveRow::clipped, nullptr},
                                            {"tokens", nullptr, &CurveRow::tokens},
                                            {"skipped", nullptr, &CurveRow::skipped},
                                            {"rollouts", nullptr, &CurveRow::rollouts}}};

// NaN has no place in JSON; a step without a loss is written as null.
json RowJson(const CurveRow& r) {
  json out = {{"phase", r.phase}, {"step", r.step}};
  for (const auto& f : kFields) {
    if (f.real) out[f.name] = r.*f.real;
    if (f.whole) out[f.name] = r.*f.whole;
  }
  return out;
}

CurveRow RowOf(const json& in) {
  CurveRow r;
  r.phase = in.at("phase").get<std::string>();
  r.step = in.at("step").get<int>();
  for (const auto& f : kFields) {
    if (f.real) r.*f.real = in.at(f.name).is_null() ? std::nan("") : in.at(f.name).get<double>();
    if (f.whole) r.*f.whole = in.at(f.name).get<std::int64_t>();
  }
  return r;
}

}  // namespace

std::string WriteCheckpoint(const Checkpoint& c) {
  json head = {{"settings", c.settings},
               {"phase", c.phase},
               {"next", c.next},
               {"steps", c.learner.steps},
               {"curve", json::array()}};
  for (const auto& r : c.curve) head["curve"].push_back(RowJson(r));
  const std::string text = head.dump();
  std::string out(kMagic);
  Put(text.size(), &out);
  out += text;
  for (const auto* v : {&c.learner.parameters, &c.learner.mean, &c.learner.square}) Put(*v, &out);
  Put(Sum(out), &out);
  return out;
}

Result<Checkpoint> ReadCheckpoint(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return Bad("it is none of this version");
  if (bytes.size() < kMagic.size() + kSum) return Bad("it is cut short");
  const std::string_view body = bytes.substr(0, bytes.size() - kSum);
  std::uint64_t sum = 0, length = 0;
  Bytes(bytes.substr(body.size())).Number(&sum);
  if (sum != Sum(body)) return Bad("its checksum is wrong: it is cut short or damaged");
  Bytes in(body.substr(kMagic.size()));
  std::string_view text;
  Checkpoint c;
  const bool whole = in.Number(&length) && in.Take(length, &text) && in.Floats(&c.learner.parameters) &&
                     in.Floats(&c.learner.mean) && in.Floats(&c.learner.square) && in.empty();
  if (!whole) return Bad("its parts do not add up");
  const json head = json::parse(text, nullptr, false);
  try {
    c.settings = head.at("settings").get<std::string>();
    c.phase = head.at("phase").get<std::string>();
    c.next = head.at("next").get<int>();
    c.learner.steps = head.at("steps").get<std::int64_t>();
    for (const auto& row : head.at("curve")) c.curve.push_back(RowOf(row));
  } catch (const json::exception&) {
    return Bad("its header lacks something");
  }
  return c;
}

Status SaveCheckpoint(const Checkpoint& checkpoint, const std::string& path) {
  return conduct::WriteWhole(path, WriteCheckpoint(checkpoint));
}

Result<Checkpoint> LoadCheckpoint(const std::string& path, const std::string& settings) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(Code::kNotFound, fmt::format("{}: {}", path, std::strerror(errno)), "no_file");
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  TRY(Checkpoint c, ReadCheckpoint(bytes));
  if (c.settings != settings)
    return Fail(Code::kInvalidRequest,
                fmt::format("{} is of another run.\nIt:   {}\nThis: {}", path, c.settings, settings),
                "other_checkpoint");
  return c;
}

std::string CurveCsv(const std::vector<CurveRow>& curve) {
  std::string out = "phase,step";
  for (const auto& f : kFields) {
    out += fmt::format(",{}", f.name);
  }
  out += '\n';
  for (const auto& r : curve) {
    out += fmt::format("{},{}", r.phase, r.step);
    for (const auto& f : kFields) {
      if (f.real) out += fmt::format(",{:.6g}", r.*f.real);
      if (f.whole) out += fmt::format(",{}", r.*f.whole);
    }
    out += '\n';
  }
  return out;
}

}  // namespace baton::train
