// A coordinator: a linear head on a small language model that says, turn by turn, which worker takes which
// role.
//
// After TRINITY (arXiv 2512.04695): the raw transcript ("role: content", no chat template) goes through a
// small model in this process; the state of its second-to-last token, times a matrix without bias, gives one
// logit per worker and one per role. Everything that is learned is that matrix: (workers + 3) x width
// numbers, a few thousand. Roles are prompts. A verifier's ACCEPT ends the run, as do kTurns turns.
//
// What differs from the paper: states are scaled to length sqrt(width), so that one sigma fits every base
// model; the verifier's logit counts only once there is an answer to verify; and the paper's optional scales
// on singular values of nine weight matrices are left out, because llama.cpp keeps weights quantised and
// read-only: a candidate would need a model of its own. The paper puts their worth at 2.6 points of 70.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "conduct/gate.h"
#include "workflow/plan.h"

namespace baton::conduct {

inline constexpr int kTurns = 5;
inline constexpr std::size_t kRoles = 3;
inline constexpr std::size_t kMostParameters = 20'000;
// In the order of the head's last rows.
inline constexpr workflow::Role kRoleOrder[kRoles] = {workflow::Role::kWorker, workflow::Role::kThinker,
                                                      workflow::Role::kVerifier};

// Which model reads the transcript; another one's states mean nothing to a head.
struct BaseModel {
  std::string name, sha256;  // of its file; empty: not known
  std::int64_t width = 0, parameters = 0, vocabulary = 0;
  bool operator==(const BaseModel&) const = default;
};

struct Coordinator {
  BaseModel base;
  std::vector<std::string> workers;  // row i of the head is workers[i]
  int turns = kTurns;
  bool roles = true;         // false: everybody answers, nobody thinks or verifies
  std::vector<float> head;   // (workers + roles) rows of `width`, row-major
  std::string origin;        // how it was made, for people
  std::optional<Gate> gate;  // where it may decide; none: it was never judged, and decides everywhere

  std::size_t rows() const { return workers.size() + kRoles; }
  std::size_t parameters() const { return rows() * static_cast<std::size_t>(base.width); }
};

// kInvalidRequest "bad_coordinator": sizes that do not fit together, numbers that are none, or more
// parameters than kMostParameters.
Status CheckShape(const Coordinator& c);

// What may be chosen now. Roles: index into kRoleOrder.
struct Open {
  std::vector<bool> workers;  // empty: all
  bool think = true, verify = false;
};

struct Choice {
  std::size_t worker = 0, role = 0;
  double propensity = 1;
  std::vector<float> state;  // what it was chosen from, and what it might have been
  Open open;
};

// `state` as lm::Engine::States gives it (length 1). With `random`: drawn from the softmax of workers and of
// roles; null: the largest logits. REQUIRES: CheckShape(c), state.size() == width, a worker is open.
Choice Choose(const Coordinator& c, std::span<const float> state, const Open& open, Random* random);

// Probabilities; 0 for what is not open.
struct Odds {
  std::vector<double> workers, roles;
};
Odds OddsOf(const Coordinator& c, std::span<const float> state, const Open& open);

// What a role is asked to do. Begins with "Task:", which exact workers look for.
std::string_view RolePrompt(workflow::Role role);
// Output tokens a step of that role may have.
std::int64_t RoleTokens(workflow::Role role, std::int64_t answer);

// The file (docs/format/coordinator.md): JSON, one object, with a hash over its content. Written aside and
// renamed.
Status Save(const Coordinator& c, const std::string& path);
// kNotFound; kInvalidRequest "bad_coordinator" for anything that Save() did not write: cut short, another
// format or version, a changed number.
Result<Coordinator> Load(const std::string& path);

// It may decide for this pool and read with this model. kInvalidRequest "coordinator_pool" naming the workers
// that are missing, "coordinator_base" naming both models.
Status Fits(const Coordinator& c, const std::vector<std::string>& pool, const BaseModel& base);

}  // namespace baton::conduct
