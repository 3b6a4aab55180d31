#include "lm/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/random.h"
#include "lm/encoder.h"
#include "lm/generation.h"
#include "lm/loaded_model.h"
#include "lm/prompt.h"
#include "lm/scheduler.h"

namespace baton::lm {
namespace {

constexpr int kContextCap = 8192;

// Hyper-threads share the units that matter here; two threads on one core are slower than one.
int PhysicalCores() {
  std::set<std::pair<std::string, std::string>> cores;
  std::ifstream in("/proc/cpuinfo");
  std::string line, package;
  while (std::getline(in, line)) {
    if (line.starts_with("physical id")) package = line;
    if (line.starts_with("core id")) cores.emplace(package, line);
  }
  const int all = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return cores.empty() ? all : std::min(all, static_cast<int>(cores.size()));
}

// Collects the vectors of a decoder's embeddings, which run as generations without an answer.
struct Gather {
  Engine::Embedded out;
  std::size_t left = 0;
  std::optional<Error> error;
  std::function<void(Result<Engine::Embedded>)> done;
  void One(std::size_t i, Result<Generated> r) {
    if (r) {
      Normalise(&r->hidden);
      out.vectors[i] = std::move(r->hidden);
      out.tokens += r->usage.input;
    } else if (!error) {
      error = std::move(r).error();
    }
    if (--left > 0) return;  // all on the compute thread
    if (error) return done(std::move(*error));
    done(std::move(out));
  }
};

class LlamaEngine : public Engine {
 public:
  explicit LlamaEngine(LoadedModel model) : model_(std::move(model)) {}

  Status Start(const EngineOptions& o) {
    const int threads = o.threads > 0 ? o.threads : PhysicalCores();
    if (model_.info().is_encoder) {
      TRY(encoder_, Encoder::Start(model_, threads, o.max_queue));
      return {};
    }
    const auto own = static_cast<int>(std::min<std::int64_t>(model_.info().context, kContextCap));
    context_ = o.context_per_sequence > 0
                   ? static_cast<int>(std::min<std::int64_t>(o.context_per_sequence, model_.info().context))
                   : own;
    TRY(prompts_, PromptBuilder::Make(model_));
    model_.SetAbilities(prompts_->native_tools(), prompts_->native_reasoning());
    TRY(scheduler_, Scheduler::Start(model_, {.threads = threads,
                                              .max_parallel = std::max(1, o.max_parallel),
                                              .max_queue = o.max_queue,
                                              .context = context_,
                                              .first_context = o.first_context}));
    if (!o.adapter.empty()) TRY_VOID(SetAdapter(o.adapter));
    return {};
  }

  Status SetAdapter(const std::string& path) override {
    if (encoder_) return Fail(Code::kUnsupported, "an encoder takes no adapter", "model_is_encoder");
    // The same file again, unchanged, is no reason to let what runs end first.
    std::error_code ec;
    const auto written = std::filesystem::last_write_time(path, ec).time_since_epoch().count();
    const std::string stamp = fmt::format("{}\n{}", path, ec ? 0 : written);
    MutexLock one_at_a_time(swap_);
    if (stamp == stamp_) return {};
    AdapterHandle adapter;
    if (!path.empty()) {
      TRY(adapter, model_.LoadAdapter(path));
    }
    scheduler_->SetAdapter(std::move(adapter));
    stamp_ = stamp;
    MutexLock lock(m_);
    adapter_ = path;
    return {};
  }
  std::string adapter() const override {
    MutexLock lock(m_);
    return adapter_;
  }

  const ModelInfo& info() const override { return model_.info(); }

  Result<std::shared_ptr<Job>> Generate(GenerateRequest request, OnEvent on_event, OnDone on_done) override {
    TRY_VOID(CheckCanChat(request.chat));
    auto g = std::make_shared<Generation>();
    TRY(g->sampling, ReadSampling(request.chat, model_.info().vocabulary, FreshSeed()));
    TRY(g->prompt, prompts_->Build(request.chat));
    TRY_VOID(CheckLength(static_cast<std::int64_t>(g->prompt.tokens.size())));
    // A grammar that cannot be built is the client's mistake and must be said now.
    TRY([[maybe_unused]] Constraint tried, Constraint::Make(model_.vocab(), g->prompt.grammar));
    const std::int64_t room = context_ - static_cast<std::int64_t>(g->prompt.tokens.size());
    g->most_tokens = std::min(request.chat.max_tokens.value_or(room), room);
    g->choices_wanted = request.chat.n.value_or(1);
    g->want_hidden = request.return_hidden;
    g->on_event = std::move(on_event);
    g->on_done = std::move(on_done);
    TRY_VOID(scheduler_->Submit({g}));
    return std::shared_ptr<Job>(std::move(g));
  }

  Result<Rendered> Render(const chat::Request& request) const override {
    if (!prompts_) return NotAChatModel();
    TRY(Prompt prompt, prompts_->Build(request));
    return Rendered{std::move(prompt.text), static_cast<std::int64_t>(prompt.tokens.size())};
  }

  Result<std::int64_t> CountTokens(std::string_view text) const override {
    TRY(auto tokens, model_.Tokenize(text, false, false));
    return static_cast<std::int64_t>(tokens.size());
  }

