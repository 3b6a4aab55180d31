#include "lm/token_sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/random.h"
#include "lm/adapter.h"
#include "lm/decode_context.h"
#include "lm/loaded_model.h"
#include "lm/prompt.h"

namespace baton::lm {
namespace {

constexpr int kBatch = 512;

float LogSum(const float* logits, int n) {
  const float top = *std::max_element(logits, logits + n);
  // Partial sums: a single running one would be a chain of dependent additions.
  double sum = 0;
  for (int i = 0; i < n; i += 1024) {
    float part = 0;
    for (int j = i; j < std::min(n, i + 1024); ++j) part += std::exp(logits[j] - top);
    sum += part;
  }
  return top + static_cast<float>(std::log(sum));
}

// By inversion: one number decides, whatever the order of the vocabulary in memory.
int Pick(const float* logits, int n, float log_sum, double temperature, Random& random) {
  const auto best = static_cast<int>(std::max_element(logits, logits + n) - logits);
  if (temperature <= 0) return best;
  const auto weight = [&](int i) {
    return temperature == 1 ? std::exp(static_cast<double>(logits[i] - log_sum))
                            : std::exp(static_cast<double>(logits[i] - logits[best]) / temperature);
  };
  double total = 1;
  if (temperature != 1) {
    total = 0;
    for (int i = 0; i < n; ++i) total += weight(i);
  }
  double left = random.Unit() * total;
  // The likeliest first: most draws end there.
  if ((left -= weight(best)) < 0) return best;
  for (int i = 0; i < n; ++i) {
    if (i != best && (left -= weight(i)) < 0) return i;
  }
  return best;
}

struct Lane {
  std::size_t wish = 0;
  int last = 0, position = 0, row = -1;
  Random random;
};

class LlamaSampler : public TokenSampler {
 public:
  LlamaSampler(LoadedModel model, Options options) : model_(std::move(model)), o_(std::move(options)) {}

  Status Start() {
    TRY(prompts_, PromptBuilder::Make(model_));
    return NewContext();
  }

  Status SetAdapter(const std::string& path) override {
    AdapterHandle next;
    if (!path.empty()) {
      TRY(next, model_.LoadAdapter(path));
    }
    TRY_VOID(UseAdapter(context_.get(), next.get()));
    adapter_ = std::move(next);
    return {};
  }

  Result<std::vector<int>> Tokens(const chat::Request& request) const override {
    TRY(Prompt prompt, prompts_->Build(request));
    return std::move(prompt.tokens);
  }
  Result<std::vector<int>> TokensOf(std::string_view text) const override {
    return model_.Tokenize(text, false, false);
  }
  std::string Text(const std::vector<int>& tokens) const override {
    std::string out;
    for (const int t : tokens) out += model_.Piece(t, false);
    return out;
  }
  int end() const override {
    const llama_token eot = llama_vocab_eot(model_.vocab());
    return eot >= 0 ? eot : llama_vocab_eos(model_.vocab());
  }
  int vocabulary() const override { return static_cast<int>(model_.info().vocabulary); }
  std::string vocabulary_digest() const override { return VocabularyDigest(model_); }

  Result<std::vector<Drawn>> Draw(const std::vector<Wish>& wishes, int most) override;
  Result<std::vector<std::vector<float>>> Logits(const std::vector<int>& tokens) override;

 private:
  Status NewContext() {
    TRY(context_, NewDecodeContext(model_, {.threads = o_.threads,
                                            .sequences = o_.sequences,
                                            .tokens = o_.context,
                                            .batch = kBatch,
                                            .exact = o_.exact,
                                            .adapter = adapter_.get()}));
    return {};
  }
  Status Decode(const Batch& batch);
  Status Prefill(const std::vector<int>& tokens, int sequence, bool every,
                 const std::function<void(const float*)>& row);
  Status Wave(const std::vector<Wish>& wishes, std::size_t first, std::size_t count, int most,
              std::vector<Drawn>* out);
  void Take(const std::vector<Wish>& wishes, Lane* lane, const float* logits, std::vector<Drawn>* out) const;

