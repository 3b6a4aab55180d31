// Makes a GGUF of a BERT sentence encoder that is published as safetensors.
#pragma once

#include <string>

#include "base/result.h"

namespace baton::lm {

struct BertFiles {
  std::string weights;    // model.safetensors
  std::string tokenizer;  // tokenizer.json (WordPiece)
  std::string config;     // config.json
};

// Matrices become 16-bit floats, vectors and position tables stay 32-bit; pooling is the mean over tokens.
// The same input gives the same bytes on every machine. kInvalidRequest ("not_a_bert") when the files are not
// what they should be, kInternal when `to` cannot be written.
Status ConvertBert(const BertFiles& files, const std::string& name, const std::string& to);

}  // namespace baton::lm
