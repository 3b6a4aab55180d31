// The pool that needs no key: two small models in this process and four exact workers, with prices.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arena/families.h"
#include "lm/engine.h"
#include "pool/create.h"

namespace baton::arena {

struct BuiltinOptions {
  std::string models = "models";  // folder of GGUF files
  std::vector<std::string> names = {"smol", "gemma", "calculator", "sql", "python", "search"};
  World world;
  int parallel = 8;  // sequences a model decodes together
  int threads = 0;
  bool reader = false;  // also an engine that does nothing but read transcripts
  // LoRA of `baton train conductor`: the worker `conductor` is "smol" with it. Empty: there is none.
  std::string adapter;
};
inline constexpr std::string_view kConductor = "conductor";

// Prices are of this project's making, in the proportion of what the workers cost to run: models by tokens,
// exact workers by call. They are the unit in which every cost of the results is stated, not a provider's.
struct BuiltinPool {
  std::vector<std::shared_ptr<const pool::Worker>> workers;  // those named, then the conductor
  // Of `names` that are models; the first reads transcripts for coordinators.
  std::vector<std::pair<std::string, std::shared_ptr<lm::Engine>>> engines;
  // Of the first model, when asked for: what it has read stays in its cache until the next turn, because no
  // answer of the same model takes its place. The weights are in memory once.
  std::shared_ptr<lm::Engine> reader;
  std::shared_ptr<lm::Engine> conductor;
  World world;
  std::shared_ptr<verify::Sandbox> sandbox;

  // Backends for a loop. The pool outlives the factory.
  pool::BackendFactory Factory(Loop& loop) const;
  std::shared_ptr<lm::Engine> Engine(std::string_view worker) const;
};

// Loads the models (seconds). kNotFound for files that are not there, kInvalidRequest for unknown names; a
// kernel without user namespaces leaves `python` out and says so in *left_out.
Result<BuiltinPool> MakeBuiltinPool(const BuiltinOptions& options, std::string* left_out);

}  // namespace baton::arena
