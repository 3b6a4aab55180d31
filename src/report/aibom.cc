#include "report/aibom.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "audit/digest.h"
#include "lm/models.h"
#include "report/words.h"

namespace baton::report {
namespace {

using Json = nlohmann::ordered_json;

Json Property(const char* name, std::string value) {
  return {{"name", std::string("baton:") + name}, {"value", std::move(value)}};
}

Json Metric(std::string type, double value, const std::string& slice, Interval interval) {
  return {{"type", std::move(type)},
          {"value", fmt::format("{:.6g}", value)},
          {"slice", slice},
          {"confidenceInterval",
           {{"lowerBound", fmt::format("{:.6g}", interval.low)},
            {"upperBound", fmt::format("{:.6g}", interval.high)}}}};
}

double Share(std::int64_t part, std::int64_t all) {
  return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0;
}

void AddMetrics(const Slice& s, const std::string& slice, Json& to) {
  if (s.calls > 0)
    to.push_back(Metric(fmt::format("share of calls answered (n={})", s.calls), Share(s.answered, s.calls),
                        slice, Wilson(s.answered, s.calls)));
  if (s.judged > 0)
    to.push_back(Metric(fmt::format("share of answers accepted by checks (n={})", s.judged),
                        Share(s.accepted, s.judged), slice, Wilson(s.accepted, s.judged)));
  if (s.feedback.count() > 0)
    to.push_back(Metric(fmt::format("mean feedback, 0 to 1 (n={})", s.feedback.count()), s.feedback.mean(),
                        slice, Bootstrap(s.feedback.values(), 0, 1)));
  if (s.cost_usd.count() > 1)
    to.push_back(Metric(fmt::format("mean cost per call, USD (n={})", s.cost_usd.count()), s.cost_usd.mean(),
                        slice, Bootstrap(s.cost_usd.values(), 0, 0)));
  if (s.seconds.count() > 1)
    to.push_back(Metric(fmt::format("mean time to the whole answer, seconds (n={})", s.seconds.count()),
                        s.seconds.mean(), slice, Bootstrap(s.seconds.values(), 0, 0)));
}

Json Performance(const Measured& measured, const std::string& worker) {
  Json metrics = Json::array();
  AddMetrics(measured.Of(worker), "all", metrics);
  for (const auto& [key, slice] : measured.slices) {
    const auto& [name, task, contract] = key;
    if (name != worker) continue;
    AddMetrics(slice, contract.empty() ? "task " + (task.empty() ? "unknown" : task) : "contract " + contract,
               metrics);
  }
  return metrics;
}

Json DataProperties(const pool::Worker& w) {
  Json p = Json::array();
  p.push_back(Property("region", w.data.region));
  p.push_back(Property("retention", w.data.retention));
  p.push_back(Property("trains-on-data", w.data.trains ? "true" : "false"));
  p.push_back(Property("data-classes", fmt::format("{}", fmt::join(w.data.classes, ","))));
  p.push_back(Property("dialect", w.dialect));
  if (w.simulated) p.push_back(Property("simulated", "true"));
  if (!w.priced) p.push_back(Property("price", "unknown"));
  return p;
}

// The model file's known origin, by its hash.
const lm::KnownModel* KnownByHash(const std::string& sha256) {
  for (const auto& m : lm::Manifest()) {
    if (!sha256.empty() && m.sha256 == sha256) return &m;
  }
  return nullptr;
}

Json Licence(const std::string& name) {
  // An SPDX identifier has no blanks; anything else is a name.
  const bool spdx = name.find(' ') == std::string::npos;
  return Json::array({{{"license", {{spdx ? "id" : "name", name}}}}});
}

Json Model(const pool::Worker& w, const std::string& sha256, const Measured& measured) {
  const bool local = w.dialect == "local";
  Json c{{"type", "machine-learning-model"},
         {"bom-ref", "model:" + w.name},
         {"name", local ? FileName(w.path) : w.target.model},
         {"description", fmt::format("model of worker '{}'", w.name)}};
  if (!sha256.empty()) c["hashes"] = Json::array({{{"alg", "SHA-256"}, {"content", sha256}}});
  const lm::KnownModel* known = KnownByHash(sha256);
  if (known) {
    c["licenses"] = Licence(known->licence);
    c["description"] = known->purpose + "; " + known->origin;
  }
  Json& card = c["modelCard"];
  card["modelParameters"] = {{"task", w.target.can.chat ? "text-generation" : "feature-extraction"},
                             {"inputs", Json::array({{{"format", "text"}}})},
                             {"outputs", Json::array({{{"format", w.target.can.chat ? "text" : "vector"}}})}};
  card["quantitativeAnalysis"] = {{"performanceMetrics", Performance(measured, w.name)}};
  card["considerations"] = {
      {"useCases",
       Json::array({"answers requests that the routes and rails of this configuration send to it"})},
      {"technicalLimitations", Json::array({"figures are those of this deployment's own traffic, which is no "
                                            "random sample of anything else"})}};
  c["properties"] = DataProperties(w);
  if (!known) c["properties"].push_back(Property("licence", "unknown"));
  return c;
}

Json Service(const pool::Worker& w) {
  Json data = Json::array();
  for (const auto& name : w.data.classes)
    data.push_back({{"flow", "bi-directional"}, {"classification", name}});
  Json s{{"bom-ref", "worker:" + w.name},
         {"provider", {{"name", HostOf(w.base_url)}}},
         {"group", w.dialect},
         {"name", w.name},
         {"authenticated", !w.key.empty()},
         {"x-trust-boundary", w.data.region != "here"},
         {"trustZone", w.data.region}};
  if (!w.base_url.empty()) s["endpoints"] = Json::array({w.base_url});
  if (!data.empty()) s["data"] = std::move(data);
  s["properties"] = DataProperties(w);
  return s;
}

// The same document has the same number: a UUID (version 8: custom) made of its digest.
std::string SerialNumber(const std::string& text) {
  const audit::Digest d = audit::Hasher().Add(text).Finish();
  std::string h = audit::Hex(d).substr(0, 32);
  h[12] = '8';
  h[16] = 'a';
  return fmt::format("urn:uuid:{}-{}-{}-{}-{}", h.substr(0, 8), h.substr(8, 4), h.substr(12, 4),
                     h.substr(16, 4), h.substr(20));
}

Result<std::string> HashOf(const pool::Worker& w, bool read) {
  if (!w.sha256.empty() || w.dialect != "local" || !read) return w.sha256;
  return HashFile(w.path);
}

}  // namespace

Result<std::string> HashFile(const std::string& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!in)
    return Fail(Code::kNotFound, fmt::format("cannot read {}: {}", path, std::strerror(errno)),
                "unreadable_file");
  audit::Hasher hasher;
  std::vector<char> block(std::size_t{1} << 20);
  while (const std::size_t n = std::fread(block.data(), 1, block.size(), in.get()))
    hasher.Add({block.data(), n});
  if (std::ferror(in.get())) return Fail(Code::kInternal, fmt::format("cannot read {} to its end", path));
  return audit::Hex(hasher.Finish());
}

