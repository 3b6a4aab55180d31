#include "train/learner.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <cmath>

#include "train/products.h"
#include "train/transformer.h"

// Not in every BLAS that LibTorch may come with.
extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace baton::train {
namespace {

using at::Tensor;

bool HasShortFloats() {
#if defined(__x86_64__)
  return HasOneDnn() && __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

// The one GPU that training uses; more than one are the business of an engine of their own
// (examples/train_7b).
Result<at::Device> DeviceOf(const std::string& name) {
  if (name == "cpu" || (name == "auto" && !at::hasCUDA())) return at::Device(at::kCPU);
  if (name != "auto" && name != "cuda" && !name.starts_with("cuda:"))
    return Fail(Code::kInvalidRequest, fmt::format("device is auto, cpu, cuda or cuda:N, not '{}'", name),
                "device");
  if (!at::hasCUDA())
    return Fail(Code::kUnavailable,
                "no GPU that this LibTorch can use: build with one that has CUDA (docs/conductor.md), or say "
                "--device cpu",
                "no_device");
  at::Device device = name == "auto" || name == "cuda" ? at::Device(at::kCUDA, 0) : at::Device(name);
  if (device.index() >= static_cast<int>(at::getNumGPUs()))
    return Fail(Code::kUnavailable, fmt::format("this machine has no {}", name), "no_device");
  at::globalContext().setFloat32MatmulPrecision("high");
  return device;
}

at::ScalarType TypeOf(Precision precision, const at::Device& device) {
  if (precision == Precision::kAuto)
    precision = device.is_cpu() && HasShortFloats() ? Precision::kBfloat16 : Precision::kFloat;
  return precision == Precision::kBfloat16 ? at::kBFloat16
         : precision == Precision::kDouble ? at::kDouble
                                           : at::kFloat;
}

std::int64_t TokensIn(const Example& e) {
  std::size_t n = e.prompt.size();
  for (const auto& c : e.continuations) n += c.tokens.size();
  return static_cast<std::int64_t>(n);
}

Bundle BundleOf(const Example& e) {
  Bundle b;
  b.prompt = e.prompt;
  for (const auto& c : e.continuations) b.continuations.push_back(c.tokens);
  return b;
}

// What every token counts in the loss of a batch, summed up to one over all of them.
struct Shares {
  double tokens = 0;         // supervised
  double continuations = 0;  // policy
};
Shares SharesOf(const std::vector<Example>& examples) {
  Shares s;
  for (const auto& e : examples) {
    for (const auto& c : e.continuations) {
      s.tokens += static_cast<double>(c.tokens.size());
      s.continuations += c.tokens.empty() ? 0 : 1;
    }
  }
  return s;
}

class TorchLearner : public Learner {
 public:
  TorchLearner(LearnerOptions options, std::unique_ptr<Transformer> model)
      : o_(std::move(options)), model_(std::move(model)) {
    for (const auto& a : model_->adapters()) {
      for (const Tensor& t : {a.a, a.b}) {
        mine_.push_back({t, at::zeros_like(t), at::zeros_like(t)});
      }
    }
  }

  Result<BatchResult> Accumulate(const std::vector<Example>& examples, Loss loss) override {
    return Run(examples, loss, true);
  }
  Result<BatchResult> Measure(const std::vector<Example>& examples, Loss loss) override {
    return Run(examples, loss, false);
  }
  StepResult Step(double rate) override;
  Result<std::vector<std::vector<float>>> Scores(const std::vector<int>& tokens) override;
  std::vector<float> Gradient() const override;
  State Save() const override;
  Status Restore(const State& state) override;
  Status StartFrom(const lm::WeightFile& adapter) override;
  lm::Adapter ToAdapter(const std::string& vocabulary) const override;
  std::int64_t parameters() const override { return model_->parameters(); }
  std::string precision() const override {
    const auto& o = model_->options();
    const char* type = o.products == at::kBFloat16 ? "bf16" : o.products == at::kDouble ? "f64" : "f32";
    return o.device.is_cpu() ? type : fmt::format("{} on {}", type, o.device.str());
  }

 private:
  struct Mine {
    Tensor value, mean, square;
  };
  Result<BatchResult> Run(const std::vector<Example>& examples, Loss loss, bool learn);
  Tensor LossOf(const Example& e, const Tensor& logprobs, Loss loss, const Shares& shares,
                double* outside) const;
  double Norm() const;

  const LearnerOptions o_;
  const std::unique_ptr<Transformer> model_;
  std::vector<Mine> mine_;
  std::int64_t steps_ = 0;
};

Tensor TorchLearner::LossOf(const Example& e, const Tensor& logprobs, Loss loss, const Shares& shares,
                            double* outside) const {
  std::vector<double> weights, before;
  const Tensor now = logprobs.detach().to(at::kCPU, at::kDouble).contiguous();
  std::size_t at = 0;
  for (const auto& c : e.continuations) {
    const auto n = static_cast<double>(c.tokens.size());
    for (std::size_t i = 0; i < c.tokens.size(); ++i, ++at) {
      weights.push_back(c.weight / (loss == Loss::kSupervised ? shares.tokens : shares.continuations * n));
      before.push_back(c.before.empty() ? now.data_ptr<double>()[at] : static_cast<double>(c.before[i]));
    }
  }
  const Tensor w = at::tensor(weights, at::kDouble).to(logprobs.options());
  if (loss == Loss::kSupervised) return -(logprobs * w).sum();
  const Tensor ratio = (logprobs - at::tensor(before, at::kDouble).to(logprobs.options())).exp();
  const Tensor kept = ratio.clamp(1 - o_.ratio_clip, 1 + o_.ratio_clip);
  *outside += (ratio.detach() != kept.detach()).sum().item<double>();
  return -at::minimum(ratio * w, kept * w).sum();
}

Result<BatchResult> TorchLearner::Run(const std::vector<Example>& examples, Loss loss, bool learn) {
  BatchResult out;
  const Shares shares = SharesOf(examples);
  double outside = 0;
  try {
    const c10::AutoGradMode gradients(learn);
    for (const auto& e : examples) {
      if (e.prompt.empty() || SharesOf({e}).tokens == 0) {
        out.logprobs.resize(out.logprobs.size() + e.continuations.size());
        continue;
      }
      const Tensor logprobs = model_->LogProbabilitiesOf(BundleOf(e));
      const Tensor value = LossOf(e, logprobs, loss, shares, &outside);
      if (learn) value.backward();
      out.loss += value.item<double>();
      out.tokens += TokensIn(e);
      const Tensor flat = logprobs.detach().to(at::kCPU, at::kFloat).contiguous();
      const float* p = flat.data_ptr<float>();
      for (const auto& c : e.continuations) {
        out.logprobs.emplace_back(p, p + c.tokens.size());
        p += c.tokens.size();
      }
    }
  } catch (const std::exception& e) {
    return Fail(Code::kInternal,
                fmt::format("the trainer's computation failed: {}", std::string(e.what()).substr(0, 300)),
                "torch");
  }
  out.clipped = shares.tokens > 0 ? outside / shares.tokens : 0;
  return out;
}

double TorchLearner::Norm() const {
  double sum = 0;
  for (const auto& m : mine_) {
    if (m.value.grad().defined()) sum += m.value.grad().to(at::kDouble).square().sum().item<double>();
  }
  return std::sqrt(sum);
}

StepResult TorchLearner::Step(double rate) {
  const c10::NoGradGuard none;
  StepResult out;
  out.norm = Norm();
  out.skipped = !std::isfinite(out.norm);
  if (!out.skipped) {
    ++steps_;
    const double shorter = o_.most_norm > 0 && out.norm > o_.most_norm ? o_.most_norm / out.norm : 1;
    const double c1 = 1 - std::pow(o_.beta1, steps_), c2 = 1 - std::pow(o_.beta2, steps_);
    for (auto& m : mine_) {
      if (!m.value.grad().defined()) continue;
      const Tensor g = m.value.grad() * shorter;
      m.mean.mul_(o_.beta1).add_(g, 1 - o_.beta1);
      m.square.mul_(o_.beta2).addcmul_(g, g, 1 - o_.beta2);
      m.value.mul_(1 - rate * o_.decay);
      m.value.addcdiv_(m.mean, (m.square / c2).sqrt_().add_(o_.epsilon), -rate / c1);
    }
  }
  for (auto& m : mine_) m.value.mutable_grad() = Tensor();
  return out;
}

Result<std::vector<std::vector<float>>> TorchLearner::Scores(const std::vector<int>& tokens) {
  std::vector<std::vector<float>> out;
  try {
    const Tensor scores = model_->Scores(tokens).to(at::kCPU, at::kFloat).contiguous();
    const std::int64_t n = scores.size(1);
    for (std::int64_t i = 0; i < scores.size(0); ++i)
      out.emplace_back(scores.data_ptr<float>() + i * n, scores.data_ptr<float>() + (i + 1) * n);
  } catch (const std::exception& e) {
    return Fail(Code::kInternal, std::string(e.what()).substr(0, 300), "torch");
  }
  return out;
}

void Append(const Tensor& t, std::vector<float>* out) {
  const Tensor flat = t.detach().to(at::kCPU, at::kFloat).contiguous();
  out->insert(out->end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
}

std::vector<float> TorchLearner::Gradient() const {
  std::vector<float> out;
  for (const auto& m : mine_)
    Append(m.value.grad().defined() ? m.value.grad() : at::zeros_like(m.value), &out);
  return out;
}

Learner::State TorchLearner::Save() const {
  State s;
  s.steps = steps_;
  for (const auto& m : mine_) {
    Append(m.value, &s.parameters);
    Append(m.mean, &s.mean);
    Append(m.square, &s.square);
  }
  return s;
}

Status TorchLearner::Restore(const State& s) {
  const auto n = static_cast<std::size_t>(parameters());
  if (s.parameters.size() != n || s.mean.size() != n || s.square.size() != n)
    return Fail(Code::kInvalidRequest,
                fmt::format("the checkpoint has {} parameters, this training {}: it is of another base or of "
                            "another kind of adapter",
                            s.parameters.size(), n),
                "other_checkpoint");
  const c10::NoGradGuard none;
  std::size_t at = 0;
  for (auto& m : mine_) {
    const auto from = [&](const std::vector<float>& all) {
      std::vector<float> part(all.begin() + static_cast<std::ptrdiff_t>(at),
                              all.begin() + static_cast<std::ptrdiff_t>(at) + m.value.numel());
      return at::tensor(part, at::kFloat).view(m.value.sizes());
    };
    m.value.copy_(from(s.parameters));
    m.mean.copy_(from(s.mean));
    m.square.copy_(from(s.square));
    m.value.mutable_grad() = Tensor();
    at += static_cast<std::size_t>(m.value.numel());
  }
  steps_ = s.steps;
  return {};
}

Status TorchLearner::StartFrom(const lm::WeightFile& adapter) {
  const auto other = [](const std::string& why) {
    return Fail(Code::kInvalidRequest, "cannot go on from this adapter: " + why, "other_adapter");
  };
  const double alpha = adapter.Number("adapter.lora.alpha").value_or(0);
  if (alpha != o_.alpha) return other(fmt::format("its alpha is {}, this training's {}", alpha, o_.alpha));
  State s;
  for (const auto& a : model_->adapters()) {
    for (const auto& [end, to] : {std::pair(".lora_a", a.a), std::pair(".lora_b", a.b)}) {
      const std::string name = a.tensor + end;
      const auto shape = adapter.ShapeOf(name);
      if (!shape) return other("it has nothing for " + a.tensor);
      if (shape->rows != to.size(0) || shape->columns != to.size(1))
        return other(fmt::format("{} is {} x {}, here {} x {}: another rank or base", name, shape->rows,
                                 shape->columns, to.size(0), to.size(1)));
      TRY(const auto numbers, adapter.Floats(name));
      s.parameters.insert(s.parameters.end(), numbers.begin(), numbers.end());
    }
  }
  s.mean.resize(s.parameters.size(), 0);
  s.square.resize(s.parameters.size(), 0);
  return Restore(s);
}

lm::Adapter TorchLearner::ToAdapter(const std::string& vocabulary) const {
  lm::Adapter out;
  out.architecture = model_->architecture().name;
  out.alpha = static_cast<float>(o_.alpha);
  out.vocabulary = vocabulary;
  out.base = model_->name();
  for (const auto& a : model_->adapters()) {
    lm::Adapter::Part part;
    part.tensor = a.tensor;
    part.rank = a.a.size(0);
    part.in = a.a.size(1);
    part.out = a.b.size(0);
    Append(a.a, &part.a);
    Append(a.b, &part.b);
    out.parts.push_back(std::move(part));
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Learner>> Learner::Create(const LearnerOptions& options) {
  try {
    at::set_num_threads(std::max(1, options.threads));
    // OpenBLAS has threads of its own, one per core unless told, and they wait actively: with one of two
    // cores busy with something else, a run with `threads` 1 made 47 tokens a second and makes 91 this way.
    if (openblas_set_num_threads) openblas_set_num_threads(std::max(1, options.threads));
    Transformer::Options t;
    TRY(t.device, DeviceOf(options.device));
    t.products = TypeOf(options.precision, t.device);
    t.rank = options.rank;
    t.alpha = options.alpha;
    t.projections = options.projections;
    t.seed = options.seed;
    TRY(auto model, Transformer::Load(options.base, t));
    return std::unique_ptr<Learner>(new TorchLearner(options, std::move(model)));
  } catch (const std::exception& e) {
    return Fail(Code::kInternal, std::string(e.what()).substr(0, 300), "no_memory");
  }
}

}  // namespace baton::train
