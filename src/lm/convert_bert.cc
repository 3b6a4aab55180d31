// From a BERT checkpoint to the GGUF that llama.cpp's `bert` architecture reads.
//
// Two things are not a mere change of container. Matrices are stored as 16-bit floats (half the file, no
// measurable change: the golden vectors agree to 1e-6 in cosine). And WordPiece is written the way
// llama.cpp's tokenizer expects it: a piece that starts a word carries U+2581 before it, a piece inside a
// word loses its "##". Order of keys and tensors is fixed, so the file can be pinned by its hash.
#include "lm/convert_bert.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "lm/safetensors.h"

namespace baton::lm {
namespace {

using Json = nlohmann::json;
using Gguf = std::unique_ptr<gguf_context, void (*)(gguf_context*)>;
using Tensors = std::unique_ptr<ggml_context, void (*)(ggml_context*)>;

constexpr int kAlign = 32;

Error NotBert(const std::string& what) {
  return Fail(Code::kInvalidRequest, "cannot make a GGUF of this encoder: " + what, "not_a_bert");
}

Result<Json> ReadJson(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(Code::kNotFound, "cannot read " + path);
  Json json = Json::parse(in, nullptr, false);
  if (!json.is_object()) return NotBert(path + " is not a JSON object");
  return json;
}

struct NameRule {
  const char* theirs;
  const char* ours;
};
constexpr std::array<NameRule, 5> kTableNames = {{
    {"embeddings.word_embeddings.weight", "token_embd.weight"},
    {"embeddings.position_embeddings.weight", "position_embd.weight"},
    {"embeddings.token_type_embeddings.weight", "token_types.weight"},
    {"embeddings.LayerNorm.weight", "token_embd_norm.weight"},
    {"embeddings.LayerNorm.bias", "token_embd_norm.bias"},
}};
constexpr std::array<NameRule, 8> kLayerNames = {{
    {"attention.self.query", "attn_q"},
    {"attention.self.key", "attn_k"},
    {"attention.self.value", "attn_v"},
    {"attention.output.dense", "attn_output"},
    {"attention.output.LayerNorm", "attn_output_norm"},
    {"intermediate.dense", "ffn_up"},
    {"output.dense", "ffn_down"},
    {"output.LayerNorm", "layer_output_norm"},
}};

// Their name and ours, in the order of the file.
std::vector<std::pair<std::string, std::string>> TensorNames(int layers) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const NameRule& r : kTableNames) names.emplace_back(r.theirs, r.ours);
  for (int i = 0; i < layers; ++i) {
    for (const NameRule& r : kLayerNames) {
      for (const char* part : {"weight", "bias"}) {
        names.emplace_back(fmt::format("encoder.layer.{}.{}.{}", i, r.theirs, part),
                           fmt::format("blk.{}.{}.{}", i, r.ours, part));
      }
    }
  }
  return names;
}

bool StoredAsHalf(const std::string& name, const SafeTensor& tensor) {
  return tensor.shape.size() == 2 && name != "position_embd.weight" && name != "token_types.weight";
}

Status AddNumbers(gguf_context* g, const Json& config) {
  struct Row {
    const char* theirs;
    const char* ours;
  };
  constexpr Row rows[] = {{"max_position_embeddings", "bert.context_length"},
                          {"hidden_size", "bert.embedding_length"},
                          {"num_hidden_layers", "bert.block_count"},
                          {"intermediate_size", "bert.feed_forward_length"},
                          {"num_attention_heads", "bert.attention.head_count"},
                          {"type_vocab_size", "tokenizer.ggml.token_type_count"}};
  for (const Row& row : rows) {
    if (!config.contains(row.theirs) || !config[row.theirs].is_number_unsigned()) {
      return NotBert(std::string("config.json lacks ") + row.theirs);
    }
    gguf_set_val_u32(g, row.ours, config[row.theirs].get<std::uint32_t>());
  }
  gguf_set_val_f32(g, "bert.attention.layer_norm_epsilon", config.value("layer_norm_eps", 1e-12f));
  gguf_set_val_bool(g, "bert.attention.causal", false);
  gguf_set_val_u32(g, "bert.pooling_type", 1);  // mean
  gguf_set_val_u32(g, "general.file_type", 1);  // mostly 16-bit floats
  return {};
}

std::string PhantomSpace(const std::string& piece, bool special) {
  if (special) return piece;
  if (piece.starts_with("##")) return piece.substr(2);
  return "\xe2\x96\x81" + piece;
}

