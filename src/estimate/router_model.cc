#include "estimate/router_model.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "base/vectors.h"
#include "estimate/shape.h"

namespace baton::estimate {
namespace {

constexpr std::string_view kMagic = "BATONRM\n";
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kMaxFile = std::size_t{256} << 20;
constexpr float kLeastCosine = 0.995F;

// Words of every kind the router meets, so that a vector that went astray shows on one of them.
constexpr std::string_view kProbes[] = {
    "Write a function that returns the n-th prime number, with tests.",
    "A train leaves at 8:15 and travels 240 km at 96 km/h. When does it arrive?",
    "My parcel has not arrived and the tracking page shows an error. What now?",
    "Summarise the attached contract and list every obligation of the tenant.",
    "What is the usual dose of amoxicillin for an adult with pneumonia?",
    "Schreibe ein Gedicht über den Herbst in vier Zeilen.",
    "Compare the inflation targets of three central banks since 2015.",
    "hi!",
};

Error Refuse(const std::string& name, const char* reason, const std::string& why) {
  return Fail(Code::kInvalidRequest, fmt::format("{} {}", name, why), reason);
}

std::string VersionOf(std::string_view body) {
  return fmt::format("router-{:010x}", Hash64(body) >> 24);
}

void Body(const RouterModel& m, ByteWriter* out) {
  out->Put(kFormat);
  out->Put(std::string_view(m.features));
  out->Put(std::string_view(m.trained_on));
  out->Put(static_cast<std::uint32_t>(m.workers.size()));
  for (const auto& w : m.workers) out->Put(std::string_view(w));
  out->Put(m.mean_quality);
  out->Put(m.probes);
  WriteEstimator(*m.quality, out);
  m.length.Save(out);
  m.cold.Save(out);
}

std::vector<float> ProbeFeatures(const Featurizer& f) {
  std::vector<float> all;
  for (std::string_view text : kProbes) {
    std::vector<float> x(f.width());
    f.Compute(AskedOf(text), x);
    all.insert(all.end(), x.begin(), x.end());
  }
  return all;
}

}  // namespace

std::span<const std::string_view> ProbeTexts() {
  return kProbes;
}

Result<RouterModel> FitRouter(const Table& table, std::vector<std::string> workers,
                              std::vector<WorkerFacts> facts, const Featurizer& featurizer,
                              std::string trained_on, const RouterOptions& options) {
  if (workers.size() != table.workers || (!facts.empty() && facts.size() != table.workers) ||
      table.features != featurizer.width())
    return Fail(Code::kInvalidRequest, "names, facts and features do not have the table's sizes",
                "bad_table");
  FitOptions fit;
  fit.seed = options.seed;
  fit.threads = options.threads;
  fit.progress = options.progress;
  RouterModel m;
  TRY(m.quality, Fit(options.kind, table, fit));
  fit.progress = nullptr;
  m.length = LengthModel::Fit(table, fit);
  if (table.workers >= 2) m.cold = ColdStart::Fit(table, std::move(facts), fit);
  m.features = featurizer.id();
  m.trained_on = std::move(trained_on);
  m.workers = std::move(workers);
  m.mean_quality = WorkerMeans(table);
  m.probes = ProbeFeatures(featurizer);
  return m;
}

std::string ToBytes(RouterModel* m) {
  ByteWriter body;
  Body(*m, &body);
  m->version = VersionOf(body.bytes());
  std::string file(kMagic);
  file += body.bytes();
  ByteWriter tail;
  tail.Put(Hash64(file));
  return file + tail.bytes();
}

Result<RouterModel> RouterFromBytes(std::string_view bytes, const std::string& name) {
  if (bytes.substr(0, kMagic.size()) != kMagic)
    return Refuse(name, "not_a_router", "is no router model of Baton's");
  if (bytes.size() < kMagic.size() + 12) return Refuse(name, "router_damaged", "is cut short");
  const std::string_view body = bytes.substr(kMagic.size(), bytes.size() - kMagic.size() - 8);
  ByteReader in(body), tail(bytes.substr(bytes.size() - 8));
  if (const auto format = in.Get<std::uint32_t>(); format != kFormat)
    return Refuse(name, "router_version",
                  fmt::format("has format {}, and this version reads {}: train it anew", format, kFormat));
  if (tail.Get<std::uint64_t>() != Hash64(bytes.substr(0, bytes.size() - 8)))
    return Refuse(name, "router_damaged", "is cut short or changed: its checksum does not fit");
  RouterModel m;
  m.features = in.Text();
  m.trained_on = in.Text();
  const auto workers = in.Get<std::uint32_t>();
  if (workers == 0 || workers > kMaxWorkers) in.Fail();
  for (std::uint32_t w = 0; w < workers && !in.failed(); ++w) m.workers.push_back(in.Text());
  m.mean_quality = in.Floats(in.failed() ? 0 : workers);
  m.probes = in.Floats();
  if (!in.failed()) m.quality = ReadEstimator(&in);
  if (in.failed() || m.quality->workers() != workers ||
      m.probes.size() != std::size(kProbes) * m.quality->features())
    return Refuse(name, "router_damaged", "does not hold what a router model holds");
  m.length = LengthModel::Read(&in, m.quality->features(), workers);
  m.cold = ColdStart::Read(&in, m.quality->features());
  if (!in.done()) return Refuse(name, "router_damaged", "does not hold what a router model holds");
  m.version = VersionOf(body);
  return m;
}

Result<RouterModel> LoadRouter(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code ec;
  if (!in || std::filesystem::is_directory(path, ec))
    return Fail(Code::kNotFound,
                fmt::format("cannot read the router model {}: `baton train router` makes one", path));
  in.seekg(0, std::ios::end);
  const auto size = in.tellg();
  if (size < 0 || static_cast<std::uint64_t>(size) > kMaxFile)
    return Fail(Code::kTooLarge, path + " is too large for a router model", "not_a_router");
  std::string bytes(static_cast<std::size_t>(size), 0);
  in.seekg(0);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in) return Fail(Code::kInternal, "cannot read " + path, "disk");
  return RouterFromBytes(bytes, path);
}