Result<std::string> Aibom(const config::Config& config, const Measured& measured, const BomOptions& options) {
  Json components = Json::array(), services = Json::array(), depends = Json::array(), uses = Json::array();
  for (const auto& w : config.workers) {
    if (w->dialect == "tool") {
      services.push_back(Service(*w));
      uses.push_back("worker:" + w->name);
      continue;
    }
    TRY(const std::string sha256, HashOf(*w, options.hash_models));
    components.push_back(Model(*w, sha256, measured));
    const bool local = w->dialect == "local";
    if (!local) {
      services.push_back(Service(*w));
      depends.push_back({{"ref", "worker:" + w->name}, {"dependsOn", Json::array({"model:" + w->name})}});
    }
    uses.push_back((local ? "model:" : "worker:") + w->name);
  }
  depends.push_back({{"ref", "baton"}, {"dependsOn", std::move(uses)}});
  Json bom{{"$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json"},
           {"bomFormat", "CycloneDX"},
           {"specVersion", "1.6"},
           {"serialNumber", ""},
           {"version", 1},
           {"metadata",
            {{"timestamp", Rfc3339(options.at_unix_ns)},
             {"tools",
              {{"components",
                Json::array({{{"type", "application"}, {"name", "baton"}, {"version", options.version}}})}}},
             {"component",
              {{"type", "application"},
               {"bom-ref", "baton"},
               {"name", "baton"},
               {"version", options.version},
               {"properties",
                Json::array({Property("config-digest", config.digest),
                             Property("exchanges-measured", std::to_string(measured.exchanges))})}}}}},
           {"components", std::move(components)},
           {"services", std::move(services)},
           {"dependencies", std::move(depends)}};
  bom["serialNumber"] = SerialNumber(bom.dump(-1, ' ', false, Json::error_handler_t::replace));
  return bom.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace baton::report
