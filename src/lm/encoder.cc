#include "lm/encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace baton::lm {
namespace {

// Texts of one batch attend only to themselves, but the work grows with the square of the batch: many short
// texts together fill the cores, few long ones do not gain.
constexpr int kBatch = 512, kTexts = 16;

}  // namespace

void Normalise(std::vector<float>* v) {
  double sum = 0;
  for (float x : *v) sum += static_cast<double>(x) * x;
  if (sum <= 0) return;
  const auto scale = static_cast<float>(1 / std::sqrt(sum));
  for (float& x : *v) x *= scale;
}

std::int64_t Encoder::Limit(const LoadedModel& model) {
  return std::min<std::int64_t>(model.info().context, kBatch);
}

Result<std::unique_ptr<Encoder>> Encoder::Start(const LoadedModel& model, int threads, int max_queue) {
  llama_context_params params = llama_context_default_params();
  params.n_ctx = params.n_batch = params.n_ubatch = kBatch;
  params.n_seq_max = kTexts;
  params.n_threads = params.n_threads_batch = threads;
  params.embeddings = true;
  params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.kv_unified = true;
  params.no_perf = true;
  try {
    ContextHandle context(llama_init_from_model(model.get(), params));
    if (context) return std::unique_ptr<Encoder>(new Encoder(model, std::move(context), max_queue));
  } catch (const std::exception&) {
    // Told below.
  }
  return Fail(Code::kInternal, "no memory to run the encoder", "no_memory");
}

Encoder::Encoder(const LoadedModel& model, ContextHandle context, int max_queue)
    : model_(model),
      context_(std::move(context)),
      batch_(kBatch),
      max_queue_(static_cast<std::size_t>(max_queue)) {
  thread_ = std::thread([this] { Run(); });
}

Encoder::~Encoder() {
  {
    MutexLock lock(m_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  thread_.join();
}

void Encoder::Submit(std::vector<std::vector<llama_token>> texts, Done done) {
  {
    MutexLock lock(m_);
    if (inbox_.size() < max_queue_) {
      inbox_.push_back({std::move(texts), std::move(done)});
      wake_.NotifyOne();
      return;
    }
  }
  done(Fail(Code::kOverloaded, "too many requests are waiting for this encoder already; try again shortly",
            "local_queue_full"));
}

void Encoder::Run() {
  for (;;) {
    Work work;
    {
      MutexLock lock(m_);
      while (inbox_.empty() && !stopping_) wake_.Wait(lock);
      if (stopping_) break;
      work = std::move(inbox_.front());
      inbox_.pop_front();
    }
    work.done(Encode(work));
  }
  std::deque<Work> left;
  {
    MutexLock lock(m_);
    left.swap(inbox_);
  }
  for (Work& w : left) w.done(Fail(Code::kCancelled, "the encoder is going away", "cancelled"));
}

Result<Engine::Embedded> Encoder::Encode(const Work& work) {
  Engine::Embedded out;
  for (std::size_t at = 0; at < work.texts.size();) {
    TRY(std::size_t n, EncodeSome(work, at, &out));
    at += n;
  }
  return out;
}

Result<std::size_t> Encoder::EncodeSome(const Work& work, std::size_t from, Engine::Embedded* out) {
  batch_.Clear();
  std::size_t n = 0;
  for (; from + n < work.texts.size() && n < kTexts; ++n) {
    const auto& text = work.texts[from + n];
    if (static_cast<int>(text.size()) > batch_.room()) break;
    llama_pos pos = 0;
    for (llama_token t : text) batch_.Add(t, pos++, static_cast<llama_seq_id>(n), true);
    out->tokens += static_cast<std::int64_t>(text.size());
  }
  int status = -1;
  try {
    status = n == 0 ? -1 : llama_encode(context_.get(), batch_.get());
  } catch (const std::exception&) {
    // Answered below.
  }
  if (status != 0)
    return Fail(Code::kInternal, fmt::format("the encoder could not be run (status {})", status), "decode");
  const auto width = static_cast<std::size_t>(model_.info().embedding_width);
  for (std::size_t i = 0; i < n; ++i) {
    const float* v = llama_get_embeddings_seq(context_.get(), static_cast<llama_seq_id>(i));
    if (!v) return Fail(Code::kInternal, "the encoder gave no output", "decode");
    out->vectors.emplace_back(v, v + width);
    Normalise(&out->vectors.back());
  }
  return n;
}

}  // namespace baton::lm
