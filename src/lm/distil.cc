// Every piece of the vocabulary goes through the encoder alone: "[CLS] piece [SEP]", mean over the three.
// What becomes of the vectors: text/reduce.cc.

#include "lm/distil.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>

#include "lm/encoder.h"
#include "text/reduce.h"

namespace baton::lm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEncoder = "all-minilm-l6-v2";
constexpr std::size_t kWidth = 192, kPerCall = 256;

std::string RecipeOf(const KnownModel& encoder) {
  return fmt::format("{}-1/{}/{}", kTableName, kWidth, encoder.sha256.substr(0, 12));
}

// Blocks: the encoder works on a thread of its own.
Result<std::vector<std::vector<float>>> EncodePieces(Encoder& encoder, std::size_t from, std::size_t to,
                                                     llama_token begin, llama_token end) {
  std::vector<std::vector<llama_token>> texts;
  for (std::size_t id = from; id < to; ++id) texts.push_back({begin, static_cast<llama_token>(id), end});
  std::promise<Result<Engine::Embedded>> promise;
  encoder.Submit(std::move(texts), [&](Result<Engine::Embedded> r) { promise.set_value(std::move(r)); });
  auto embedded = promise.get_future().get();
  if (!embedded) return std::move(embedded).error();
  return std::move(embedded->vectors);
}

Result<text::StaticTable> Distil(const KnownModel& known, const std::string& path,
                                 const OnProgress& progress) {
  TRY(LoadedModel model, LoadedModel::Load(path, known.sha256));
  if (model.words() == nullptr)
    return Fail(Code::kInvalidRequest, path + " has no WordPiece vocabulary", "not_a_bert");
  TRY(auto encoder, Encoder::Start(model, 1, 4));
  const auto begin = llama_vocab_bos(model.vocab()), end = llama_vocab_sep(model.vocab());
  const std::size_t count = model.words()->pieces().size();
  std::vector<float> rows;
  for (std::size_t at = 0; at < count; at += kPerCall) {
    // A line for each tenth, wherever it is shown.
    if (progress) progress(fmt::format("distilling the static table: {} %", at * 10 / count * 10), 0, 0);
    TRY(auto vectors, EncodePieces(*encoder, at, std::min(at + kPerCall, count), begin, end));
    for (const auto& v : vectors) rows.insert(rows.end(), v.begin(), v.end());
  }
  const std::size_t n = rows.size() / count;
  return text::TableFromRows(RecipeOf(known), *model.words(), std::move(rows), n, std::min(kWidth, n));
}

Status Write(const std::string& bytes, const std::string& to) {
  const std::string aside = fmt::format("{}.{}.part", to, ::getpid());
  std::ofstream out(aside, std::ios::binary);
  out << bytes;
  out.close();
  std::error_code ec;
  if (out) fs::rename(aside, to, ec);
  if (out && !ec) return {};
  fs::remove(aside, ec);
  return Fail(Code::kInternal, "cannot write " + to + ": is the disk full?", "disk");
}

}  // namespace

Result<std::string> PullTable(const std::string& dir, OnProgress progress) {
  const KnownModel& encoder = *FindModel(kEncoder);
  const std::string to = (fs::path(dir) / kTableFile).string();
  if (auto there = text::StaticTable::Load(to); there && (*there)->recipe() == RecipeOf(encoder)) return to;
  TRY(std::string from, Pull(encoder, dir, "", progress));
  TRY(text::StaticTable table, Distil(encoder, from, progress));
  TRY_VOID(Write(table.ToBytes(), to));
  return to;
}

}  // namespace baton::lm