  const LoadedModel model_;
  const Options o_;
  std::unique_ptr<PromptBuilder> prompts_;
  AdapterHandle adapter_;
  ContextHandle context_;
  std::vector<float> kept_;  // scores behind the prompt that was read last
};

Status LlamaSampler::Decode(const Batch& batch) {
  int status = -1;
  try {
    status = llama_decode(context_.get(), batch.get());
  } catch (const std::exception&) {
    // Told below.
  }
  if (status == 0) return {};
  return Fail(Code::kInternal, fmt::format("the model could not be run (status {})", status), "decode");
}

// `row` gets the scores behind the last token, or behind each.
Status LlamaSampler::Prefill(const std::vector<int>& tokens, int sequence, bool every,
                             const std::function<void(const float*)>& row) {
  for (std::size_t at = 0; at < tokens.size();) {
    Batch batch(kBatch);
    std::vector<int> rows;
    while (batch.room() > 0 && at < tokens.size()) {
      const bool output = every || at + 1 == tokens.size();
      const int r = batch.Add(tokens[at], static_cast<llama_pos>(at), sequence, output);
      if (output) rows.push_back(r);
      ++at;
    }
    TRY_VOID(Decode(batch));
    for (const int r : rows) row(llama_get_logits_ith(context_.get(), r));
  }
  return {};
}

void LlamaSampler::Take(const std::vector<Wish>& wishes, Lane* lane, const float* logits,
                        std::vector<Drawn>* out) const {
  const int n = vocabulary();
  const float sum = LogSum(logits, n);
  Drawn& d = (*out)[lane->wish];
  lane->last = Pick(logits, n, sum, wishes[lane->wish].temperature, lane->random);
  d.tokens.push_back(lane->last);
  d.logprobs.push_back(logits[lane->last] - sum);
  d.ended = llama_vocab_is_eog(model_.vocab(), lane->last);
}

// A crowd of sequences from their prompts to their ends.
Status LlamaSampler::Wave(const std::vector<Wish>& wishes, std::size_t first, std::size_t count, int most,
                          std::vector<Drawn>* out) {
  llama_memory_t memory = llama_get_memory(context_.get());
  llama_memory_clear(memory, false);
  std::vector<Lane> lanes;
  for (std::size_t i = 0; i < count; ++i) {
    const Wish& wish = wishes[first + i];
    Lane lane{first + i, 0, static_cast<int>(wish.prompt.size()), -1, Random(wish.seed)};
    const auto sequence = static_cast<llama_seq_id>(i);
    if (i > 0 && wish.prompt == wishes[first + i - 1].prompt) {
      llama_memory_seq_cp(memory, sequence - 1, sequence, -1, -1);
      Take(wishes, &lane, kept_.data(), out);
    } else {
      TRY_VOID(Prefill(wish.prompt, sequence, false,
                       [&](const float* logits) { kept_.assign(logits, logits + vocabulary()); }));
      Take(wishes, &lane, kept_.data(), out);
    }
    lanes.push_back(std::move(lane));
  }
  for (int step = 1; step < most; ++step) {
    Batch batch(static_cast<int>(count));
    for (std::size_t i = 0; i < count; ++i) {
      Lane& lane = lanes[i];
      lane.row = -1;
      if ((*out)[lane.wish].ended) continue;
      lane.row = batch.Add(lane.last, lane.position++, static_cast<llama_seq_id>(i), true);
    }
    if (batch.size() == 0) break;
    TRY_VOID(Decode(batch));
    for (Lane& lane : lanes) {
      if (lane.row >= 0) Take(wishes, &lane, llama_get_logits_ith(context_.get(), lane.row), out);
    }
  }
  return {};
}

Result<std::vector<TokenSampler::Drawn>> LlamaSampler::Draw(const std::vector<Wish>& wishes, int most) {
  for (const Wish& w : wishes) {
    if (w.prompt.empty() || static_cast<int>(w.prompt.size()) + most > o_.context)
      return Fail(Code::kTooLarge,
                  fmt::format("a prompt of {} tokens and {} of answer do not fit into {}", w.prompt.size(),
                              most, o_.context),
                  "context_length_exceeded");
  }
  std::vector<Drawn> out(wishes.size());
  const auto lanes = static_cast<std::size_t>(o_.sequences);
  for (std::size_t at = 0; at < wishes.size(); at += lanes)
    TRY_VOID(Wave(wishes, at, std::min(lanes, wishes.size() - at), most, &out));
  return out;
}

Result<std::vector<std::vector<float>>> LlamaSampler::Logits(const std::vector<int>& tokens) {
  llama_memory_clear(llama_get_memory(context_.get()), false);
  std::vector<std::vector<float>> out;
  TRY_VOID(Prefill(tokens, 0, true, [&](const float* l) { out.emplace_back(l, l + vocabulary()); }));
  return out;
}

}  // namespace

Result<std::unique_ptr<TokenSampler>> TokenSampler::Load(const Options& options) {
  TRY(LoadedModel model, LoadedModel::Load(options.path, ""));
  if (model.info().is_encoder)
    return Fail(Code::kInvalidRequest, "an encoder writes nothing", "model_is_encoder");
  auto sampler = std::make_unique<LlamaSampler>(std::move(model), options);
  TRY_VOID(sampler->Start());
  return std::unique_ptr<TokenSampler>(std::move(sampler));
}

}  // namespace baton::lm
