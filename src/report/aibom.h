// The AI bill of materials: a CycloneDX 1.6 ML-BOM (https://cyclonedx.org) of the configured pool, with what
// the store has measured of it.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"
#include "report/measured.h"

namespace baton::report {

struct BomOptions {
  std::string version;          // of Baton
  std::int64_t at_unix_ns = 0;  // the document's time
  bool hash_models = true;  // read model files through; false: hashes only where the configuration names them
};

// Workers as services (models behind an API) and components (all models; those in this process with the hash
// of their file), licence where it is known, data handling, and per slice the measured shares and means with
// 95 % intervals. Errors: a model file that cannot be read.
Result<std::string> Aibom(const config::Config& config, const Measured& measured, const BomOptions& options);

// SHA-256 of a file, in hex.
Result<std::string> HashFile(const std::string& path);

}  // namespace baton::report