Status SaveRouter(RouterModel* model, const std::string& path) {
  const std::string aside = fmt::format("{}.{}.part", path, ::getpid());
  std::error_code ec;
  std::ofstream out(aside, std::ios::binary);
  out << ToBytes(model);
  out.close();
  if (out) std::filesystem::rename(aside, path, ec);
  if (out && !ec) return {};
  std::error_code ignored;
  std::filesystem::remove(aside, ignored);
  return Fail(Code::kInternal,
              fmt::format("cannot write {}: is the folder there, and the disk not full?", path), "disk");
}

Status CheckFeatures(const RouterModel& m, const Featurizer& f) {
  auto other = [&](const std::string& why) {
    return Fail(Code::kInvalidRequest,
                fmt::format("the router model {} cannot be used here: {}", m.version, why), "other_features");
  };
  if (m.features != f.id() || m.quality->features() != f.width())
    return other(
        fmt::format("it was trained on features '{}' and this server computes '{}'; pull the static table it "
                    "names, or train it anew",
                    m.features, f.id()));
  const std::vector<float> here = ProbeFeatures(f);
  for (std::size_t i = 0; i < std::size(kProbes); ++i) {
    const float *a = here.data() + i * f.width(), *b = m.probes.data() + i * f.width();
    const float cosine = Dot(a, b, f.width()) / std::sqrt(Dot(a, a, f.width()) * Dot(b, b, f.width()));
    if (!(cosine >= kLeastCosine))
      return other(fmt::format(
          "on probe text {} this machine's features point elsewhere (cosine {:.4f}); make the static "
          "table anew with `baton models pull minilm-static`, or train here",
          i, cosine));
  }
  return {};
}

}  // namespace baton::estimate
