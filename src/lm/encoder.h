// Embeddings from an encoder model (BERT): its own thread, its own context, no cache.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "lm/engine.h"
#include "lm/llama_handles.h"
#include "lm/loaded_model.h"

namespace baton::lm {

// Scales to length 1; a vector of zeros stays.
void Normalise(std::vector<float>* v);

class Encoder {
 public:
  using Done = std::function<void(Result<Engine::Embedded>)>;
  static Result<std::unique_ptr<Encoder>> Start(const LoadedModel& model, int threads, int max_queue);
  ~Encoder();
  // Each text's tokens, with start and end tokens. REQUIRES: none is longer than limit(). `done` on the
  // thread.
  void Submit(std::vector<std::vector<llama_token>> texts, Done done);
  static std::int64_t Limit(const LoadedModel& model);

 private:
  struct Work {
    std::vector<std::vector<llama_token>> texts;
    Done done;
  };
  Encoder(const LoadedModel& model, ContextHandle context, int max_queue);
  void Run();
  Result<Engine::Embedded> Encode(const Work& work);
  // Encodes texts[from..] as far as they fit one batch; returns how many.
  Result<std::size_t> EncodeSome(const Work& work, std::size_t from, Engine::Embedded* out);

  const LoadedModel& model_;
  ContextHandle context_;
  Batch batch_;
  const std::size_t max_queue_;
  Mutex m_;
  CondVar wake_;
  std::deque<Work> inbox_ GUARDED_BY(m_);
  bool stopping_ GUARDED_BY(m_) = false;
  std::thread thread_;
};

}  // namespace baton::lm
