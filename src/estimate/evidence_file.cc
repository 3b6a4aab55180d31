// JSON, because an operator may want to read what a plan is; numbers keep all their digits. The checksum is
// over the body as written here, so a changed digit is found; it is no signature.
#include "estimate/evidence_file.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace baton::estimate {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 2;
constexpr int kOldest = 1;  // its plans know no router
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

// FNV-1a, 64 bits.
std::string Checksum(std::string_view bytes) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", h);
}

Error Damaged(const std::string& name, std::string_view what) {
  return Fail(Code::kInvalidRequest,
              fmt::format("{}: {}; train it again with `baton train evidence`", name, what),
              "evidence_damaged");
}

Json OfRule(const Rule& rule) {
  Json positions = Json::array();
  for (const Position& p : rule.positions)
    positions.push_back({p.gain[0], p.gain[1], p.spending[0], p.spending[1], p.reach});
  return {{"positions", positions}, {"quality", rule.quality}, {"usd", rule.usd},
          {"tilt", rule.tilt},      {"lead", rule.lead},       {"first", rule.first}};
}

Rule RuleOf(const Json& j, std::size_t workers) {
  Rule rule;
  for (const Json& p : j.at("positions")) {
    Position at;
    at.gain[0] = p.at(0).get<double>();
    at.gain[1] = p.at(1).get<double>();
    at.spending[0] = p.at(2).get<double>();
    at.spending[1] = p.at(3).get<double>();
    at.reach = p.at(4).get<double>();
    rule.positions.push_back(at);
  }
  rule.quality = j.at("quality").get<double>();
  rule.usd = j.at("usd").get<double>();
  if (j.contains("tilt")) j.at("tilt").get_to(rule.tilt);
  rule.lead = j.at("lead").get<double>();
  rule.first = j.at("first").get<bool>();
  if (rule.positions.size() != workers) throw std::runtime_error("positions");
  return rule;
}

}  // namespace

class BeliefFile {
 public:
  static Json Write(const Belief& b) {
    return {{"reliability", b.reliability_}, {"pair", b.pair_}, {"theta", b.theta_}, {"score", b.score_}};
  }
  static Belief Read(const Json& j, std::size_t workers) {
    Belief b;
    j.at("reliability").get_to(b.reliability_);
    j.at("pair").get_to(b.pair_);
    j.at("theta").get_to(b.theta_);
    j.at("score").get_to(b.score_);
    if (b.reliability_.size() != workers || b.pair_.size() != workers * workers)
      throw std::runtime_error("belief");
    return b;
  }
};

class EvidenceFile {
 public:
  static Json Write(const EvidenceModel& m) {
    Json plans = Json::array();
    for (const Plan& p : m.evidence.plans_) {
      Json rules = Json::array();
      for (const Rule& r : p.rules) rules.push_back(OfRule(r));
      plans.push_back({{"workers", p.workers},
                       {"usd", p.usd},
                       {"usual", p.usual},
                       {"belief", BeliefFile::Write(p.belief)},
                       {"rules", rules}});
    }
    return {{"trained_on", m.trained_on},
            {"workers", m.workers},
            {"out_tokens", m.out_tokens},
            {"values", m.evidence.values_},
            {"plans", plans}};
  }

  // Throws what nlohmann::json and RuleOf throw.
  static EvidenceModel Read(const Json& j) {
    EvidenceModel m;
    j.at("trained_on").get_to(m.trained_on);
    j.at("workers").get_to(m.workers);
    j.at("out_tokens").get_to(m.out_tokens);
    j.at("values").get_to(m.evidence.values_);
    m.evidence.workers_ = m.workers.size();
    if (m.workers.empty() || m.out_tokens.size() != m.workers.size() || m.evidence.values_.empty())
      throw std::runtime_error("sizes");
    for (const Json& p : j.at("plans")) m.evidence.plans_.push_back(PlanOf(p, m));
    if (m.evidence.plans_.empty()) throw std::runtime_error("no plan");
    return m;
  }

 private:
  static Plan PlanOf(const Json& j, const EvidenceModel& m) {
    Plan plan;
    j.at("workers").get_to(plan.workers);
    j.at("usd").get_to(plan.usd);
    if (j.contains("usual")) j.at("usual").get_to(plan.usual);
    const std::size_t n = plan.workers.size();
    if (n == 0 || n > kMaxTeam || plan.usd.size() != n || (!plan.usual.empty() && plan.usual.size() != n))
      throw std::runtime_error("plan");
    for (int w : plan.workers) {
      if (w < 0 || static_cast<std::size_t>(w) >= m.workers.size()) throw std::runtime_error("worker");
    }
    plan.belief = BeliefFile::Read(j.at("belief"), n);
    for (const Json& r : j.at("rules")) plan.rules.push_back(RuleOf(r, n));
    if (plan.rules.size() != m.evidence.values_.size()) throw std::runtime_error("rules");
    return plan;
  }
};

std::string ToText(EvidenceModel* model) {
  const Json body = EvidenceFile::Write(*model);
  const std::string sum = Checksum(body.dump());
  model->version = "evidence-" + sum.substr(0, 8);
  return Json{{"format", "baton evidence"}, {"version", kVersion}, {"checksum", sum}, {"body", body}}.dump() +
         "\n";
}

Result<EvidenceModel> EvidenceFromText(std::string_view text, const std::string& name) {
  const Json j = Json::parse(text, nullptr, false);
  if (!j.is_object() || j.value("format", Json()) != "baton evidence")
    return Fail(Code::kInvalidRequest, name + " is no file of `baton train evidence`", "not_evidence");
  const Json version = j.value("version", Json());
  if (!version.is_number_integer() || version < kOldest || version > kVersion) {
    return Fail(Code::kInvalidRequest,
                fmt::format("{} has another format than this program's ({} to {})", name, kOldest, kVersion),
                "evidence_version");
  }
  const auto body = j.find("body");
  if (body == j.end() || !body->is_object()) return Damaged(name, "it was cut short");
  const std::string sum = Checksum(body->dump());
  if (j.value("checksum", Json()) != sum) return Damaged(name, "its checksum does not match");
  try {
    EvidenceModel model = EvidenceFile::Read(*body);
    model.version = "evidence-" + sum.substr(0, 8);
    return model;
  } catch (const std::exception& e) {
    return Damaged(name, fmt::format("its numbers do not fit each other ({})", e.what()));
  }
}

Result<EvidenceModel> LoadEvidence(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(Code::kNotFound, fmt::format("cannot read {}", path), "unreadable_file");
  in.seekg(0, std::ios::end);
  if (static_cast<std::size_t>(in.tellg()) > kMostBytes)
    return Fail(Code::kTooLarge, fmt::format("{} is larger than 64 MB", path), "evidence_too_large");
  in.seekg(0);
  std::stringstream text;
  text << in.rdbuf();
  return EvidenceFromText(text.str(), path);
}

Status SaveEvidence(EvidenceModel* model, const std::string& path) {
  const std::string part = path + ".part";
  {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    out << ToText(model);
    if (!out.flush()) return Fail(Code::kInternal, fmt::format("cannot write {}", part), "unwritable_file");
  }
  if (std::rename(part.c_str(), path.c_str()) != 0)
    return Fail(Code::kInternal, fmt::format("cannot write {}", path), "unwritable_file");
  return {};
}

}  // namespace baton::estimate