Status AddVocabulary(gguf_context* g, const Json& tokenizer, std::size_t size) {
  const Json model = tokenizer.value("model", Json::object());
  if (model.value("type", "") != "WordPiece" || !model.contains("vocab"))
    return NotBert("no WordPiece vocabulary");
  std::vector<std::string> pieces(size);
  for (const auto& [piece, id] : model["vocab"].items()) {
    if (!id.is_number_unsigned() || id.get<std::size_t>() >= size)
      return NotBert("a token id is out of range");
    pieces[id.get<std::size_t>()] = piece;
  }
  std::map<std::string, int> special;
  for (const Json& added : tokenizer.value("added_tokens", Json::array())) {
    special[added.value("content", "")] = static_cast<int>(added.value("id", 0));
  }
  std::vector<std::int32_t> types;
  std::vector<const char*> texts;
  for (std::string& piece : pieces) {
    const bool control = special.contains(piece);
    types.push_back(control ? 3 : 1);
    piece = PhantomSpace(piece, control);
  }
  for (const std::string& piece : pieces) texts.push_back(piece.c_str());
  gguf_set_val_str(g, "tokenizer.ggml.model", "bert");
  gguf_set_arr_str(g, "tokenizer.ggml.tokens", texts.data(), texts.size());
  gguf_set_arr_data(g, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
  gguf_set_val_bool(g, "tokenizer.ggml.normalizer.lowercase", true);
  gguf_set_val_bool(g, "tokenizer.ggml.normalizer.strip_accents", true);
  struct Row {
    const char* piece;
    const char* key;
  };
  constexpr Row rows[] = {{"[UNK]", "unknown"},
                          {"[SEP]", "seperator"},
                          {"[PAD]", "padding"},
                          {"[CLS]", "bos"},
                          {"[MASK]", "mask"}};
  for (const Row& row : rows) {
    if (!special.contains(row.piece)) return NotBert(std::string("no ") + row.piece + " token");
    gguf_set_val_u32(g, fmt::format("tokenizer.ggml.{}_token_id", row.key).c_str(),
                     static_cast<std::uint32_t>(special[row.piece]));
  }
  return {};
}

Result<ggml_tensor*> AddTensor(ggml_context* ctx, gguf_context* g, const std::string& path,
                               const SafeTensor& from, const std::string& name) {
  if (from.dtype != "F32" || from.shape.empty() || from.shape.size() > 2)
    return NotBert(from.name + " is not F32");
  TRY(std::vector<float> values, ReadF32(path, from));
  const bool half = StoredAsHalf(name, from);
  const std::int64_t width = from.shape.back(), height = from.shape.size() == 2 ? from.shape[0] : 1;
  if (width <= 0 || height <= 0 || width * height != static_cast<std::int64_t>(values.size())) {
    return NotBert(from.name + " has another size than its shape says");
  }
  const ggml_type type = half ? GGML_TYPE_F16 : GGML_TYPE_F32;
  ggml_tensor* t = from.shape.size() == 2 ? ggml_new_tensor_2d(ctx, type, width, height)
                                          : ggml_new_tensor_1d(ctx, type, width);
  ggml_set_name(t, name.c_str());
  if (half) {
    ggml_fp32_to_fp16_row(values.data(), static_cast<ggml_fp16_t*>(t->data), width * height);
  } else {
    std::copy(values.begin(), values.end(), static_cast<float*>(t->data));
  }
  gguf_add_tensor(g, t);
  return t;
}

Status AddTensors(ggml_context* ctx, gguf_context* g, const std::string& weights, int layers) {
  TRY(auto list, ListSafeTensors(weights));
  std::map<std::string, const SafeTensor*> by_name;
  for (const SafeTensor& t : list) by_name[t.name] = &t;
  for (const auto& [theirs, ours] : TensorNames(layers)) {
    auto it = by_name.find(theirs);
    if (it == by_name.end()) return NotBert("tensor " + theirs + " is missing");
    TRY([[maybe_unused]] ggml_tensor * t, AddTensor(ctx, g, weights, *it->second, ours));
  }
  return {};
}

std::size_t ArenaBytes(const std::string& weights, int layers) {
  std::error_code ec;
  auto list = ListSafeTensors(weights);
  std::size_t bytes = 0;
  if (list) {
    for (const SafeTensor& t : *list) bytes += t.bytes + kAlign;
  }
  return bytes + ggml_tensor_overhead() * (TensorNames(layers).size() + 8);
}

}  // namespace

Status ConvertBert(const BertFiles& files, const std::string& name, const std::string& to) {
  TRY(Json config, ReadJson(files.config));
  TRY(Json tokenizer, ReadJson(files.tokenizer));
  if (config.value("model_type", "") != "bert") return NotBert("config.json names another model type");
  const int layers = config.value("num_hidden_layers", 0);
  const int vocabulary = config.value("vocab_size", 0);
  if (layers <= 0 || layers > 1000 || vocabulary <= 0 || vocabulary > 10'000'000) {
    return NotBert("config.json gives impossible sizes");
  }
  Gguf g(gguf_init_empty(), &gguf_free);
  gguf_set_val_str(g.get(), "general.architecture", "bert");
  gguf_set_val_str(g.get(), "general.type", "model");
  gguf_set_val_str(g.get(), "general.name", name.c_str());
  TRY_VOID(AddNumbers(g.get(), config));
  TRY_VOID(AddVocabulary(g.get(), tokenizer, static_cast<std::size_t>(vocabulary)));
  Tensors arena(ggml_init({ArenaBytes(files.weights, layers), nullptr, false}), &ggml_free);
  if (!arena) return Fail(Code::kInternal, "not enough memory to convert the encoder");
  TRY_VOID(AddTensors(arena.get(), g.get(), files.weights, layers));
  if (!gguf_write_to_file(g.get(), to.c_str(), false)) {
    return Fail(Code::kInternal, "cannot write " + to + ": is the disk full?", "disk");
  }
  return {};
}

}  // namespace baton::lm