  void Embed(std::vector<std::string> texts, std::function<void(Result<Embedded>)> done) override {
    std::vector<std::vector<llama_token>> tokens;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto t = model_.Tokenize(texts[i], true, false);
      if (!t) return done(std::move(t).error());
      const std::int64_t limit = encoder_ ? Encoder::Limit(model_) : context_;
      if (static_cast<std::int64_t>(t->size()) > limit)
        return done(TooLong(static_cast<std::int64_t>(t->size()), limit));
      if (t->empty())
        return done(Fail(Code::kInvalidRequest, "an input text is empty", "", fmt::format("input[{}]", i)));
      tokens.push_back(std::move(*t));
    }
    if (tokens.empty()) return done(Fail(Code::kInvalidRequest, "there is no text to embed", "", "input"));
    if (encoder_) return encoder_->Submit(std::move(tokens), std::move(done));
    ReadWithDecoder(std::move(tokens), false, std::move(done));
  }

  // What comes behind a token cannot change its state: the tokens behind it are simply not read.
  void States(std::vector<std::string> texts, int before_end,
              std::function<void(Result<Embedded>)> done) override {
    if (encoder_)
      return done(Fail(Code::kInvalidRequest, "an encoder has no states to read", "model_is_encoder"));
    std::vector<std::vector<llama_token>> tokens;
    for (const auto& text : texts) {
      auto t = model_.Tokenize(text, true, false);
      if (!t) return done(std::move(t).error());
      if (t->size() <= static_cast<std::size_t>(before_end))
        return done(Fail(Code::kInvalidRequest, "a text is too short to have a state there", "too_short"));
      t->resize(t->size() - static_cast<std::size_t>(before_end));
      if (static_cast<std::int64_t>(t->size()) > context_)
        return done(TooLong(static_cast<std::int64_t>(t->size()), context_));
      tokens.push_back(std::move(*t));
    }
    if (tokens.empty()) return done(Embedded{});
    ReadWithDecoder(std::move(tokens), true, std::move(done));
  }

 private:
  void ReadWithDecoder(std::vector<std::vector<llama_token>> texts, bool reuse,
                       std::function<void(Result<Embedded>)> done) {
    auto gather = std::make_shared<Gather>();
    gather->out.vectors.resize(texts.size());
    gather->left = texts.size();
    gather->done = std::move(done);
    std::vector<std::shared_ptr<Generation>> parts;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto g = std::make_shared<Generation>();
      g->prompt.tokens = std::move(texts[i]);
      g->want_hidden = g->hidden_only = true;
      g->reuse_beginning = reuse;
      g->on_done = [gather, i](Result<Generated> r) { gather->One(i, std::move(r)); };
      parts.push_back(std::move(g));
    }
    if (Status s = scheduler_->Submit(std::move(parts)); !s) gather->done(std::move(s).error());
  }

  std::uint64_t FreshSeed() {
    MutexLock lock(m_);
    return random_.Next();
  }

  static Error NotAChatModel() {
    return Fail(Code::kInvalidRequest, "this model is an encoder: it makes embeddings and does not chat",
                "model_is_encoder", "model");
  }

  Error TooLong(std::int64_t tokens, std::int64_t limit) const {
    return Fail(
        Code::kTooLarge,
        fmt::format("the input has {} tokens and this worker's context holds {}: shorten it, or use a worker "
                    "with a larger context",
                    tokens, limit),
        "context_length_exceeded", "messages");
  }

  Status CheckCanChat(const chat::Request& request) const {
    if (!prompts_) return NotAChatModel();
    if (request.max_tokens && *request.max_tokens < 1) {
      return Fail(Code::kInvalidRequest, "max_tokens must be at least 1", "", "max_tokens");
    }
    if (const auto n = request.n.value_or(1); n < 1 || n > 128) {
      return Fail(Code::kInvalidRequest, "n must be a whole number from 1 to 128", "", "n");
    }
    // Rendering and cutting up a book only to say that it is too long would hold up the caller's loop.
    std::size_t bytes = 0;
    for (const chat::Message& m : request.messages) {
      for (const chat::Part& p : m.parts) {
        if (const auto* text = std::get_if<chat::Text>(&p)) bytes += text->text.size();
      }
    }
    const auto least = static_cast<std::int64_t>(bytes) / model_.longest_piece();
    if (least > context_) return TooLong(least, context_);
    return {};
  }

  Status CheckLength(std::int64_t tokens) const {
    if (tokens < context_) return {};  // at least one token of answer must fit
    return TooLong(tokens, context_);
  }

  LoadedModel model_;
  int context_ = 0;
  std::unique_ptr<PromptBuilder> prompts_;
  Mutex swap_;
  std::string stamp_ GUARDED_BY(swap_) = "\n0";  // of no adapter
  mutable Mutex m_;
  std::string adapter_ GUARDED_BY(m_);
  Random random_ GUARDED_BY(m_){EntropySeed()};
  // Last: their threads use everything above.
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace

Result<std::shared_ptr<Engine>> Engine::Load(EngineOptions options) {
  TRY(LoadedModel model, LoadedModel::Load(options.path, options.sha256));
  auto engine = std::make_shared<LlamaEngine>(std::move(model));
  TRY_VOID(engine->Start(options));
  return std::shared_ptr<Engine>(std::move(engine));
}

}  // namespace baton::lm
