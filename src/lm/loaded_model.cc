#include "lm/loaded_model.h"

#include <fmt/format.h>
#include <log.h>

#include <algorithm>
#include <limits>
#include <mutex>

#include "lm/adapter.h"
#include "lm/gguf_check.h"
#include "lm/models.h"

namespace baton::lm {
namespace {

// llama.cpp logs through process-wide hooks. The first complaint of a failed load says why (the later ones
// say that it failed) and goes into our error; the rest is not for operators.
struct FirstComplaint {
  std::mutex m;
  std::string text;
};
FirstComplaint& Complaint() {
  static FirstComplaint complaint;
  return complaint;
}

void OnLlamaLog(ggml_log_level level, const char* text, void*) {
  if (level != GGML_LOG_LEVEL_ERROR) return;
  std::scoped_lock lock(Complaint().m);
  if (Complaint().text.empty()) Complaint().text = text;
}

void QuietLlama() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(&OnLlamaLog, nullptr);
    common_log_set_verbosity_thold(-1);
    llama_backend_init();
  });
}

std::string TakeComplaint() {
  std::scoped_lock lock(Complaint().m);
  std::string text = std::exchange(Complaint().text, {});
  std::erase_if(text, [](unsigned char c) { return c < 0x20; });
  // Without the name of the function that complained.
  const std::size_t colon = text.find(": ");
  if (colon != std::string::npos && text.find(' ') > colon) text.erase(0, colon + 2);
  return text.substr(0, 300);
}

std::string Meta(const llama_model* model, const char* key) {
  char value[256];
  const int n = llama_model_meta_val_str(model, key, value, sizeof value);
  return n < 0 ? std::string() : std::string(value);
}

ModelInfo Describe(const llama_model* model, const GgufSummary& summary) {
  ModelInfo info;
  info.name = Meta(model, "general.name");
  info.architecture = summary.architecture;
  if (const char* t = llama_model_chat_template(model, nullptr)) info.chat_template = t;
  info.context = llama_model_n_ctx_train(model);
  info.parameters = static_cast<std::int64_t>(llama_model_n_params(model));
  info.embedding_width = llama_model_n_embd(model);
  info.vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
  info.file_bytes = summary.file_bytes;
  info.is_encoder = Meta(model, (summary.architecture + ".attention.causal").c_str()) == "false" ||
                    summary.architecture.find("bert") != std::string::npos;
  return info;
}

Status CheckHash(const std::string& path, const std::string& want) {
  if (want.empty()) return {};
  TRY(std::string have, FileSha256(path));
  if (have == want) return {};
  return Fail(
      Code::kInvalidRequest,
      fmt::format("{} has SHA-256 {} but {} is expected: the file is damaged or another one. Pull the model "
                  "again, or correct the worker's sha256.",
                  path, have, want),
      "model_hash_mismatch");
}

Result<ModelHandle> LoadWeights(const std::string& path) {
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = 0;
  TakeComplaint();  // of an earlier load
  try {
    if (ModelHandle model{llama_model_load_from_file(path.c_str(), params)}) return model;
  } catch (const std::exception&) {
    // The complaint says it better.
  }
  return Fail(Code::kInvalidRequest, fmt::format("{} cannot be loaded: {}", path, TakeComplaint()),
              "model_unusable");
}

// llama.cpp marks the pieces that begin a word where BERT's own list marks the others.
std::string AsWordPiece(const llama_vocab* vocab, llama_token t) {
  constexpr std::string_view kBegins = "\xe2\x96\x81";
  const std::string_view stored = llama_vocab_get_text(vocab, t);
  if (llama_vocab_is_control(vocab, t)) return std::string(stored);
  return stored.starts_with(kBegins) ? std::string(stored.substr(kBegins.size()))
                                     : "##" + std::string(stored);
}

Result<std::optional<text::WordPiece>> WordsOf(const llama_vocab* vocab) {
  if (llama_vocab_type(vocab) != LLAMA_VOCAB_TYPE_WPM) return std::optional<text::WordPiece>();
  std::vector<std::string> pieces;
  for (llama_token t = 0; t < llama_vocab_n_tokens(vocab); ++t) pieces.push_back(AsWordPiece(vocab, t));
  TRY(text::WordPiece words, text::WordPiece::Create(std::move(pieces)));
  return std::optional<text::WordPiece>(std::move(words));
}

}  // namespace

Result<LoadedModel> LoadedModel::Load(const std::string& path, const std::string& sha256) {
  QuietLlama();
  TRY(GgufSummary summary, CheckGguf(path));
  TRY_VOID(CheckHash(path, sha256));
  LoadedModel m;
  TRY(m.model_, LoadWeights(path));
  m.vocab_ = llama_model_get_vocab(m.model_.get());
  m.info_ = Describe(m.model_.get(), summary);
  TRY(m.words_, WordsOf(m.vocab_));
  for (llama_token t = 0; t < m.info_.vocabulary; ++t) {
    m.longest_piece_ = std::max(m.longest_piece_, static_cast<int>(m.Piece(t, true).size()));
  }
  return m;
}

Result<AdapterHandle> LoadedModel::LoadAdapter(const std::string& path) const {
  TRY_VOID(CheckAdapter(path, *this));
  TakeComplaint();
  try {
    if (AdapterHandle adapter{llama_adapter_lora_init(model_.get(), path.c_str())}) return adapter;
  } catch (const std::exception&) {
    // The complaint says it better.
  }
  return Fail(Code::kInvalidRequest,
              fmt::format("{} cannot be laid over {}: {}", path, info_.name, TakeComplaint()),
              "adapter_unusable");
}

Result<std::vector<llama_token>> LoadedModel::Tokenize(std::string_view text, bool add, bool special) const {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max() / 2)) {
    return Fail(Code::kTooLarge, "the text is longer than any model here can read",
                "context_length_exceeded");
  }
  if (words_) {
    std::vector<std::uint32_t> ids;
    if (add) ids.push_back(static_cast<std::uint32_t>(llama_vocab_bos(vocab_)));
    words_->Encode(text, text.size(), &ids);
    if (add) ids.push_back(static_cast<std::uint32_t>(llama_vocab_sep(vocab_)));
    return std::vector<llama_token>(ids.begin(), ids.end());
  }
  std::vector<llama_token> tokens(text.size() / 3 + 16);
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      const int n = llama_tokenize(vocab_, text.data(), static_cast<std::int32_t>(text.size()), tokens.data(),
                                   static_cast<std::int32_t>(tokens.size()), add, special);
      if (n == std::numeric_limits<std::int32_t>::min()) break;
      tokens.resize(static_cast<std::size_t>(n < 0 ? -n : n));
      if (n >= 0) return tokens;
    } catch (const std::exception&) {
      break;
    }
  }
  return Fail(Code::kInvalidRequest, "the text cannot be turned into tokens: is it valid UTF-8?", "tokenize");
}

std::string LoadedModel::Piece(llama_token token, bool special) const {
  char small[64];
  int n = llama_token_to_piece(vocab_, token, small, sizeof small, 0, special);
  if (n >= 0) return std::string(small, static_cast<std::size_t>(n));
  std::string piece(static_cast<std::size_t>(-n), '\0');
  n = llama_token_to_piece(vocab_, token, piece.data(), -n, 0, special);
  piece.resize(static_cast<std::size_t>(std::max(n, 0)));
  return piece;
}

}  // namespace baton::lm
